from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from flow_assets import (
    DailyPartitions,
    complete_sequence,
    fresh,
    no_drift,
    not_null,
    partition_query,
    row_count,
    row_count_like_before,
)
from flow_assets.checks.drift import ColumnDistribution
from flow_assets.checks.facts import PartitionFacts, PastPartition
from flow_assets.checks.partition_query import sealed_connection
from flow_assets.checks.partition_rules import Needs, inspect_partition, needs
from flow_assets.checks.results import RuleResult

DAILY = DailyPartitions("2013-01-01", timezone="America/New_York")
RULES = (
    not_null().on("value"),
    row_count(20, 30),
    row_count_like_before(),
    complete_sequence("at", "1 hour", by="place", groups=["A"]),
    fresh("at", "2 hours"),
    no_drift("psi", 0.25).on("value"),
    no_drift("null_rate", 0.1).on("value"),
    no_drift("category_shares", 0.1, partitions=60).on("place"),
    partition_query("SELECT place FROM rows WHERE value > 100", name="values_are_small"),
)


def day(hours: int = 24, shift: float = 0.0) -> tuple[pa.Table, dict[str, ColumnDistribution]]:
    first = datetime(2013, 7, 1, 4, tzinfo=UTC)
    values = np.linspace(0, 1, hours) + shift
    table = pa.table(
        {
            "at": pa.array([first + timedelta(hours=hour) for hour in range(hours)], pa.timestamp("us", "UTC")),
            "place": pa.array(["A"] * hours, pa.string()),
            "value": pa.array(values, pa.float64()),
        }
    )
    known = {
        "value": ColumnDistribution(hours, 0, values, np.ones(hours)),
        "place": ColumnDistribution(hours, 0, categories={"A": hours}),
    }
    return table, known


PAST = [PastPartition(f"2013-06-{number:02}", 24, day()[1]) for number in range(1, 31)]


def test_what_rules_need_is_said_before() -> None:
    assert needs(RULES) == Needs(("place", "value"), 60, is_queried=True)
    assert needs(RULES[:2]) == Needs()
    assert needs([no_drift("null_rate", 0.1, 5).on("at")]) == Needs(("at",), past=5)


def test_a_good_partition_breaks_no_rule_on_it() -> None:
    found = inspect_partition(RULES, PartitionFacts.of(DAILY, "2013-07-01", *day()), PAST)
    assert list(found.results) == [rule.name for rule in RULES[1:]]  # those on rows are asked elsewhere
    assert {result.failed for result in found.results.values()} == {0}
    assert all(result.is_evaluated for result in found.results.values())
    assert found.results["place_category_shares"].compared_with == ("2013-06-01", "2013-06-30")
    assert found.results["value_psi"].compared_with == ("2013-06-03", "2013-06-30")


def test_each_rule_fails_for_its_own_reason() -> None:
    found = inspect_partition(RULES, PartitionFacts.of(DAILY, "2013-07-01", *day(10, 101)), PAST)
    results = found.results
    assert results["row_count"] == RuleResult(1, 1, "10 rows")
    assert results["at_complete"].failed == 14
    assert results["at_fresh"].failed == 1
    assert results["values_are_small"] == RuleResult(1, 1, "10 rows returned")
    assert found.samples["values_are_small"].to_pylist() == [{"place": "A"}] * 5
    failed = {name for name, result in results.items() if result.failed}
    assert failed == {"row_count", "row_count_like_before", "at_complete", "at_fresh", "values_are_small"}
    assert "chance alone reaches" in results["value_psi"].detail


def test_a_shifted_partition_drifts() -> None:
    found = inspect_partition(RULES[:-1], PartitionFacts.of(DAILY, "2013-07-01", *day(24, 101)), PAST)
    assert [name for name, result in found.results.items() if result.failed] == ["value_psi"]


@pytest.mark.parametrize(("rows", "failed"), [(19, 1), (20, 0), (30, 0), (31, 1)])
def test_bounds_of_the_row_count_are_allowed(rows: int, failed: int) -> None:
    facts = PartitionFacts.of(DAILY, "2013-07-01", day(rows)[0])
    assert inspect_partition([row_count(20, 30)], facts).results["row_count"] == RuleResult(failed, 1, f"{rows} rows")


def test_an_empty_partition_can_be_inspected() -> None:
    found = inspect_partition(RULES, PartitionFacts.of(DAILY, "2013-07-01", *day(0)), PAST).results
    assert [name for name, result in found.items() if result.failed] == [
        "row_count",
        "row_count_like_before",
        "at_complete",
        "at_fresh",
    ]
    assert [name for name, result in found.items() if not result.is_evaluated] == [
        "value_psi",
        "value_null_rate",
        "place_category_shares",
    ]


def test_one_connection_serves_many_partitions() -> None:
    with sealed_connection() as connection:
        for shift, failed in ((0, 0), (101, 1), (0, 0)):
            facts = PartitionFacts.of(DAILY, "2013-07-01", *day(shift=shift))
            found = inspect_partition(RULES[-1:], facts, connection=connection)
            assert (found.results["values_are_small"].failed, bool(found.samples)) == (failed, failed > 0)
