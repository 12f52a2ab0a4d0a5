from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from flow_assets.checks.facts import PartitionFacts
from flow_assets.checks.freshness import inspect_freshness
from flow_assets.declaration import DailyPartitions
from flow_assets.declaration.partition_constraints import Fresh

DAILY = DailyPartitions("2013-01-01", timezone="America/New_York")
TIME, DAY = pa.timestamp("us", "UTC"), pa.date32()


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2013, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "values", "within", "failed", "said"),
    [
        (
            TIME,
            [utc(4, 2), utc(3, 9), None],
            "3 hours",
            0,
            "the newest, 2013-11-04 02:00 UTC, is 3 hours before the end",
        ),
        (TIME, [utc(4, 1, 59)], "3 hours", 1, "3 hours 1 minute before the end"),
        (TIME, [utc(3, 4)], "25 hours", 0, "1 day 1 hour before the end"),
        (TIME, [utc(3, 4)], "24 hours", 1, "1 day 1 hour before the end"),
        (TIME, [utc(3, 4)], "1 day", 0, "1 day 1 hour before the end"),  # of the calendar: it had 25 hours
        (TIME, [utc(4, 7)], "1 minute", 0, "2 hours after the end"),
        (TIME, [utc(4, 5)], "1 minute", 0, "of the end"),
        (TIME, [], "9 weeks", 1, "there is no value"),
        (TIME, [None], "9 weeks", 1, "there is no value"),
        (DAY, [date(2013, 11, 3)], "1 second", 0, "the newest, 2013-11-03, is of the end"),
        (DAY, [date(2013, 11, 2)], "24 hours", 1, "1 day 1 hour before the end"),
        (DAY, [date(2013, 11, 2)], "1 day", 0, "1 day 1 hour before the end"),
    ],
)
def test_the_newest_value_is_compared_with_the_end_of_the_window(
    kind: pa.DataType, values: list[Any], within: str, failed: int, said: str
) -> None:
    facts = PartitionFacts.of(DAILY, "2013-11-03", pa.table({"at": pa.array(values, kind)}))
    result = inspect_freshness(Fresh(within), "at", facts)
    assert (result.failed, result.total) == (failed, 1)
    assert said in result.detail


@pytest.mark.parametrize(
    ("values", "failed", "said"),
    [
        (pa.array([date(9999, 12, 31)], DAY), 0, "the newest, 9999-12-31, is "),
        (pa.array([2**30], pa.int32()).cast(DAY), 0, "the newest, 1073741824 as date32[day], is "),
        (pa.array([-(2**30)], pa.int32()).cast(DAY), 1, "before the end"),
        (pa.array([datetime(9999, 12, 31, 23, 59, tzinfo=UTC)], TIME), 0, "the newest, 9999-12-31 23:59 UTC, is "),
        (pa.array([2**62], pa.int64()).cast(TIME), 0, "after the end"),
        (pa.array([2**62], pa.timestamp("s", "UTC")), 0, "after the end"),
        (pa.array([-(2**62)], pa.timestamp("s", "UTC")), 1, "before the end"),
        (pa.array([utc(4, 2)], pa.timestamp("ns", "Asia/Tokyo")), 0, "the newest, 2013-11-04 02:00 UTC, is "),
    ],
)
@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_times_beyond_the_calendar_are_compared(values: pa.Array, failed: int, said: str, zone: str) -> None:
    partitions = DailyPartitions("2013-01-01", timezone=zone)
    facts = PartitionFacts.of(partitions, "2013-11-03", pa.table({"at": values}))
    result = inspect_freshness(Fresh("3 days"), "at", facts)
    assert (result.failed, said in result.detail) == (failed, True)


def test_an_age_beyond_the_calendar_is_never_reached() -> None:
    facts = PartitionFacts.of(DAILY, "2013-11-03", pa.table({"at": pa.array([utc(3, 4)], TIME)}))
    assert inspect_freshness(Fresh("999999999 weeks"), "at", facts).failed == 0


@pytest.mark.parametrize(
    ("hour", "failed", "said"), [(9, 0, "3 hours old"), (8, 1, "4 hours old"), (13, 0, "ahead of now")]
)
def test_without_a_window_it_is_compared_with_now(hour: int, failed: int, said: str) -> None:
    table = pa.table({"at": pa.array([utc(3, hour)], TIME)})
    result = inspect_freshness(Fresh("3 hours"), "at", PartitionFacts.of(None, "", table, now=utc(3, 12)))
    assert (result.failed, said in result.detail) == (failed, True)


def test_now_is_the_present_where_it_is_not_given() -> None:
    table = pa.table({"at": pa.array([datetime.now(UTC)], TIME)})
    assert inspect_freshness(Fresh("1 minute"), "at", PartitionFacts(table)).failed == 0
    assert inspect_freshness(
        Fresh("1 minute"), "at", PartitionFacts(pa.table({"at": pa.array([utc(3, 9)], TIME)}))
    ).failed
