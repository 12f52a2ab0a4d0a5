"""The ledger's tables; what is held, claimed, failed and measured belongs to one environment."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

holdings = Table(
    "holdings",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("source_hash", String),
    Column("blobs", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("published_at", String, nullable=False),
    Column("run_id", String, nullable=False),
)

history = Table(
    "history",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("environment", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("change", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("key", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("blobs", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("run_id", String, nullable=False),
    Index("history_of_a_partition", "environment", "dataset", "partition"),
)

states = Table(
    "states",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("content_hash", String, nullable=False),
    Column("states", LargeBinary, nullable=False),
)

failures = Table(
    "failures",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("error", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("is_retryable", Boolean, nullable=False),
    Column("at", String, nullable=False),
    Column("run_id", String, nullable=False),
)

failed_attempts = Table(
    "failed_attempts",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("environment", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("error", String, nullable=False),
    Column("line", Text, nullable=False),
    Column("at", String, nullable=False),
    Column("run_id", String, nullable=False),
    Index("failed_attempts_of_a_dataset", "environment", "dataset"),
)

blocked = Table(
    "blocked",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("record", Text, nullable=False),
    Column("blobs", Text, nullable=False),
    Column("source_hash", String),
    Column("reason", Text, nullable=False),
    Column("rules", String, nullable=False),
    Column("referred", Text, nullable=False),
    Column("at", String, nullable=False),
    Column("run_id", String, nullable=False),
)

judgements = Table(
    "judgements",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("content_hash", String, nullable=False),
    Column("rules", String, nullable=False),
    Column("referred", Text, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("warnings", Integer, nullable=False),
    Column("quarantine", Text, nullable=False),
    Column("quarantined", Integer, nullable=False),
)

checks = Table(
    "checks",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("environment", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("key", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("rules", String, nullable=False),
    Column("referred", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("results", Text, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("warnings", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("is_published", Boolean, nullable=False),
    Column("at", String, nullable=False),
    Column("run_id", String, nullable=False),
    Index("checks_of_a_partition", "environment", "dataset", "partition"),
)

rule_sets = Table(
    "rule_sets",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("dataset", String, nullable=False),
    Column("rules", Text, nullable=False),
)

troubles = Table(
    "troubles",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("run_id", String, nullable=False),
)

claims = Table(
    "claims",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("owner", String, nullable=False),
)

owners = Table(
    "owners",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_started", Float, nullable=False),
    Column("expires", Float, nullable=False),
)

kpis = Table(
    "kpis",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("environment", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("at", String, nullable=False),
    Column("change", String, nullable=False),
    Column("code_fingerprint", String, nullable=False),
    Column("wall_seconds", Float, nullable=False),
    Column("cpu_seconds", Float, nullable=False),
    Column("peak_memory_bytes", Integer, nullable=False),
    Column("rows_in", Integer, nullable=False),
    Column("rows_out", Integer, nullable=False),
    Column("bytes_in", Integer, nullable=False),
    Column("bytes_out", Integer, nullable=False),
    Column("partitions_in_call", Integer, nullable=False),
    Column("engine", String, nullable=False, server_default=""),
    Column("phases", Text, nullable=False, server_default="{}"),
    Column("error", String, nullable=False, server_default=""),
    Index("kpis_of_a_partition", "environment", "dataset", "partition"),
    Index("kpis_by_time", "environment", "at"),
)

runs = Table(
    "runs",
    METADATA,
    Column("environment", String, primary_key=True),
    Column("run_id", String, primary_key=True),
    Column("datasets", Text, nullable=False),
    Column("partitions", Integer, nullable=False),
    Column("created_at", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("ended_at", String),
    Column("outcomes", Text, nullable=False, server_default="{}"),
    Column("phases", Text, nullable=False, server_default="{}"),
    Column("peak_memory_bytes", Integer),
    Column("error", String, nullable=False, server_default=""),
    Column("reused", Text, nullable=False, server_default="{}"),
    Index("runs_by_time", "environment", "started_at"),
)

landed_files = Table(
    "landed_files",
    METADATA,
    Column("path", String, primary_key=True),
    Column("identity", String, nullable=False),
    Column("hash", String, nullable=False),
)
