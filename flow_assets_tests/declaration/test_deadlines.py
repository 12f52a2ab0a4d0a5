from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyRelation

from flow_assets import (
    DailyPartitions,
    DatasetSchema,
    HourlyPartitions,
    MonthlyPartitions,
    StaticPartitions,
    by,
    dataset,
    within,
)
from flow_assets.declaration import By, Partitions, TimePartitions, Within
from flow_assets.errors import DefinitionError
from flow_assets_tests.sandbox import Sandbox

NEW_YORK = DailyPartitions("2013-01-01", timezone="America/New_York")
HOURS = HourlyPartitions("2013-01-01-00:00", timezone="America/New_York")


def due(deadline: By | Within, partitions: TimePartitions, key: str) -> str:
    end = partitions.window(key)[1].astimezone(partitions.zone)
    return deadline.due(end).astimezone(UTC).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("deadline", "partitions", "key", "expected"),
    [
        (by("08:00"), DailyPartitions("2013-01-01"), "2013-06-15", "06-16 08:00"),
        (by("08:00"), NEW_YORK, "2013-06-15", "06-16 12:00"),
        (by("08:00"), NEW_YORK, "2013-03-08", "03-09 13:00"),
        (by("08:00"), NEW_YORK, "2013-03-09", "03-10 12:00"),  # the clock is put forward that night
        (by("08:00"), NEW_YORK, "2013-11-02", "11-03 13:00"),  # and back
        (by("02:30"), NEW_YORK, "2013-03-09", "03-10 07:30"),  # skipped: half past three
        (by("01:30"), NEW_YORK, "2013-11-02", "11-03 05:30"),  # twice: the first
        (by("08:00", days_later=2), NEW_YORK, "2013-06-15", "06-18 12:00"),
        (by("00:00"), NEW_YORK, "2013-06-15", "06-16 04:00"),
        (by("08:00"), HOURS, "2013-06-15-07:00", "06-15 12:00"),
        (by("08:00"), HOURS, "2013-06-15-08:00", "06-16 12:00"),
        (by("08:00"), MonthlyPartitions("2013-01-01"), "2013-12-01", "01-01 08:00"),
        (within("6 hours"), NEW_YORK, "2013-11-02", "11-03 10:00"),
        (within("1 day"), NEW_YORK, "2013-11-02", "11-04 05:00"),
        (within("24 hours"), NEW_YORK, "2013-11-02", "11-04 04:00"),
        (within("15 minutes"), HOURS, "2013-11-03-01:00-0500", "11-03 07:15"),
    ],
)
def test_when_a_partition_is_due(deadline: By | Within, partitions: TimePartitions, key: str, expected: str) -> None:
    assert due(deadline, partitions, key) == expected


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: by("8:00"), r"by\('8:00'\) is no reading of a clock; write hours and minutes, such as by\('08:00'\)"),
        (lambda: by("24:00"), "is no reading of a clock"),
        (lambda: by(8), "is no reading of a clock"),
        (lambda: by("08:00", days_later=-1), "days_later=-1 must be 0 to 366"),
        (lambda: by("08:00", days_later=1.5), "days_later=1.5 is no whole number"),
        (lambda: by("08:00", days_later=None), "days_later=None must be 0 to 366"),
        (lambda: by("08:00", is_critical="yes"), "is_critical='yes' must be True or False"),
        (lambda: within("5001 weeks"), "'5001 weeks' is too long; write at most '5000 weeks'."),
        (lambda: within("6h"), "'6h' is no length of time; write a number and a unit, such as '36 hours'"),
        (lambda: within("1 day", is_critical=1), "is_critical=1 must be True or False"),
    ],
)
def test_what_is_no_deadline_is_refused(declare: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        declare()


def letters() -> DuckDBPyRelation: ...


@pytest.mark.parametrize(
    ("deadline", "partitions", "message"),
    [
        ("6h", NEW_YORK, "'6h' is no length of time"),
        (6, NEW_YORK, '`deadline` must be a length of time, such as `"6 hours"`, or a time of day'),
        ("6 hours", StaticPartitions(["a"]), "`deadline` needs partitions that are hours, days or months"),
        (by("08:00"), None, "`deadline` by 08:00 needs partitions that are hours, days or months; without partitions"),
    ],
)
def test_a_deadline_that_the_partitions_cannot_have_is_refused(
    schema: type[DatasetSchema], deadline: Any, partitions: Partitions | None, message: str
) -> None:
    with pytest.raises(DefinitionError, match=message):
        dataset(schema=schema, sort_by=["letter"], partitions=partitions, deadline=deadline)(letters)


def test_a_text_is_a_length_of_time(schema: type[DatasetSchema]) -> None:
    declared = dataset(schema=schema, sort_by=["letter"], partitions=NEW_YORK, deadline="6 hours")(letters)
    assert declared.deadline == within("6 hours")
    assert dataset(schema=schema, sort_by=["letter"], deadline="1 week")(letters).deadline == within("1 week")
    assert dataset(schema=schema, sort_by=["letter"])(letters).deadline is None
    assert [str(d) for d in (within("1 week"), by("08:00"), by("08:00", days_later=1))] == [
        "within 1 week",
        "by 08:00",
        "by 08:00, 1 day later",
    ]


def test_a_deadline_enters_no_key(done: Sandbox) -> None:
    assert done.work() == {}
    done.edit("raw_readings.py", "partitions=DAILY,", 'partitions=DAILY, deadline=by("08:00"),')
    done.edit("raw_readings.py", "String, column", "String, by, column")
    done.edit("meters_seen.py", 'sort_by=["meter"],', 'sort_by=["meter"], deadline="1 week",')
    assert done.work() == {}
    with done.project() as project:
        assert project.graph.get("raw_readings").deadline == by("08:00")
    assert Path(done.root / done.package / "meters_seen.py").read_text().count("1 week") == 1
