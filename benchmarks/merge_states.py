"""How long a profile of 3,650 partitions takes that is merged from their states, and what gathering states costs.

Eight columns: three of integers, two of floats, one each of decimals, texts and times. The profile is compared with
what DuckDB computes over all rows. Measured in this process, after imports; the two scans run in turns.
"""

import math
import time
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.measuring import BenchmarkError, Result, Target, ratios
from benchmarks.workspace import Workspace
from flow_assets.checks.profile import QUANTILES, ColumnProfile, Profile, merge
from flow_assets.checks.states import encode, state_expressions
from flow_assets.declaration import ColumnDeclaration

PARTITIONS, QUICK_PARTITIONS = 3650, 50
ROWS_OF_A_PARTITION = 500
SECONDS = 1
HLL_ERROR = 0.1
RANK_ERROR = 0.01

_ROWS = """
CREATE TABLE numbers AS
SELECT
    (i // {rows})::INTEGER AS partition_number,
    i AS line_number,
    (i * 7919 % 1000)::SMALLINT AS share,
    nullif(i % 97, 0)::INTEGER AS gaps,
    ln(1 + i % 9973) * 10 AS curve,
    sin(i) * 1e6 AS wave,
    (i * 31 % 100003 / 100)::DECIMAL(18, 2) AS amount,
    'n' || (i * 7 % 5000) AS label,
    TIMESTAMPTZ '2013-01-01 00:00:00+00' + to_seconds(i) AS moment
FROM range({partitions} * {rows}) t(i)
"""


def measure(workspace: Workspace, repeats: int) -> Result:
    """Gather states of every partition, merge them again and again, and compare."""
    partitions = QUICK_PARTITIONS if workspace.quick else PARTITIONS
    result = Result()
    with duckdb.connect(config={"threads": 1}) as merging, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_ROWS.format(rows=ROWS_OF_A_PARTITION, partitions=partitions))
        columns = _columns(connection)
        gathering, finalising = [], []
        for _ in range(repeats):
            finalising.append(_timed(connection, _finalised(columns))[0])
            seconds, found = _timed(connection, ", ".join(f"{sql} AS {a}" for a, sql in state_expressions(columns)))
            gathering.append(seconds)
        start = time.perf_counter()
        encoded = encode(found, columns)
        encoding = (time.perf_counter() - start) / len(encoded) * 1000
        merges = [_merge(merging, encoded) for _ in range(repeats)]
        require_equal(connection, merges[0][1])
    what = f"profile of {len(encoded):,} partitions of {len(columns)} columns, merged"
    figure = result.add(what, "s", [seconds for seconds, _ in merges], "equal to recomputing it")
    result.add("a partition's states", "bytes", [sum(map(len, encoded)) / len(encoded)])
    result.add("writing a partition's states", "ms", [encoding])
    result.add("scan that gathers states", "s", gathering, "grouped by partition")
    result.add("scan that finalises the same aggregates", "s", finalising, "grouped by partition")
    result.add("gathering over finalising", "times", ratios(gathering, finalising))
    result.targets.append(
        Target("profile of 3,650 partitions of 8 columns, merged", figure.value, "at most", SECONDS, "s")
    )
    return result


def _columns(connection: duckdb.DuckDBPyConnection) -> list[ColumnDeclaration]:
    schema = connection.table("numbers").limit(0).to_arrow_table().schema
    return [ColumnDeclaration(f.name, f.type, True, "") for f in schema if f.name != "partition_number"]


def _finalised(columns: Sequence[ColumnDeclaration]) -> str:
    """The aggregates of `state_expressions`, without `EXPORT_STATE`."""
    return ", ".join(sql.replace(" EXPORT_STATE", "") for _, sql in state_expressions(columns))


def _timed(connection: duckdb.DuckDBPyConnection, aggregates: str) -> tuple[float, pa.Table]:
    start = time.perf_counter()
    relation = connection.sql(f"SELECT {aggregates} FROM numbers GROUP BY partition_number ORDER BY partition_number")
    table = relation.to_arrow_table()
    return time.perf_counter() - start, table


def _merge(connection: duckdb.DuckDBPyConnection, encoded: Sequence[bytes]) -> tuple[float, Profile]:
    start = time.perf_counter()
    profile = merge(connection, encoded)
    return time.perf_counter() - start, profile


def require_equal(connection: duckdb.DuckDBPyConnection, profile: Profile) -> None:
    """Compare with all rows: what is exact exactly, floats to the ninth digit, sketches within their bounds.

    Raises:
        BenchmarkError: they differ.
    """
    for column in profile.columns:
        exact = f"count({column.name}), min({column.name}), max({column.name}), count(DISTINCT {column.name})"
        ((count, least, greatest, distinct),) = connection.sql(f"SELECT {exact} FROM numbers").fetchall()
        problems = [
            (column.count, column.minimum, column.maximum) != (count, least, greatest),
            not math.isclose(column.approx_distinct or 0, distinct, rel_tol=HLL_ERROR),
            column.mean is not None and not _are_moments_equal(connection, column),
            any(error > RANK_ERROR for error in _rank_errors(connection, column)),
        ]
        if any(problems):
            raise BenchmarkError(f"the profile of {column.name} differs from what its rows say: {problems} {column}")


def _are_moments_equal(connection: duckdb.DuckDBPyConnection, column: ColumnProfile) -> bool:
    sql = f"SELECT sum({column.name}), avg({column.name}), stddev_samp({column.name}) FROM numbers"
    ((total, mean, deviation),) = connection.sql(sql).fetchall()
    scale = max(abs(float(column.minimum)), abs(float(column.maximum)))  # type: ignore[arg-type]
    return (
        column.total in (None, total)
        and math.isclose(column.mean or 0, mean, rel_tol=1e-9, abs_tol=1e-9 * scale)
        and math.isclose(column.standard_deviation or 0, deviation, rel_tol=1e-9)
    )


def _rank_errors(connection: duckdb.DuckDBPyConnection, column: ColumnProfile) -> list[float]:
    """How far the rank of each estimate is from the share it stands for; equal values have a range of ranks."""
    errors = []
    for share, value in zip(QUANTILES, column.quantiles, strict=False):
        below = f"count_if({column.name} < $value) / count({column.name})"
        upto = f"count_if({column.name} <= $value) / count({column.name})"
        given: dict[str, Any] = {"value": value}
        ((low, high),) = connection.sql(f"SELECT {below}, {upto} FROM numbers", params=given).fetchall()
        errors.append(max(low - share, share - high, 0))
    return errors
