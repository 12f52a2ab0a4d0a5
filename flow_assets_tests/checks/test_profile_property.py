"""Whatever the rows and however they are divided, merged states say what all rows say."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flow_assets.checks.profile import QUANTILES, ColumnProfile
from flow_assets_tests.checks.gathered import profile

SCHEMA = pa.schema(
    {
        "whole": pa.int64(),
        "unsigned": pa.uint64(),
        "money": pa.decimal128(18, 2),
        "long": pa.decimal128(38, 4),
        "real": pa.float64(),
        "single": pa.float32(),
        "text": pa.string(),
        "truth": pa.bool_(),
        "day": pa.date32(),
        "moment": pa.timestamp("us", "UTC"),
        "clock": pa.time64("us"),
        "nested": pa.list_(pa.int64()),
    }
)
MOST = 1e60
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    "unsigned": st.integers(0, 2**64 - 1),
    "money": st.decimals(-(10**15), 10**15, places=2),
    "long": st.decimals(-(10**33), 10**33, places=4),
    "real": st.floats(-MOST, MOST) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0]),
    "single": st.floats(width=32),
    "text": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=70),
    "truth": st.booleans(),
    "day": st.dates(),
    "moment": st.datetimes(timezones=st.just(UTC)),
    "clock": st.times(),
    "nested": st.lists(st.integers(-5, 5), max_size=2),
}
SECONDS: dict[str, Callable[[Any], float]] = {
    "day": lambda day: day.toordinal() * 86400.0,
    "moment": lambda moment: (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds(),
    "clock": lambda clock: clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6,
}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | of for name, of in VALUES.items()}), max_size=8)


@settings(
    max_examples=30,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # with so many columns, shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(partitions=st.lists(ROWS, min_size=1, max_size=5), lost=st.sets(st.sampled_from(list(VALUES)), max_size=3))
def test_merged_states_say_what_all_rows_say(
    connection: duckdb.DuckDBPyConnection, partitions: list[list[dict[str, Any]]], lost: set[str]
) -> None:
    partitions = [[{**row, **dict.fromkeys(lost)} for row in rows] for rows in partitions]
    tables = [pa.Table.from_pylist(rows, SCHEMA) for rows in partitions]
    found = profile(connection, *tables)
    whole = pa.concat_tables(tables)
    assert (found.partitions, found.rows) == (len(tables), len(whole))
    assert [column.name for column in found.columns] == SCHEMA.names
    at_once = {column.name: column for column in profile(connection, whole).columns}
    for column in found.columns:
        values = [value for value in whole[column.name].to_pylist() if value is not None]
        assert (column.partitions, column.rows, column.count) == (len(tables), len(whole), len(values))
        assert column.nulls == len(whole) - len(values)
        assert column.approx_distinct == at_once[column.name].approx_distinct
        (check_truth if column.name == "truth" else check_values)(column, values)


def check_truth(column: ColumnProfile, values: Sequence[bool]) -> None:
    assert column.trues == sum(values)
    assert column.approx_distinct == len(set(values))
    assert (column.minimum, column.maximum, column.total, column.mean, column.quantiles) == (None, None, None, None, ())


def check_values(column: ColumnProfile, values: Sequence[Any]) -> None:
    if column.name == "nested":
        assert (column.minimum, column.approx_distinct, column.quantiles) == (None, None, ())
        return
    numbers = [value for value in values if not (isinstance(value, float) and math.isnan(value))]
    if column.name in ("real", "single"):
        assert column.nan == len(values) - len(numbers)
        assert column.infinite == sum(map(math.isinf, numbers))
    least, greatest = (min(numbers), max(numbers)) if numbers else (None, None)
    if column.name == "text" and numbers:
        least, greatest = least[:64], greatest[:64]
    assert (column.minimum, column.maximum) == (least, greatest)
    if column.name in SECONDS and numbers:
        seconds = SECONDS[column.name]
        check_quantiles([seconds(value) for value in column.quantiles], sorted(map(seconds, numbers)))
    elif column.name != "text":
        check_moments(column, [n for n in numbers if not isinstance(n, float) or math.isfinite(n)])


def check_moments(column: ColumnProfile, numbers: Sequence[Any]) -> None:
    exact = [Fraction(number) for number in numbers]
    if column.name in ("whole", "unsigned", "money"):
        assert column.total == (sum(exact) if exact else None)
    else:
        assert column.total is None
    if not exact:
        assert (column.mean, column.standard_deviation, column.quantiles) == (None, None, ())
        return
    mean, scale = sum(exact) / len(exact), float(max(map(abs, exact)))
    assert column.mean is not None
    assert abs(column.mean - float(mean)) <= 1e-9 * scale
    if len(exact) == 1:
        assert column.standard_deviation is None
    else:
        squares = sum((number - mean) ** 2 for number in exact)
        deviation = math.sqrt(squares / (len(exact) - 1))
        assert column.standard_deviation is not None
        assert abs(column.standard_deviation - deviation) <= 1e-9 * scale
    check_quantiles(column.quantiles, sorted(map(float, exact)))


def check_quantiles(quantiles: Sequence[Any], ordered: Sequence[float]) -> None:
    """So few values are kept one by one: an estimate lies between the neighbours of the exact value."""
    assert len(quantiles) == len(QUANTILES)
    assert list(quantiles) == sorted(quantiles)
    for quantile, estimate in zip(QUANTILES, quantiles, strict=True):
        rank = quantile * (len(ordered) - 1)
        low, high = max(math.floor(rank) - 1, 0), min(math.ceil(rank) + 1, len(ordered) - 1)
        slack = 1e-9 * max(map(abs, ordered))
        assert ordered[low] - slack <= estimate <= ordered[high] + slack
