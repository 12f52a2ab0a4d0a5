import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from flow_assets.checks.kinds import time_value
from flow_assets.checks.profile import QUANTILES, Profile, merge
from flow_assets_tests.checks.gathered import gather, profile, profile_column

MOMENT = datetime(2024, 3, 10, 7, 30, tzinfo=UTC)


def test_no_states_are_a_profile_of_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    assert merge(connection, []) == Profile(0, 0, ())


def test_partitions_may_have_different_columns_in_another_order(connection: duckdb.DuckDBPyConnection) -> None:
    old = gather(connection, [pa.table({"a": [1, 2], "gone": ["x", None]})])
    new = gather(connection, [pa.table({"added": [0.5], "a": [3]})] * 2)
    found = merge(connection, old + new)
    assert (found.partitions, found.rows) == (3, 4)
    said = {c.name: (c.partitions, c.rows, c.count, c.minimum, c.maximum) for c in found.columns}
    assert said == {"added": (2, 2, 2, 0.5, 0.5), "a": (3, 4, 4, 1, 3), "gone": (1, 2, 1, "x", "x")}


def test_a_column_that_changed_its_type_is_told_once_for_each(connection: duckdb.DuckDBPyConnection) -> None:
    kinds = [pa.array([10], pa.int64()), pa.array([2.5]), pa.array(["9"]), pa.array([11], pa.int64())]
    found = merge(connection, [gather(connection, [pa.table({"x": values})])[0] for values in kinds])
    said = [(c.type, c.partitions, c.rows, c.minimum, c.maximum) for c in found.columns]
    assert said == [("double", 1, 1, 2.5, 2.5), ("int64", 2, 2, 10, 11), ("string", 1, 1, "9", "9")]


def test_nan_is_counted_apart_and_moments_are_those_of_finite_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    column = profile_column(connection, pa.array([1.0, math.nan, None]), pa.array([3.0, math.inf, -math.inf]))
    assert (column.count, column.nulls, column.nan, column.infinite) == (5, 1, 1, 2)
    assert (column.minimum, column.maximum, column.mean) == (-math.inf, math.inf, 2.0)
    assert column.standard_deviation == pytest.approx(math.sqrt(2))
    assert column.quantiles[0] >= 1 >= 0
    assert column.quantiles[-1] <= 3
    only = profile_column(connection, pa.array([math.nan, math.nan]))
    assert (only.minimum, only.maximum, only.mean, only.quantiles, only.nan) == (None, None, None, (), 2)


def test_moments_beyond_a_float_are_none_and_no_error(connection: duckdb.DuckDBPyConnection) -> None:
    column = profile_column(connection, pa.array([1e308, -1e308]), pa.array([1e308]))
    assert column.standard_deviation is None
    assert (column.minimum, column.maximum) == (-1e308, 1e308)


def test_sums_of_whole_numbers_and_decimals_are_exact(connection: duckdb.DuckDBPyConnection) -> None:
    whole = profile_column(connection, *[pa.array([2**63 - 1, 2**63 - 2])] * 3)
    assert (whole.total, whole.mean) == (3 * (2**64 - 3), float(2**63))
    cents = pa.array([Decimal("0.10"), Decimal("999999999999999.99")], pa.decimal128(17, 2))
    money = profile_column(connection, cents, cents)
    assert (money.minimum, money.total) == (Decimal("0.10"), Decimal("2000000000000000.18"))
    widest = pa.array([Decimal(10) ** 37] * 40, pa.decimal128(38, 0))
    wide = profile_column(connection, widest, widest)  # whose sum is more than DuckDB can hold
    assert (wide.total, wide.mean) == (None, pytest.approx(1e37))


@pytest.mark.parametrize(
    ("values", "least", "greatest"),
    [
        (pa.array([0, 86_400_000], pa.date64()), date(1970, 1, 1), date(1970, 1, 2)),
        (pa.array([date(1, 1, 1), date(9999, 12, 31)]), date(1, 1, 1), date(9999, 12, 31)),
        (pa.array([3600, 7200], pa.time32("s")), time(1), time(2)),
        (pa.array([3600_000_000_100, 1], pa.time64("ns")), time(0), time(1)),
        (pa.array([1_500], pa.timestamp("ms")), datetime(1970, 1, 1, 0, 0, 1, 500_000), None),
        (pa.array([1_500_000_100], pa.timestamp("ns")), datetime(1970, 1, 1, 0, 0, 1, 500_000), None),
        (pa.array([1_500_000_100], pa.timestamp("ns", "UTC")), datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC), None),
        (pa.array([MOMENT], pa.timestamp("us", "America/New_York")), MOMENT, None),
        (pa.array([MOMENT], pa.timestamp("s", "+05:00")), MOMENT, None),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_times_keep_their_type(
    connection: duckdb.DuckDBPyConnection, values: pa.Array, least: Any, greatest: Any
) -> None:
    column = profile_column(connection, values, values.slice(0, 0))
    assert column.type == str(values.type)
    assert (column.minimum, column.maximum) == (least, greatest or least)
    assert len(column.quantiles) == len(QUANTILES)
    assert all(least <= quantile <= (greatest or least) for quantile in column.quantiles)


def test_a_time_that_python_does_not_know_is_a_text(connection: duckdb.DuckDBPyConnection) -> None:
    assert time_value(10**17 * 9, pa.timestamp("us")) == "900000000000000000 as timestamp[us]"
    column = profile_column(connection, pa.array([10**17 * 9], pa.timestamp("us")))
    assert column.maximum == "900000000000000000 as timestamp[us]"


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1], None]),
        pa.array([{"a": 1}, None]),
        pa.array([b"x", None]),
        pa.array([1, None], pa.duration("us")),
        pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        pa.nulls(2),
    ],
    ids=lambda values: str(values.type),
)
def test_of_other_types_only_the_count_is_taken(connection: duckdb.DuckDBPyConnection, values: pa.Array) -> None:
    column = profile_column(connection, values, values)
    assert (column.rows, column.count) == (4, 4 - 2 * values.null_count)
    assert (column.minimum, column.maximum, column.approx_distinct, column.quantiles) == (None, None, None, ())


def test_a_dictionary_is_as_its_values(connection: duckdb.DuckDBPyConnection) -> None:
    encoded = gather(connection, [pa.table({"x": pa.array(["b", "a", "b"]).dictionary_encode()})])
    encoded += gather(connection, [pa.table({"x": ["c", None]})])
    (column,) = merge(connection, encoded).columns
    assert (column.type, column.minimum, column.maximum, column.approx_distinct) == ("string", "a", "c", 3)


def test_estimates_of_many_rows_are_within_their_bounds(connection: duckdb.DuckDBPyConnection) -> None:
    generator = np.random.default_rng(7)
    parts = [generator.lognormal(n / 40, 1.0, 500) * (-1) ** n for n in range(80)]
    everything = np.sort(np.concatenate(parts))
    column = profile_column(connection, *map(pa.array, parts))
    assert column.approx_distinct == pytest.approx(len(everything), rel=0.1)
    for quantile, estimate in zip(QUANTILES, column.quantiles, strict=True):
        assert abs(np.searchsorted(everything, estimate) / len(everything) - quantile) < 0.01
    assert column.mean == pytest.approx(everything.mean(), rel=1e-9)
    assert column.standard_deviation == pytest.approx(everything.std(ddof=1), rel=1e-9)


def test_more_partitions_than_are_merged_at_once(connection: duckdb.DuckDBPyConnection) -> None:
    encoded = gather(connection, [pa.table({"x": [1, 2], "c": ["a", None]})], ["c"]) * 2500
    found = merge(connection, encoded)
    number, text = found.columns
    assert (found.partitions, found.rows, number.total) == (2500, 5000, 7500)
    assert 1 < number.quantiles[2] < 2
    assert text.categories == (("a", 2500),)


def test_the_same_states_give_the_same_estimates_on_one_thread(connection: duckdb.DuckDBPyConnection) -> None:
    generator = np.random.default_rng(1)
    encoded = gather(connection, [pa.table({"x": generator.normal(size=300)}) for _ in range(60)])
    assert merge(connection, encoded) == merge(connection, encoded)


def test_quantiles_of_negative_numbers_alone_are_negative(connection: duckdb.DuckDBPyConnection) -> None:
    column = profile_column(connection, pa.array([-5.0, -3.0]), pa.array([-4.0]))
    assert column.quantiles[-1] == -3.0


def test_upstream_duckdb_takes_negative_numbers_to_end_at_zero(connection: duckdb.DuckDBPyConnection) -> None:
    """Once this fails, the mending in `profile` can go."""
    (found,) = connection.sql("SELECT approx_quantile(x, 1.0) FROM (VALUES (-5.0::DOUBLE), (-3)) t(x)").fetchall()
    assert found == (2.2250738585072014e-308,)


def test_it_reads_partition_by_partition_what_it_reads_at_once(connection: duckdb.DuckDBPyConnection) -> None:
    table = pa.table({"x": [3, 1, 2, None], "s": ["a", "b", "a", "c"], "r": [0.5, math.nan, -1.0, 2.0]})
    apart = profile(connection, *(table.slice(n, 1) for n in range(4)), categories=["s"])
    together = profile(connection, table, categories=["s"])
    assert apart.rows == together.rows == 4
    for one, other in zip(apart.columns, together.columns, strict=True):
        assert one.standard_deviation == pytest.approx(other.standard_deviation)
        unequal = {"partitions", "standard_deviation", "mean"}
        assert {k: v for k, v in vars(one).items() if k not in unequal} == {
            k: v for k, v in vars(other).items() if k not in unequal
        }
