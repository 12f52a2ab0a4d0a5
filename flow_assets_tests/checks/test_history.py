from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flow_assets.checks.drift import ColumnDistribution
from flow_assets.checks.facts import PartitionFacts, PastPartition
from flow_assets.checks.history import History, inspect_drift, inspect_row_count
from flow_assets.checks.results import RuleResult
from flow_assets.declaration.partition_constraints import NoDrift, RowCountHistory

RNG = np.random.default_rng(3)


def days(*rows: int) -> History:
    return History([PastPartition(f"2013-01-{day:02}", count) for day, count in enumerate(rows, 1)])


def numbers(values: Any, nulls: int = 0) -> ColumnDistribution:
    values = np.sort(np.asarray(values, dtype=float))
    return ColumnDistribution(len(values) + nulls, nulls, values, np.ones(len(values)))


def before(*distributions: ColumnDistribution | None) -> History:
    return History(
        [
            PastPartition(f"2013-01-{day:02}", d.rows if d else 9, {"x": d} if d else {})
            for day, d in enumerate(distributions, 1)
        ]
    )


def drift(constraint: NoDrift, now: ColumnDistribution, past: History, kind: pa.DataType | None = None) -> RuleResult:
    table = pa.table({"x": pa.array([], kind or pa.float64())})
    return inspect_drift(constraint, "x", PartitionFacts(table, {"x": now}), past)


@pytest.mark.parametrize(
    ("rows", "failed", "said"),
    [
        (900, 0, "900 rows, 1.00 times the median, 900"),
        (450, 0, "0.50 times"),
        (449, 1, "0.50 times"),
        (1800, 0, "2.00 times"),
        (1801, 1, "2.00 times"),
        (0, 1, "0 rows, 0.00 times"),
    ],
)
def test_the_number_of_rows_is_compared_with_the_median(rows: int, failed: int, said: str) -> None:
    result = inspect_row_count(RowCountHistory(), rows, days(*[900] * 20, 5, 100_000))
    assert (result.failed, result.total, result.compared_with) == (failed, 1, ("2013-01-01", "2013-01-22"))
    assert said in result.detail


@pytest.mark.parametrize(
    ("usual", "rows", "failed"), [(3, 0, 0), (3, 11, 0), (3, 40, 1), (20, 9, 0), (20, 2, 1), (0, 4, 0), (0, 50, 1)]
)
def test_few_rows_vary_by_chance(usual: int, rows: int, failed: int) -> None:
    result = inspect_row_count(RowCountHistory(), rows, days(*[usual] * 7))
    assert result.failed == failed
    assert ("where the median is 0" in result.detail) is (usual == 0)


def test_only_the_nearest_are_compared_with() -> None:
    result = inspect_row_count(RowCountHistory(partitions=3, at_least=2), 100, days(9000, 9000, 100, 100, 100))
    assert (result.failed, result.compared_with) == (0, ("2013-01-03", "2013-01-05"))


@pytest.mark.parametrize("count", [0, 1, 6])
def test_the_first_partitions_have_no_history(count: int) -> None:
    said = RuleResult(0, 1, f"no history yet: {count} of 7 partitions", is_evaluated=False)
    assert inspect_row_count(RowCountHistory(), 5, days(*[900] * count)) == said
    assert drift(NoDrift("psi", 0.2), numbers([1.0]), before(*[numbers([1.0])] * count)) == said


def test_a_shift_is_found_and_a_sample_is_none() -> None:
    past = before(*[numbers(RNG.normal(0, 1, 900)) for _ in range(28)])
    for measure in ("psi", "ks"):
        shifted = drift(NoDrift(measure, 0.2), numbers(RNG.normal(1, 1, 900)), past)
        assert (shifted.failed, shifted.total, shifted.compared_with) == (1, 1, ("2013-01-01", "2013-01-28"))
        assert shifted.detail.endswith("at most 0.2")
        assert drift(NoDrift(measure, 0.2), numbers(RNG.normal(0, 1, 900)), past).failed == 0
        assert shifted.is_evaluated


def test_one_row_is_never_a_drift_and_the_detail_says_why() -> None:
    past = before(*[numbers(RNG.normal(0, 1, 900)) for _ in range(7)])
    result = drift(NoDrift("ks", 0.2), numbers([40.0]), past)
    assert (result.failed, result.is_evaluated) == (0, True)
    assert result.detail == "ks 1, at most 0.2; chance alone reaches 1.95 in so few rows"


@pytest.mark.parametrize("now", [ColumnDistribution(0, 0), ColumnDistribution(5, 5)])
def test_a_partition_without_values_is_not_compared(now: ColumnDistribution) -> None:
    result = drift(NoDrift("psi", 0.2), now, before(*[numbers([1.0, 2.0])] * 7))
    assert (result.failed, result.is_evaluated) == (0, False)
    assert result.detail == "nothing to compare: the partition has no values"


def test_nothing_is_compared_with_partitions_without_values() -> None:
    result = drift(NoDrift("psi", 0.2), numbers([1.0]), before(*[ColumnDistribution(5, 5)] * 7))
    assert (result.is_evaluated, result.detail) == (False, "nothing to compare: those before have no values")


def test_the_null_rate_of_a_partition_without_values_is_compared() -> None:
    past = before(*[ColumnDistribution(900, 0)] * 7)
    result = drift(NoDrift("null_rate", 0.2), ColumnDistribution(900, 900), past)
    assert (result.failed, result.detail) == (1, "null_rate 1, at most 0.2")
    assert not drift(NoDrift("null_rate", 0.2), ColumnDistribution(0, 0), past).is_evaluated


@pytest.mark.parametrize(
    ("measure", "kind", "odd"),
    [
        ("psi", pa.float64(), ColumnDistribution(9, 0)),  # gathered before its numbers were looked at
        ("psi", pa.string(), ColumnDistribution(9, 0)),
        ("category_shares", pa.int16(), numbers([1.0])),
        ("null_rate", pa.date32(), None),
    ],
)
def test_partitions_in_which_the_column_was_not_looked_at_are_no_history(
    measure: str, kind: pa.DataType, odd: ColumnDistribution | None
) -> None:
    known = ColumnDistribution(9, 0, np.arange(9.0), np.ones(9), {"a": 9})
    past: Sequence[ColumnDistribution | None] = [*[odd] * 5, *[known] * 6]
    assert drift(NoDrift(measure, 0.2), known, before(*past), kind).detail == "no history yet: 6 of 7 partitions"
    full = drift(NoDrift(measure, 0.2), known, before(*past, known), kind)
    assert (full.is_evaluated, full.compared_with) == (True, ("2013-01-06", "2013-01-12"))
    assert full.detail.startswith(measure)
    assert full.failed == 0


def test_the_psi_of_texts_is_that_of_categories_and_a_changed_one_is_named() -> None:
    usual, now = ({"a": 500, "b": 500}, {"a": 800, "b": 100, "c": 100})
    past = before(*[ColumnDistribution(1000, 0, categories=usual)] * 7)
    today = ColumnDistribution(1000, 0, categories=now)
    assert drift(NoDrift("psi", 0.2), today, past, pa.string()).failed == 1
    result = drift(NoDrift("category_shares", 0.2), today, past, pa.string())
    assert (result.failed, result.detail) == (1, "category_shares of b 0.4, at most 0.2")


def test_several_rules_on_a_column_share_what_was_merged() -> None:
    past = before(*[numbers([1.0, 2.0])] * 7)
    drift(NoDrift("psi", 0.2), numbers([1.0]), past)
    drift(NoDrift("ks", 0.2), numbers([1.0]), past)
    assert list(past.merged) == [("x", "centroids", 7)]
