from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.checks.facts import PartitionFacts
from flow_assets.checks.results import RuleResult
from flow_assets.checks.sequence import expected_steps, inspect_sequence
from flow_assets.declaration import DailyPartitions, HourlyPartitions, MonthlyPartitions, Partitions
from flow_assets.declaration.durations import duration
from flow_assets.declaration.partition_constraints import CompleteSequence

NEW_YORK = DailyPartitions("2013-01-01", timezone="America/New_York")
LORD_HOWE = DailyPartitions("2013-01-01", timezone="Australia/Lord_Howe")
TIME = pa.timestamp("us", "UTC")


def hours(partitions: Partitions, key: str) -> list[datetime]:
    """Every hour of a window, counted otherwise than by what is tested."""
    start, end = PartitionFacts.of(partitions, key, pa.table({})).bounds or (datetime.now(UTC),) * 2
    found = [start.astimezone(UTC)]
    while found[-1] + timedelta(hours=1) < end.astimezone(UTC):
        found.append(found[-1] + timedelta(hours=1))
    return found


def inspected(
    constraint: CompleteSequence, partitions: Partitions, key: str, times: Sequence[Any], places: Sequence[Any] = ()
) -> RuleResult:
    columns = {"at": pa.array(times, TIME), "place": pa.array(places or ["A"] * len(times), pa.string())}
    return inspect_sequence(constraint, "at", PartitionFacts.of(partitions, key, pa.table(columns)))


@pytest.mark.parametrize(
    ("partitions", "key", "count"),
    [
        (NEW_YORK, "2013-07-01", 24),
        (NEW_YORK, "2013-03-10", 23),
        (NEW_YORK, "2013-11-03", 25),
        (LORD_HOWE, "2013-10-06", 24),  # of 23 and a half hours
        (LORD_HOWE, "2013-04-07", 25),  # of 24 and a half
        (HourlyPartitions("2013-11-03-00:00", timezone="America/New_York"), "2013-11-03-01:00-0500", 1),
        (MonthlyPartitions("2013-01-01", timezone="America/New_York"), "2013-11-01", 721),
        (MonthlyPartitions("2013-01-01", timezone="America/New_York"), "2013-03-01", 743),
    ],
)
def test_a_window_has_the_hours_that_pass_in_it(partitions: Partitions, key: str, count: int) -> None:
    every = hours(partitions, key)
    assert len(every) == count
    assert inspected(CompleteSequence("1 hour"), partitions, key, every) == RuleResult(0, count)
    result = inspected(CompleteSequence("1 hour"), partitions, key, every[:-1])
    said = f"missing: {every[-1]:%Y-%m-%d %H:%M} UTC" if count > 1 else "missing: "
    assert (result.failed, result.total, result.detail.startswith(said)) == (1, count, True)


def test_the_first_missing_are_named() -> None:
    every = hours(NEW_YORK, "2013-11-03")
    rows = [
        (hour, place) for place in ("EWR", "JFK") for hour in every if place == "JFK" or hour.hour not in range(6, 11)
    ]
    result = inspected(CompleteSequence("1 hour", "place"), NEW_YORK, "2013-11-03", *zip(*rows, strict=True))
    assert (result.failed, result.total) == (5, 50)
    assert result.detail == (
        "missing: EWR 2013-11-03 06:00 UTC, EWR 2013-11-03 07:00 UTC, EWR 2013-11-03 08:00 UTC, ... and 2 more"
    )


def test_a_group_that_is_missing_entirely_is_missed_only_where_groups_are_given() -> None:
    every = hours(NEW_YORK, "2013-03-10")
    places = ["JFK"] * 23
    assert inspected(CompleteSequence("1 hour", "place"), NEW_YORK, "2013-03-10", every, places) == RuleResult(0, 23)
    given_groups = CompleteSequence("1 hour", "place", ("EWR", "JFK", "LGA"))
    result = inspected(given_groups, NEW_YORK, "2013-03-10", every, places)
    assert result == RuleResult(46, 69, "missing: all 23 of EWR, all 23 of LGA")


def test_an_empty_partition_lacks_everything_that_is_expected_of_it() -> None:
    assert inspected(CompleteSequence("1 hour"), NEW_YORK, "2013-07-01", []) == RuleResult(24, 24, "missing: all 24")
    by_place = CompleteSequence("1 hour", "place", ("EWR",))
    assert inspected(by_place, NEW_YORK, "2013-07-01", []) == RuleResult(24, 24, "missing: all 24 of EWR")


def test_no_group_where_none_is_given_is_everything_missing_once() -> None:
    result = inspected(CompleteSequence("1 hour", "place"), NEW_YORK, "2013-07-01", [])
    assert result == RuleResult(24, 24, "missing: all 24")


def test_repeated_values_and_values_between_steps_fill_no_gap() -> None:
    every = hours(NEW_YORK, "2013-07-01")
    late, outside = every[3] + timedelta(minutes=1), every[0] - timedelta(hours=1)
    result = inspected(
        CompleteSequence("1 hour"), NEW_YORK, "2013-07-01", [*every[:3], every[2], late, outside, *every[4:]]
    )
    assert result == RuleResult(1, 24, "missing: 2013-07-01 07:00 UTC; 2 values are no step")


def test_rows_without_value_or_group_or_of_another_group_are_left_out() -> None:
    every = hours(NEW_YORK, "2013-07-01")
    rows = [*((hour, "A") for hour in every[:-1]), (None, "A"), (every[-1], None), (every[-1], "B")]
    result = inspected(CompleteSequence("1 hour", "place", ("A",)), NEW_YORK, "2013-07-01", *zip(*rows, strict=True))
    assert result == RuleResult(1, 24, "missing: A 2013-07-02 03:00 UTC")


@pytest.mark.parametrize(
    ("every", "key", "count"), [("1 day", "2013-03-01", 31), ("1 week", "2013-03-01", 5), ("2 days", "2013-02-01", 14)]
)
def test_days_begin_at_midnight_on_the_clock(every: str, key: str, count: int) -> None:
    partitions = MonthlyPartitions("2013-01-01", timezone="America/New_York")
    start, end = PartitionFacts.of(partitions, key, pa.table({})).bounds or (datetime.now(UTC),) * 2
    steps = expected_steps(start, end, duration(every))
    local = [datetime.fromtimestamp(step / 1e6, start.tzinfo) for step in steps]
    assert (len(steps), {moment.hour for moment in local}, local[0]) == (count, {0}, start)


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_dates_are_days_of_the_window(kind: pa.DataType) -> None:
    month = MonthlyPartitions("2013-01-01", timezone="America/New_York")
    days = [date(2013, 3, day) for day in range(1, 32) if day not in (10, 11)]
    facts = PartitionFacts.of(month, "2013-03-01", pa.table({"day": pa.array(days, kind)}))
    result = inspect_sequence(CompleteSequence("1 day"), "day", facts)
    assert result == RuleResult(2, 31, "missing: 2013-03-10, 2013-03-11")


def test_quarters_of_an_hour_and_seconds_are_named_as_exactly_as_they_are() -> None:
    start = datetime(2013, 7, 1, 5, tzinfo=UTC)
    hour = HourlyPartitions("2013-07-01-00:00")
    quarters = [start + timedelta(minutes=15 * n) for n in (0, 2, 3)]
    assert inspected(CompleteSequence("15 minutes"), hour, "2013-07-01-05:00", quarters) == RuleResult(
        1, 4, "missing: 2013-07-01 05:15 UTC"
    )
    seconds = [start + timedelta(seconds=n) for n in range(3600) if n != 7]
    assert inspected(CompleteSequence("1 second"), hour, "2013-07-01-05:00", seconds) == RuleResult(
        1, 3600, "missing: 2013-07-01 05:00:07 UTC"
    )


@pytest.mark.parametrize("kind", [pa.timestamp("s", "UTC"), pa.timestamp("ns", "America/New_York")])
def test_other_units_and_zones_are_the_same_times(kind: pa.DataType) -> None:
    table = pa.table({"at": pa.array(hours(NEW_YORK, "2013-11-03"), kind)})
    result = inspect_sequence(CompleteSequence("1 hour"), "at", PartitionFacts.of(NEW_YORK, "2013-11-03", table))
    assert result == RuleResult(0, 25)


@given(
    st.dates(date(2013, 1, 1), date(2013, 12, 31)),
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["A", "B", None])), max_size=60),
)
def test_what_is_missing_is_what_a_set_lacks(day: date, found: list[tuple[int, str | None]]) -> None:
    every = hours(NEW_YORK, day.isoformat())
    times = [every[0] + timedelta(hours=hour) for hour, _ in found]
    wanted = {(hour, place) for hour in every for place in ("A", "B")}
    there = {(time, place) for time, (_, place) in zip(times, found, strict=True)}
    places = [place for _, place in found]
    result = inspected(CompleteSequence("1 hour", "place", ("A", "B")), NEW_YORK, day.isoformat(), times, places)
    assert (result.failed, result.total) == (len(wanted - there), len(wanted))
    assert np.all(
        expected_steps(*(PartitionFacts.of(NEW_YORK, day.isoformat(), pa.table({})).bounds or ()), duration("1 hour"))
        == [int(hour.timestamp() * 1e6) for hour in every]
    )
