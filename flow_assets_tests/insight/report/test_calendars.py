from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets.declaration import DailyPartitions, HourlyPartitions, MonthlyPartitions, Partitions, StaticPartitions
from flow_assets.insight.report.calendars import (
    MOST_DAYS,
    MOST_LISTED,
    MOST_YEARS,
    Calendar,
    count_all,
    lay_out,
)
from flow_assets.insight.report.states import Cell, PartitionState
from flow_assets_tests.insight.report.reported import cell, dataset

STATES = list(PartitionState)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def shown(calendar: Calendar) -> list[Cell]:
    return [*calendar.listed, *(cell for grid in calendar.grids for cell in grid.cells if cell)]


def laid_out(partitions: Partitions | None) -> Calendar:
    keys = partitions.keys(NOW) if partitions else ("",)
    return lay_out(dataset(partitions), [cell(key, STATES[n % len(STATES)]) for n, key in enumerate(keys)])


def days(count: int, zone: str) -> DailyPartitions:
    first = date(2024, 2, 25)
    return DailyPartitions(first.isoformat(), end_date=(first + timedelta(days=count)).isoformat(), timezone=zone)


def hours(count: int, zone: str) -> HourlyPartitions:
    first = datetime(2024, 10, 20)
    end = (first + timedelta(hours=count)).strftime("%Y-%m-%d-%H:00")
    return HourlyPartitions(first.strftime("%Y-%m-%d-%H:00"), end_date=end, timezone=zone)


def months(count: int, zone: str) -> MonthlyPartitions:
    return MonthlyPartitions("1950-01-01", end_date=f"{1950 + count // 12}-{count % 12 + 1:02}-01", timezone=zone)


KINDS = st.one_of(
    st.builds(days, st.integers(1, 1500), st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland"])),
    st.builds(hours, st.integers(1, 10_000), st.sampled_from(["UTC", "America/New_York"])),
    st.builds(months, st.integers(1, 800), st.just("UTC")),
    st.builds(lambda count: StaticPartitions([str(n) for n in range(count)]), st.integers(1, 200)),
)


@settings(max_examples=60, deadline=None)
@given(KINDS)
def test_every_partition_is_shown_or_counted_once(partitions: Partitions) -> None:
    calendar = laid_out(partitions)
    cells = shown(calendar)
    keys = partitions.keys(NOW)
    assert sum(cell.partitions for cell in cells) + sum(calendar.uncounted.values()) == len(keys)
    assert sum(calendar.counts.values()) == calendar.partitions == len(keys)
    assert len({cell.label for cell in cells}) == len(cells) <= MOST_DAYS + 12 * (MOST_YEARS + 1)
    assert (calendar.first, calendar.last) == (keys[0], keys[-1])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1500))
def test_a_day_lies_in_the_row_of_its_weekday(count: int) -> None:
    grid = laid_out(days(count, "Europe/Berlin")).grids[-1]
    places = {date.fromisoformat(cell.label): place for place, cell in enumerate(grid.cells) if cell}
    assert all(place % 7 == day.weekday() for day, place in places.items())
    first = min(places)
    assert all(place - places[first] == (day - first).days for day, place in places.items())


def test_a_year_of_days_is_a_square_each() -> None:
    calendar = laid_out(DailyPartitions("2013-01-01", end_date="2014-01-01"))
    (grid,) = calendar.grids
    assert (grid.unit, grid.width, grid.height) == ("day", 53, 7)
    assert list(grid.marks.values())[:3] == ["2013", "Feb", "Mar"]
    assert not calendar.listed


def test_what_is_older_than_a_year_is_a_square_a_month() -> None:
    older, newest = laid_out(DailyPartitions("2020-01-01", end_date="2024-01-01")).grids
    assert (older.unit, newest.unit) == ("month", "day")
    assert sum(cell.partitions for cell in older.cells if cell) == 4 * 365 + 1 - sum(1 for c in newest.cells if c)


def test_a_few_days_of_hours_are_a_square_each_also_where_the_clock_is_put_back() -> None:
    partitions = HourlyPartitions("2024-11-02-00:00", end_date="2024-11-05-00:00", timezone="America/New_York")
    (grid,) = laid_out(partitions).grids
    assert (grid.unit, grid.height, grid.width) == ("hour", 3, 25)
    assert [c.label if c else None for c in grid.cells[1::3]][:4] == [
        "2024-11-03-00:00",
        "2024-11-03-01:00",
        "2024-11-03-01:00-0500",
        "2024-11-03-02:00",
    ]
    assert sum(1 for c in grid.cells if c) == 73


def test_many_hours_are_shown_as_days() -> None:
    (grid,) = laid_out(HourlyPartitions("2024-01-01-00:00", end_date="2024-03-01-00:00")).grids
    assert grid.unit == "day"
    assert {cell.partitions for cell in grid.cells if cell} == {24}


def test_what_is_too_old_is_only_counted() -> None:
    calendar = laid_out(MonthlyPartitions("1950-01-01", end_date="2020-01-01"))
    assert sum(calendar.uncounted.values()) == (70 - MOST_YEARS) * 12


def test_of_many_names_those_that_are_off_are_listed_first() -> None:
    partitions = StaticPartitions([str(n) for n in range(100)])
    cells = [cell(str(n), PartitionState.FAILED if n == 99 else PartitionState.FRESH) for n in range(100)]
    calendar = lay_out(dataset(partitions), cells)
    assert (calendar.listed[0].label, len(calendar.listed)) == ("99", MOST_LISTED)
    assert calendar.uncounted == {PartitionState.FRESH: 100 - MOST_LISTED}


def test_without_partitions_there_is_one_square() -> None:
    calendar = laid_out(None)
    assert ([cell.label for cell in calendar.listed], calendar.grids) == ([""], ())


@pytest.mark.parametrize("partitions", [DailyPartitions("2100-01-01"), MonthlyPartitions("2100-01-01")])
def test_nothing_is_shown_where_no_period_has_ended(partitions: Partitions) -> None:
    calendar = laid_out(partitions)
    assert (calendar.partitions, shown(calendar), calendar.first) == (0, [], "")


def test_states_are_summed_over_datasets() -> None:
    counted = count_all([laid_out(StaticPartitions(["a", "b"])), laid_out(None)])
    assert (counted[PartitionState.FAILED], counted[PartitionState.BLOCKED], counted[PartitionState.FRESH]) == (2, 1, 0)
