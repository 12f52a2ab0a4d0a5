"""Hours, days and months are Dagster's own, around the changes of the clock too."""

import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from hypothesis import example, given
from hypothesis import strategies as st

from flow_assets import DailyPartitions, HourlyPartitions, MonthlyPartitions
from flow_assets.declaration import TimePartitions, partition_keys
from flow_assets.errors import DefinitionError

SKIP_MIDNIGHT = ["America/Santiago", "Africa/Cairo", "Asia/Beirut", "America/Havana", "America/Asuncion"]
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", *SKIP_MIDNIGHT]
WHOLE_HOUR_ZONES = [zone for zone in ZONES if zone != "Australia/Lord_Howe"]
CLOCK_CHANGES = [
    datetime(2013, 3, 10, 7, tzinfo=UTC),  # New York forward
    datetime(2013, 11, 3, 6, tzinfo=UTC),  # and back
    datetime(2024, 3, 31, 1, tzinfo=UTC),  # Berlin
    datetime(2024, 10, 27, 1, tzinfo=UTC),
    datetime(2024, 4, 6, 15, tzinfo=UTC),  # Lord Howe, by half an hour
    datetime(2024, 10, 5, 15, 30, tzinfo=UTC),
    datetime(2023, 9, 3, 4, tzinfo=UTC),  # Santiago, at midnight
    datetime(2024, 4, 25, 22, tzinfo=UTC),  # Cairo
    datetime(2017, 10, 1, 4, tzinfo=UTC),  # Asuncion, on the first of a month
]
MOMENTS = st.one_of(
    st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.tuples(st.sampled_from(CLOCK_CHANGES), st.integers(-4000, 4000)).map(lambda t: t[0] + timedelta(minutes=t[1])),
)


def dagsters(ours: TimePartitions) -> Any:
    kind = getattr(dg, f"{type(ours).__name__}Definition")
    return kind(ours.start_date, end_date=ours.end_date, timezone=ours.timezone)


def assert_same(ours: TimePartitions, now: datetime) -> None:
    theirs = dagsters(ours)
    keys = list(partition_keys(ours, now))
    with partition_loading_context(now):
        assert keys == theirs.get_partition_keys()
        for key in [*keys[:30], *keys[-3:], *(k for k in keys if len(k) > 16)]:
            window = theirs.time_window_for_partition_key(key)
            assert ours.window(key) == (window.start.astimezone(UTC), window.end.astimezone(UTC))
            assert theirs.has_partition_key(key)


@given(MOMENTS, st.sampled_from(WHOLE_HOUR_ZONES), st.integers(1, 200), st.booleans(), st.integers(-9000, 15000))
@example(CLOCK_CHANGES[1], "America/New_York", 48, True, 6000)
@example(CLOCK_CHANGES[0], "America/New_York", 48, False, 6000)
def test_hourly_keys_are_dagsters(moment: datetime, zone: str, hours: int, is_closed: bool, later: int) -> None:
    start = moment.astimezone(ZoneInfo(zone))
    end = (moment + timedelta(hours=hours)).astimezone(ZoneInfo(zone))
    texts = [f"{t:%Y-%m-%d-%H}:00" for t in (start, end)]
    if texts[1] > texts[0]:
        ours = HourlyPartitions(texts[0], texts[1] if is_closed else None, zone)
        assert_same(ours, moment + timedelta(minutes=later))


@given(MOMENTS, st.sampled_from(ZONES), st.integers(1, 200), st.booleans(), st.integers(-4000, 400_000))
@example(datetime(2023, 8, 30, tzinfo=UTC), "America/Santiago", 9, True, 40_000)
@example(datetime(2024, 4, 20, tzinfo=UTC), "Africa/Cairo", 9, True, 40_000)
def test_daily_keys_are_dagsters(moment: datetime, zone: str, days: int, is_closed: bool, later: int) -> None:
    start, end = moment.date(), moment.date() + timedelta(days)
    ours = DailyPartitions(start.isoformat(), end.isoformat() if is_closed else None, zone)
    assert_same(ours, moment + timedelta(minutes=later))


@given(MOMENTS, st.sampled_from(ZONES), st.integers(62, 900), st.booleans(), st.integers(-4000, 2_000_000))
@example(datetime(2017, 8, 1, tzinfo=UTC), "America/Asuncion", 150, True, 400_000)
def test_monthly_keys_are_dagsters(moment: datetime, zone: str, days: int, is_closed: bool, later: int) -> None:
    start, end = moment.date(), moment.date() + timedelta(days)
    ours = MonthlyPartitions(start.isoformat(), end.isoformat() if is_closed else None, zone)
    assert_same(ours, moment + timedelta(minutes=later))


@pytest.mark.parametrize("zone", SKIP_MIDNIGHT)
def test_windows_follow_each_other_where_the_clock_skips_midnight(zone: str) -> None:
    for ours in (
        DailyPartitions("2016-01-01", "2024-12-01", zone),
        MonthlyPartitions("2016-01-01", "2024-12-01", zone),
    ):
        windows = list(map(ours.window, ours.keys()))
        assert all(earlier[1] == later[0] for earlier, later in pairwise(windows))


def test_an_hour_that_comes_twice_has_two_keys() -> None:
    ours = HourlyPartitions("2013-11-03-00:00", "2013-11-03-03:00", "America/New_York")
    assert ours.keys() == ("2013-11-03-00:00", "2013-11-03-01:00", "2013-11-03-01:00-0500", "2013-11-03-02:00")
    keys = ours.keys()
    starts = [ours.window(key)[0] for key in keys]
    assert starts == [datetime(2013, 11, 3, 4 + n, tzinfo=UTC) for n in range(4)]
    assert tuple(ours.key_of(start) for start in starts) == keys


@given(MOMENTS, st.sampled_from(WHOLE_HOUR_ZONES))
def test_the_start_of_an_hour_is_its_value(moment: datetime, zone: str) -> None:
    start = f"{(moment - timedelta(hours=2)).astimezone(ZoneInfo(zone)):%Y-%m-%d-%H}:00"
    ours = HourlyPartitions(start, timezone=zone)
    for key in ours.keys(moment + timedelta(hours=30)):
        assert ours.key_of(ours.window(key)[0]) == key
        assert ours.key_of(ours.window(key)[0] + timedelta(minutes=23)) != key


def test_a_hundred_thousand_hours_are_quick_and_asked_for_once() -> None:
    ours = HourlyPartitions("2012-01-01-00:00", "2023-06-01-00:00", "America/New_York")
    start = time.process_time()
    keys = ours.keys()
    first = time.process_time() - start
    assert len(keys) > 100_000
    assert first < 1
    assert len(set(keys)) == len(keys)
    assert ours.keys() is keys


def test_a_process_that_lives_for_days_does_not_keep_every_hour_s_keys() -> None:
    ours, now = HourlyPartitions("2023-01-01-00:00"), datetime(2024, 1, 1, tzinfo=UTC)
    tracemalloc.start()
    for hour in range(48):
        ours.keys(now + timedelta(hours=hour))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 12 * 8_760 * 100  # bytes of a dozen years of hours, and not of 48


def test_months_begin_with_the_first_whole_one() -> None:
    assert MonthlyPartitions("2013-01-15", "2013-04-20").keys() == ("2013-02-01", "2013-03-01")
    assert MonthlyPartitions("2012-12-01", "2013-02-01").keys() == ("2012-12-01", "2013-01-01")


@pytest.mark.parametrize(
    ("start", "zone", "day"),
    [("2024-01-01-00:00", "Australia/Lord_Howe", "2024-04"), ("1985-12-01-00:00", "Asia/Kathmandu", "1986-01-0")],
)
def test_hours_that_drift_from_the_clock_are_refused(start: str, zone: str, day: str) -> None:
    with pytest.raises(DefinitionError, match=rf"HourlyPartitions: from {day}.* on, hours in {zone} no longer begin"):
        HourlyPartitions(start, timezone=zone)


def test_upstream_dagsters_hours_drift_there_with_the_date_on_which_they_start() -> None:
    def keys(start: str) -> list[str]:
        return dg.HourlyPartitionsDefinition(
            start, "2024-04-07-05:00", timezone="Australia/Lord_Howe"
        ).get_partition_keys()

    assert keys("2024-04-06-23:00")[-1] == "2024-04-07-04:30"
    assert keys("2024-04-07-03:00")[-1] == "2024-04-07-04:00"


@pytest.mark.parametrize("kind", [HourlyPartitions, DailyPartitions, MonthlyPartitions])
@pytest.mark.parametrize("text", ["2013-02-30", "2013-1-1", "2013-01-01-00:30", "2013-01-01T00:00", "", "2013-01"])
def test_a_start_is_written_in_one_way(kind: type[TimePartitions], text: str) -> None:
    with pytest.raises(DefinitionError, match=rf"{kind.__name__}: '{text}' is no .*; write it as YYYY-MM-DD"):
        kind(text)
    with pytest.raises(DefinitionError, match=rf"{kind.__name__}: '{text}' is no "):
        kind("2013-01-01-00:00" if kind is HourlyPartitions else "2013-01-01", text)


def test_a_span_without_a_whole_month_is_refused() -> None:
    with pytest.raises(DefinitionError, match="no whole month lies in 2013-01-02 to 2013-02-28"):
        MonthlyPartitions("2013-01-02", "2013-02-28")


def test_kinds_of_partitions_differ() -> None:
    assert DailyPartitions("2013-01-01") != MonthlyPartitions("2013-01-01")
    assert len({DailyPartitions("2013-01-01"), MonthlyPartitions("2013-01-01"), DailyPartitions("2013-01-01")}) == 2
