"""The warehouse's schema `ops`: what making partitions cost, what was found of them, and how runs went.

DuckDB reads no SQLite without an extension that would have to be downloaded, so tables are copied out of the ledger;
`daily`, `phases` and `checks` are views over them.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import ColumnElement, Select, Table, func, select

from flow_assets.checks.literals import text
from flow_assets.ledger import tables
from flow_assets.ledger.database import reading
from flow_assets.ledger.judgements import Check
from flow_assets.ledger.measured_checks import beside_checks
from flow_assets.materialization.project import Project

MOST_ROWS = 50_000
"""Materializations, runs, and checked partitions that are copied; the newest."""

_MATERIALIZATIONS = """
    dataset, nullif(partition, '') AS partition, run_id, "at"::TIMESTAMPTZ AS ended_at, change, error, wall_seconds,
    cpu_seconds, peak_memory_bytes, rows_in, rows_out, bytes_in, bytes_out, engine, partitions_in_call,
    code_fingerprint, phases::JSON::MAP(VARCHAR, DOUBLE) AS phases,
    rule_counts.rules - rules_warned - rules_failed AS rules_passed, rules_warned, rules_failed, rows_quarantined
    FROM newest_kpis LEFT JOIN rule_counts USING (rule_book) ORDER BY id
"""
_RUNS = """
    run_id, created_at::TIMESTAMPTZ AS created_at, started_at::TIMESTAMPTZ AS started_at,
    ended_at::TIMESTAMPTZ AS ended_at,
    epoch(ended_at::TIMESTAMPTZ - started_at::TIMESTAMPTZ) AS wall_seconds, error,
    datasets::JSON::VARCHAR[] AS datasets, partitions, outcomes::JSON::MAP(VARCHAR, BIGINT) AS outcomes,
    coalesce(list_sum((reused::JSON->>'$.*[0]')::BIGINT[]), 0)::BIGINT AS reused,
    coalesce(list_sum((reused::JSON->>'$.*[1]')::DOUBLE[]), 0) AS saved_seconds,
    peak_memory_bytes, phases::JSON::MAP(VARCHAR, DOUBLE) AS phases,
    map(json_keys(reused::JSON), (reused::JSON->>'$.*[0]')::BIGINT[]) AS reused_by_dataset,
    map(json_keys(reused::JSON), (reused::JSON->>'$.*[1]')::DOUBLE[]) AS saved_seconds_by_dataset
"""
_DAILY = """
    SELECT timezone('UTC', ended_at)::DATE AS day, dataset, count(*) FILTER (change = 'computed') AS computed,
        count(*) FILTER (change = 'restored') AS restored, coalesce(sum(reused), 0)::BIGINT AS reused,
        count(*) FILTER (change = 'failed') AS failed, count(*) FILTER (change = 'blocked') AS blocked,
        coalesce(sum(saved_seconds), 0) AS saved_seconds, coalesce(sum(wall_seconds), 0) AS wall_seconds,
        median(wall_seconds) FILTER (change = 'computed') AS median_seconds,
        quantile_cont(wall_seconds, 0.95) FILTER (change = 'computed') AS p95_seconds,
        coalesce(sum(cpu_seconds), 0) AS cpu_seconds, max(peak_memory_bytes) AS peak_memory_bytes,
        coalesce(sum(rows_in), 0)::BIGINT AS rows_in, coalesce(sum(rows_out), 0)::BIGINT AS rows_out,
        coalesce(sum(bytes_in), 0)::BIGINT AS bytes_in, coalesce(sum(bytes_out), 0)::BIGINT AS bytes_out,
        coalesce(sum(rules_passed), 0)::BIGINT AS rules_passed, coalesce(sum(rules_warned), 0)::BIGINT AS rules_warned,
        coalesce(sum(rules_failed), 0)::BIGINT AS rules_failed,
        coalesce(sum(rows_quarantined), 0)::BIGINT AS rows_quarantined
    FROM (
        FROM ops.materializations
        UNION ALL BY NAME
        SELECT started_at AS ended_at, unnest(map_keys(reused_by_dataset)) AS dataset,
            unnest(map_values(reused_by_dataset)) AS reused,
            unnest(map_values(saved_seconds_by_dataset)) AS saved_seconds
        FROM ops.runs
    )
    GROUP BY ALL ORDER BY ALL
"""
_PHASES = """
    SELECT ended_at, run_id, dataset, partition, unnest(map_keys(phases)) AS phase,
        unnest(map_values(phases)) AS seconds
    FROM ops.materializations
    UNION ALL BY NAME
    SELECT ended_at, run_id, unnest(map_keys(phases)) AS phase, unnest(map_values(phases)) AS seconds
    FROM ops.runs
"""
_CHECKED = """
    dataset, nullif(partition, '') AS partition, "at"::TIMESTAMPTZ AS checked_at, run_id, is_published,
    rules AS rule_book, results
"""
_CHECKS = """
    SELECT dataset, partition, rule, dimension, severity, failed, total, failed / nullif(total, 0) AS share,
        CASE WHEN is_share AND total > 0 THEN failed / total ELSE failed END > tolerance AS is_broken, measured,
        is_published, checked_at, run_id
    FROM (
        SELECT *, (result.value->>0)::BIGINT AS failed, (result.value->>1)::BIGINT AS total,
            coalesce(result.value->>2, '') AS measured, coalesce((result.value->>4)::BOOLEAN, true) AS is_evaluated
        FROM (SELECT *, unnest(map_entries(results::JSON::MAP(VARCHAR, JSON))) AS result FROM ops.checked)
        JOIN ops.rules USING (rule_book) WHERE result.key = rules.digest
    )
    WHERE is_evaluated
"""
_RULES = "rule_book, digest, name AS rule, dimension, severity, tolerance, is_share, text, description"
_MADE = (
    ("TABLE", "materializations", f"SELECT {_MATERIALIZATIONS}"),
    ("TABLE", "runs", f"SELECT {_RUNS} FROM newest_runs"),
    ("TABLE", "rules", f"SELECT {_RULES} FROM kept_rules"),
    ("TABLE", "checked", f"SELECT {_CHECKED} FROM kept_checks"),
    ("VIEW", "daily", _DAILY),
    ("VIEW", "phases", _PHASES),
    ("VIEW", "checks", _CHECKS),
)
_COMMENTS = {
    "materializations.ended_at": "When it was published, or failed",
    "materializations.change": "computed, restored, blocked or failed",
    "materializations.error": "Class of the error of what failed; of what is blocked, the rules that it breaks",
    "materializations.wall_seconds": "Shared out over the partitions of a set-based call",
    "materializations.peak_memory_bytes": "The most that the process had held until then",
    "materializations.code_fingerprint": "Version of the code",
    "materializations.phases": "Wall seconds by phase",
    "materializations.rules_passed": "Of the check when it was made; null if it was not checked",
    "materializations.rules_warned": "Broken rules of severity warn",
    "materializations.rules_failed": "Broken rules of severity error",
    "materializations.rows_quarantined": "Rows that left what is published",
    "runs.wall_seconds": "Of its steps; null while it goes on, or if it was killed",
    "runs.outcomes": "How many partitions ended how",
    "runs.saved_seconds": "What computing the reused partitions had taken",
    "runs.phases": "Wall seconds by phase, of what belongs to no partition",
    "runs.reused_by_dataset": "How many partitions of each dataset were there already",
    "runs.saved_seconds_by_dataset": "What computing these had taken",
    "daily.day": "In UTC: on which attempts ended, and runs that reused something began",
    "daily.reused": "Partitions that runs were asked for and found to be there",
    "daily.saved_seconds": "What computing these had taken",
    "rules.tolerance": "How much may be broken: a share where is_share, else a number",
    "checked.results": "JSON: digest of the rule to failed, total, and what was measured",
    "checks.failed": "Rows that break the rule, or what is missing, of total",
    "checks.is_broken": "Whether that is more than is tolerated",
    "checks.measured": "In words, where the counts do not say all",
    "checks.is_published": "False of a version that is kept back",
    "phases.dataset": "Null for what belongs to a run and to none of its partitions",
}


def operations_state(project: Project) -> str:
    """A text that changes whenever what would be copied does, or what is made of it."""
    kpis, checks, runs = tables.kpis, tables.checks, tables.runs
    with reading(project.engine) as connection:
        newest = [connection.scalar(select(func.max(t.c.id)).where(_is_ours(project, t))) for t in (kpis, checks)]
        of_runs = select(func.count(), func.max(runs.c.started_at), func.max(runs.c.ended_at))
        made = sha256(repr((_MADE, _COMMENTS)).encode()).hexdigest()
        return f"ops {made}: {newest}, {connection.execute(of_runs.where(_is_ours(project, runs))).one()}"


def copy_operations(project: Project, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema `ops` in the database of `connection`."""
    judgements = project.holdings.judgements
    measured = _newest(project, tables.kpis, "id", beside_checks)
    checked = judgements.current_checks(list(project.graph.datasets), most=MOST_ROWS)
    books = {*measured["rule_book"].unique().to_pylist(), *(check.rules for check in checked)} - {None}
    rules = judgements.rule_sets(sorted(books))
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.register("newest_kpis", measured)
    connection.register("newest_runs", _newest(project, tables.runs, "started_at"))
    connection.register("kept_checks", _checks_table(checked))
    connection.register("kept_rules", _rules_table(rules))
    connection.register("rule_counts", _rule_counts_table(rules))
    for kind, name, sql in _MADE:
        connection.execute(f"CREATE {kind} ops.{name} AS {sql}")
    for place, comment in _COMMENTS.items():
        connection.execute(f"COMMENT ON COLUMN ops.{place} IS {text(comment)}")


def _is_ours(project: Project, table: Table) -> ColumnElement[bool]:
    return table.c.environment == project.settings.environment


def _newest(
    project: Project, table: Table, order: str, more: Callable[[Select[Any]], Select[Any]] = lambda query: query
) -> pa.Table:
    """The newest rows of a table of the ledger, the oldest of them first, with the columns that `more` adds."""
    ours, place = _is_ours(project, table), table.c[order]
    newest = select(place).where(ours).order_by(place.desc()).limit(MOST_ROWS)  # before there is more to each
    query = more(select(table).where(ours, place.in_(newest)).order_by(place))
    with reading(project.engine) as connection:
        rows = connection.execute(query).cursor.fetchall()  # plain tuples: there may be many
    columns: Sequence[Sequence[object]] = list(zip(*rows, strict=True)) or [()] * len(query.selected_columns)
    kinds = [_KINDS[type(column.type).__name__] for column in query.selected_columns]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.Table.from_arrays(arrays, [column.name for column in query.selected_columns])


_KINDS = {"Integer": pa.int64(), "Float": pa.float64(), "String": pa.string(), "Text": pa.string()}


def _checks_table(checks: Sequence[Check]) -> pa.Table:
    fields = ("dataset", "partition", "at", "run_id", "is_published", "rules", "results")
    kinds = {name: pa.bool_() if name == "is_published" else pa.string() for name in fields}
    return pa.table({name: pa.array([getattr(c, name) for c in checks], kind) for name, kind in kinds.items()})


def _rules_table(rule_sets: Mapping[str, Sequence[Mapping[str, Any]]]) -> pa.Table:
    """A row a rule of each book; of a tolerance it is said whether it is a share, which as a number is forgotten."""
    rules = [
        {"rule_book": book, **rule, "is_share": isinstance(rule["tolerance"], float)}
        for book, of in rule_sets.items()
        for rule in of
    ]
    texts = ("rule_book", "digest", "name", "dimension", "severity", "text", "description")
    fields = [*((name, pa.string()) for name in texts), ("tolerance", pa.float64()), ("is_share", pa.bool_())]
    return pa.Table.from_pylist(rules, pa.schema(fields))


def _rule_counts_table(rule_sets: Mapping[str, Sequence[object]]) -> pa.Table:
    counts = {"rule_book": list(rule_sets), "rules": [len(rules) for rules in rule_sets.values()]}
    return pa.table(counts, pa.schema([("rule_book", pa.string()), ("rules", pa.int64())]))
