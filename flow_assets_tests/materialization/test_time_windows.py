"""Hours and months through the whole life of a dataset."""

from datetime import UTC, datetime

import pytest

from flow_assets_tests.sandbox import Sandbox

CALENDAR = """from flow_assets import HourlyPartitions, MonthlyPartitions

HOURS = HourlyPartitions("2013-11-03-00:00", end_date="2013-11-03-04:00", timezone="America/New_York")
MONTHS = MonthlyPartitions("2013-01-01", end_date="2013-05-01")
"""
HEAD = """import duckdb
from flow_assets import DatasetSchema, Date, Int64, PartitionContext, String, TimestampUtc, column, dataset, lookback
from ticks.calendar import HOURS, MONTHS

"""
TICKS = (
    HEAD
    + """
class Ticks(DatasetSchema):
    hour: TimestampUtc = column("Beginning of the hour")
    ticks: Int64 = column("Seconds in it")


@dataset(schema=Ticks, sort_by=["hour"], partitions=HOURS, partition_column="hour")
def ticks(context: PartitionContext) -> duckdb.DuckDBPyRelation:
    seconds = int((context.end - context.start).total_seconds())
    return duckdb.sql(f"SELECT TIMESTAMPTZ '{context.start.isoformat()}' AS hour, {seconds}::BIGINT AS ticks")
"""
)
SUMS = (
    HEAD
    + '''
class Sums(DatasetSchema):
    hour: TimestampUtc = column("Beginning of the hour")
    ticks: Int64 = column("Seconds in this hour and the two before, as far as they are there")


@dataset(
    schema=Sums,
    sort_by=["hour"],
    partitions=HOURS,
    partition_column="hour",
    ins={"ticks": lookback(hours=2)},
    set_based=True,
)
def sums(ticks: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return ticks.query(
        "t",
        """
        SELECT hour, (sum(ticks) OVER (ORDER BY hour RANGE BETWEEN INTERVAL 2 HOUR PRECEDING AND CURRENT ROW))::BIGINT
            AS ticks FROM t
        """,
    )
'''
)
MONTHLY = (
    HEAD
    + """
class Months(DatasetSchema):
    month: Date = column("First day of the month")
    days: Int64 = column("Days in it")


@dataset(schema=Months, sort_by=["month"], partitions=MONTHS, partition_column="month", set_based=True)
def months(context: PartitionContext) -> duckdb.DuckDBPyRelation:
    keys = ", ".join(f"(DATE '{key}')" for key in context.partition_keys)
    return duckdb.sql(f"SELECT m AS month, day(last_day(m))::BIGINT AS days FROM (VALUES {keys}) t(m)")
"""
)
RATIOS = (
    HEAD
    + """
class Ratios(DatasetSchema):
    month: Date = column("First day of the month")
    longer: Int64 = column("Days more than the month before had", nullable=True)


@dataset(
    schema=Ratios, sort_by=["month"], partitions=MONTHS, partition_column="month", ins={"months": lookback(months=1)},
    set_based=True,
)
def ratios(months: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return months.query("m", "SELECT month, days - lag(days) OVER (ORDER BY month) AS longer FROM m")
"""
)
KEYS = ("2013-11-03-00:00", "2013-11-03-01:00", "2013-11-03-01:00-0500", "2013-11-03-02:00", "2013-11-03-03:00")


@pytest.fixture
def ticking(tmp_path) -> Sandbox:
    files = {"__init__.py": "", "calendar.py": CALENDAR, "ticks.py": TICKS, "sums.py": SUMS}
    return Sandbox(tmp_path, "ticks", {**files, "months.py": MONTHLY, "ratios.py": RATIOS})


def test_hours_around_a_change_of_the_clock(ticking: Sandbox) -> None:
    assert ticking.run("sums").is_successful
    starts = [datetime(2013, 11, 3, 4 + n, tzinfo=UTC) for n in range(5)]
    assert [ticking.rows("ticks", key) for key in KEYS] == [[{"hour": start, "ticks": 3600}] for start in starts]
    assert [ticking.rows("sums", key)[0]["ticks"] for key in KEYS] == [3600, 7200, 10800, 10800, 10800]
    assert ticking.computed("sums") == set()


def test_an_hour_is_read_by_those_that_look_back_on_it(ticking: Sandbox) -> None:
    ticking.run("sums")
    ticking.edit("ticks.py", "{seconds}::BIGINT", "IF(hour(hour AT TIME ZONE 'UTC') = 5, 1, {seconds})::BIGINT")
    computed = ticking.computed("sums")
    assert {name for name in computed if name.startswith("sums")} == {f"sums {key}" for key in KEYS[1:4]}


def test_months(ticking: Sandbox) -> None:
    assert ticking.run("ratios").is_successful
    keys = ("2013-01-01", "2013-02-01", "2013-03-01", "2013-04-01")
    assert [ticking.rows("ratios", key)[0]["longer"] for key in keys] == [None, -3, 3, -1]


def test_a_time_that_begins_no_hour_belongs_to_no_partition(ticking: Sandbox) -> None:
    ticking.edit("ticks.py", "TIMESTAMPTZ '{context.start.isoformat()}'", "TIMESTAMPTZ '2013-11-03 04:30+00'")
    problems = ticking.problems(ticking.run("ticks"))
    assert "column hour holds '2013-11-03-00:30' in partition 2013-11-03-02:00" in problems[f"ticks {KEYS[3]}"][1]


def test_another_time_zone_means_other_hours(ticking: Sandbox) -> None:
    ticking.run("ticks")
    ticking.edit("calendar.py", "America/New_York", "America/Chicago")
    reasons = ticking.work("ticks")
    assert reasons["ticks 2013-11-03-00:00"] == (
        "compute",
        'unit and time zone of the partitions: ["hours", "America/New_York"] -> ["hours", "America/Chicago"]',
    )
