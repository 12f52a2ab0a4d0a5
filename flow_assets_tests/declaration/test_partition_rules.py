from collections.abc import Callable, Sequence
from typing import Any

import pytest

from flow_assets import (
    Bool,
    DailyPartitions,
    DatasetSchema,
    Date,
    Float64,
    HourlyPartitions,
    Int16,
    MonthlyPartitions,
    StaticPartitions,
    String,
    TimestampUtc,
    column,
    complete_sequence,
    dataset,
    fresh,
    no_drift,
    partition_query,
    row_count,
    row_count_like_before,
)
from flow_assets.declaration import Dataset, Partitions, Rule
from flow_assets.declaration.partition_constraints import CompleteSequence, NoDrift, RowCountHistory
from flow_assets.errors import DefinitionError

DAILY = DailyPartitions("2013-01-01", end_date="2014-01-01", timezone="America/New_York")
HOURLY = HourlyPartitions("2013-01-01-00:00", end_date="2013-01-02-00:00")
MONTHLY = MonthlyPartitions("2013-01-01", end_date="2014-01-01")
STATIC = StaticPartitions(["a", "b"])


def declared(*rules: Rule, partitions: Partitions | None = DAILY) -> Dataset:
    class Readings(DatasetSchema):
        at: TimestampUtc = column("When")
        day: Date = column("Day")
        place: String = column("Where")
        number: Int16 = column("Number")
        value: Float64 = column("Value", nullable=True)
        is_good: Bool = column("Whether it is good")

        @classmethod
        def rules(cls) -> Sequence[Rule]:
            return rules

    @dataset(schema=Readings, sort_by=["place", "at"], partitions=partitions)
    def readings() -> Any:
        return None

    return readings


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: row_count(), "demands nothing"),
        (lambda: row_count(5, 4), r"row_count\(5, 4\) holds for no partition"),
        (lambda: row_count(max_value=-1), "holds for no partition"),
        (lambda: row_count_like_before(2, 0.5), "holds for nothing"),
        (lambda: row_count_like_before(partitions=0), "0 of 0 partitions are no history"),
        (lambda: row_count_like_before(partitions=3, at_least=4), "at_least=4 is more than the 3 partitions that are"),
        (lambda: complete_sequence("at", "hourly"), "'hourly' is no length of time"),
        (lambda: complete_sequence("at", "1 hour", groups=["A"]), "`groups` are values of a column"),
        (lambda: complete_sequence("at", "1 hour", by="place", groups="AB"), "is no list of values"),
        (lambda: fresh("at", "soon"), "'soon' is no length of time"),
        (lambda: no_drift("mean", 0.1), "'mean' is no measure"),
        (lambda: no_drift("psi", 0), "threshold 0 must be above 0"),
        (lambda: no_drift("psi", float("nan")), "threshold=nan is no finite number"),
        (lambda: no_drift("psi", 0.1, severity="error"), "a rule against history only warns"),
        (lambda: partition_query("SELECT 1"), "needs a name"),
        (lambda: partition_query("SELECT 1", name="q", tolerance=2), "it holds or it does not"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], Rule], said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        make()


def test_a_group_that_is_named_twice_is_one() -> None:
    rule = complete_sequence("at", "1 hour", by="place", groups=["EWR", "JFK", "EWR"])
    assert rule.constraint == CompleteSequence("1 hour", "place", ("EWR", "JFK"))


@pytest.mark.parametrize(("partitions", "at_least"), [(28, 7), (7, 7), (4, 4), (1, 1)])
def test_a_short_history_is_enough_where_no_longer_one_is_compared_with(partitions: int, at_least: int) -> None:
    assert row_count_like_before(partitions=partitions).constraint == RowCountHistory(0.5, 2.0, partitions, at_least)
    assert no_drift("ks", 0.1, partitions).constraint == NoDrift("ks", 0.1, partitions, at_least)


@pytest.mark.parametrize(
    ("rule", "partitions", "said"),
    [
        (complete_sequence("at", "1 hour"), None, "it needs hourly, daily or monthly partitions"),
        (complete_sequence("at", "1 hour"), STATIC, "it needs hourly, daily or monthly partitions"),
        (row_count_like_before(), STATIC, "it needs hourly, daily or monthly partitions"),
        (no_drift("psi", 0.1).on("value"), None, "it needs hourly, daily or monthly partitions"),
        (complete_sequence("when", "1 hour"), DAILY, "there is no column when; there are at, day, place"),
        (complete_sequence("at", "1 hour", by="town"), DAILY, "there is no column town"),
        (complete_sequence("place", "1 hour"), DAILY, "place is String, and must be a `TimestampUtc` or a `Date`"),
        (complete_sequence("day", "1 hour"), DAILY, "a date has steps of days or weeks"),
        (complete_sequence("day", "1 day"), HOURLY, "in daily or monthly partitions"),
        (complete_sequence("at", "1 hour", by="number", groups=["x"]), DAILY, "number is Int16, and cannot be one of"),
        (fresh("number", "1 day"), None, "number is Int16, and must be a `TimestampUtc` or a `Date`"),
        (fresh("when", "1 day"), None, "there is no column when"),
        (no_drift("ks", 0.1).on("place"), DAILY, "place is String, and `ks` is a distance of numbers"),
        (no_drift("category_shares", 0.1).on("value"), DAILY, "value is Float64, and its values are no categories"),
        (no_drift("psi", 0.1).on("at"), DAILY, "`psi` compares numbers or categories; use `null_rate`"),
        (no_drift("psi", 0.1), DAILY, "it names no column"),
    ],
)
def test_a_rule_that_does_not_fit_the_dataset_is_refused(rule: Rule, partitions: Partitions | None, said: str) -> None:
    with pytest.raises(DefinitionError, match=r"eadings: rule ") as error:
        declared(rule, partitions=partitions)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("rule", "partitions"),
    [
        (row_count(1), None),
        (row_count(1), STATIC),
        (fresh("at", "1 day"), None),
        (fresh("day", "1 day"), STATIC),
        (complete_sequence("at", "1 hour", by="place", groups=["A"]), HOURLY),
        (complete_sequence("day", "1 day", by="is_good", groups=[True, False]), MONTHLY),
        (no_drift("psi", 0.1).on("place"), HOURLY),
        (no_drift("category_shares", 0.1).on("is_good"), MONTHLY),
        (no_drift("null_rate", 0.1).on("at"), DAILY),
        (row_count_like_before(), MONTHLY),
    ],
)
def test_a_rule_that_fits_is_declared(rule: Rule, partitions: Partitions | None) -> None:
    assert rule in declared(rule, partitions=partitions).rules
