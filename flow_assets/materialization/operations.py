"""The warehouse's schema `ops`: what making partitions cost and how runs went, copied out of the ledger.

DuckDB reads no SQLite without an extension that would have to be downloaded, so these are tables; `daily` and `phases`
are views over them.
"""

from collections.abc import Sequence

import duckdb
import pyarrow as pa
from sqlalchemy import Table, func, select

from flow_assets.checks.literals import text
from flow_assets.ledger import tables
from flow_assets.ledger.database import reading
from flow_assets.materialization.project import Project

MOST_ROWS = 50_000
"""Materializations, and runs, that are copied; the newest."""

_MATERIALIZATIONS = """
    dataset, nullif(partition, '') AS partition, run_id, "at"::TIMESTAMPTZ AS ended_at, change, error, wall_seconds,
    cpu_seconds, peak_memory_bytes, rows_in, rows_out, bytes_in, bytes_out, engine, partitions_in_call,
    code_fingerprint, phases::JSON::MAP(VARCHAR, DOUBLE) AS phases
"""
_RUNS = """
    run_id, created_at::TIMESTAMPTZ AS created_at, started_at::TIMESTAMPTZ AS started_at,
    ended_at::TIMESTAMPTZ AS ended_at,
    epoch(ended_at::TIMESTAMPTZ - started_at::TIMESTAMPTZ) AS wall_seconds, error,
    datasets::JSON::VARCHAR[] AS datasets, partitions, outcomes::JSON::MAP(VARCHAR, BIGINT) AS outcomes,
    coalesce(list_sum((reused::JSON->>'$.*[0]')::BIGINT[]), 0)::BIGINT AS reused,
    coalesce(list_sum((reused::JSON->>'$.*[1]')::DOUBLE[]), 0) AS saved_seconds,
    peak_memory_bytes, phases::JSON::MAP(VARCHAR, DOUBLE) AS phases
"""
_DAILY = """
    SELECT timezone('UTC', ended_at)::DATE AS day, dataset, count(*) FILTER (change = 'computed') AS computed,
        count(*) FILTER (change = 'restored') AS restored, count(*) FILTER (change = 'failed') AS failed,
        count(*) FILTER (change = 'blocked') AS blocked, sum(wall_seconds) AS wall_seconds,
        median(wall_seconds) FILTER (change = 'computed') AS median_seconds,
        quantile_cont(wall_seconds, 0.95) FILTER (change = 'computed') AS p95_seconds,
        sum(cpu_seconds) AS cpu_seconds, max(peak_memory_bytes) AS peak_memory_bytes,
        sum(rows_in)::BIGINT AS rows_in, sum(rows_out)::BIGINT AS rows_out, sum(bytes_in)::BIGINT AS bytes_in,
        sum(bytes_out)::BIGINT AS bytes_out
    FROM ops.materializations GROUP BY ALL ORDER BY ALL
"""
_PHASES = """
    SELECT ended_at, run_id, dataset, partition, unnest(map_keys(phases)) AS phase,
        unnest(map_values(phases)) AS seconds
    FROM ops.materializations
    UNION ALL BY NAME
    SELECT ended_at, run_id, unnest(map_keys(phases)) AS phase, unnest(map_values(phases)) AS seconds
    FROM ops.runs
"""
_COMMENTS = {
    "materializations.ended_at": "When it was published, or failed",
    "materializations.change": "computed, restored, blocked or failed",
    "materializations.error": "Class of the error of what failed; of what is blocked, the rules that it breaks",
    "materializations.wall_seconds": "Shared out over the partitions of a set-based call",
    "materializations.peak_memory_bytes": "The most that the process had held until then",
    "materializations.code_fingerprint": "Version of the code",
    "materializations.phases": "Wall seconds by phase",
    "runs.wall_seconds": "Of its steps; null while it goes on, or if it was killed",
    "runs.outcomes": "How many partitions ended how",
    "runs.saved_seconds": "What computing the reused partitions had taken",
    "runs.phases": "Wall seconds by phase, of what belongs to no partition",
    "daily.day": "In UTC",
    "phases.dataset": "Null for what belongs to a run and to none of its partitions",
}


def operations_state(project: Project) -> str:
    """A text that changes whenever what would be copied does."""
    kpis, runs = tables.kpis.c, tables.runs.c
    is_ours = [table.environment == project.settings.environment for table in (kpis, runs)]
    with reading(project.engine) as connection:
        newest = connection.scalar(select(func.max(kpis.id)).where(is_ours[0]))
        of_runs = select(func.count(), func.max(runs.started_at), func.max(runs.ended_at)).where(is_ours[1])
        return f"ops: {newest}, {connection.execute(of_runs).one()}"


def copy_operations(project: Project, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema `ops` in the database of `connection`."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.register("newest_kpis", _newest(project, tables.kpis, "id"))
    connection.register("newest_runs", _newest(project, tables.runs, "started_at"))
    connection.execute(f"CREATE TABLE ops.materializations AS SELECT {_MATERIALIZATIONS} FROM newest_kpis")
    connection.execute(f"CREATE TABLE ops.runs AS SELECT {_RUNS} FROM newest_runs")
    connection.execute(f"CREATE VIEW ops.daily AS {_DAILY}")
    connection.execute(f"CREATE VIEW ops.phases AS {_PHASES}")
    for place, comment in _COMMENTS.items():
        connection.execute(f"COMMENT ON COLUMN ops.{place} IS {text(comment)}")


def _newest(project: Project, table: Table, order: str) -> pa.Table:
    """The newest rows of a table of the ledger, the oldest of them first."""
    query = select(table).where(table.c.environment == project.settings.environment)
    with reading(project.engine) as connection:
        result = connection.execute(query.order_by(table.c[order].desc()).limit(MOST_ROWS))
        names, rows = list(result.keys()), result.cursor.fetchall()  # plain tuples: there may be many
    columns: Sequence[Sequence[object]] = list(zip(*reversed(rows), strict=True)) or [()] * len(names)
    kinds = [_KINDS[type(table.c[name].type).__name__] for name in names]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.Table.from_arrays(arrays, names)


_KINDS = {"Integer": pa.int64(), "Float": pa.float64(), "String": pa.string(), "Text": pa.string()}
