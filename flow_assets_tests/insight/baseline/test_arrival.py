"""What a baseline of arrivals expects on working days, weekends, holidays and when clocks are changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets.errors import BaselineError
from flow_assets.insight.baseline import ArrivalBaseline

NEW_YORK = ZoneInfo("America/New_York")
FIRST = date(2023, 9, 4)
HOLIDAYS = ((12, 25), (1, 1))


def midnight(day: date, zone: ZoneInfo | None = None) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone or UTC)


def seconds_between(start: datetime, end: datetime) -> float:
    return (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()


def six_oclock(day: date, minutes: float = 0.0) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=NEW_YORK) + timedelta(minutes=minutes)


def taught(days: int, *, rests: bool = True, ends_in: ZoneInfo | None = NEW_YORK) -> ArrivalBaseline:
    """A source that delivers at six by New York's clock, never on weekends and holidays."""
    random = np.random.default_rng(1)
    baseline = ArrivalBaseline(0.001, "America/New_York")
    for number in range(days):
        day = FIRST + timedelta(days=number)
        at = midnight(day, ends_in)
        is_rest = rests and (day.weekday() >= 5 or (day.month, day.day) in HOLIDAYS)
        came = six_oclock(day, 5 * random.standard_normal())
        baseline.learn(None if is_rest else seconds_between(at, came), at=at)
    return baseline


def test_nothing_is_expected_before_anything_came() -> None:
    baseline = ArrivalBaseline()
    at = midnight(FIRST)
    assert not baseline.expects(at=at)
    assert baseline.limit(at=at) is None
    assert not baseline.judge(1e6, at=at).anomalous


def test_what_is_in_time_is_and_what_is_late_is() -> None:
    baseline = taught(120)
    day = FIRST + timedelta(days=120)
    at = midnight(day, NEW_YORK)
    assert not baseline.judge(seconds_between(at, six_oclock(day, 10)), at=at).anomalous
    late = baseline.judge(seconds_between(at, six_oclock(day, 180)), at=at)
    assert late.anomalous
    assert late.reason.startswith("late: expected by 2024-01-02 06:0")
    assert late.expected_seconds == pytest.approx(6 * 3600, abs=600)
    assert late.ratio == pytest.approx(1.5, rel=0.03)


def test_weekends_are_not_waited_for() -> None:
    baseline = taught(60)
    saturday, monday = date(2023, 11, 4), date(2023, 11, 6)
    assert not baseline.expects(at=midnight(saturday, NEW_YORK))
    assert not baseline.judge(86_400.0, at=midnight(saturday, NEW_YORK)).anomalous
    assert baseline.limit(at=midnight(saturday, NEW_YORK)) is None
    assert baseline.expects(at=midnight(monday, NEW_YORK))
    assert baseline.judge(86_400.0, at=midnight(monday, NEW_YORK)).anomalous


def test_weekends_on_which_something_comes_are_waited_for() -> None:
    baseline = taught(60, rests=False)
    assert baseline.expects(at=midnight(date(2023, 11, 4), NEW_YORK))


def test_the_first_weekend_is_not_waited_for() -> None:
    baseline = taught(5)
    assert not baseline.expects(at=midnight(date(2023, 9, 9), NEW_YORK))
    assert baseline.expects(at=midnight(date(2023, 9, 11), NEW_YORK))


def test_a_holiday_is_known_in_the_year_after() -> None:
    baseline = taught(470)
    assert not baseline.expects(at=midnight(date(2024, 12, 25), NEW_YORK))
    assert baseline.expects(at=midnight(date(2024, 12, 26), NEW_YORK))
    assert baseline.expects(at=midnight(date(2024, 9, 9), NEW_YORK))  # the year before, that was a weekend


@pytest.mark.parametrize("ends_in", [NEW_YORK, None])
@pytest.mark.parametrize("day", [date(2024, 3, 10), date(2024, 3, 11), date(2024, 11, 3), date(2024, 11, 4)])
def test_the_source_keeps_its_clock_when_clocks_are_changed(day: date, ends_in: ZoneInfo | None) -> None:
    baseline = taught((day - FIRST).days, rests=False, ends_in=ends_in)
    at = midnight(day, ends_in)
    in_time = baseline.judge(seconds_between(at, six_oclock(day, 5)), at=at)
    assert not in_time.anomalous
    assert in_time.expected_seconds == pytest.approx(seconds_between(at, six_oclock(day)), abs=300)
    limit = baseline.limit(at=at)
    assert limit is not None
    assert seconds_between(at, six_oclock(day, 10)) < limit < seconds_between(at, six_oclock(day, 100))


def test_hourly_partitions_are_waited_for_by_their_delay() -> None:
    random = np.random.default_rng(2)
    baseline = ArrivalBaseline(0.001, "Europe/Berlin")
    start = datetime(2024, 3, 1, tzinfo=UTC)
    for number in range(24 * 40):
        at = start + timedelta(hours=number)
        is_night = at.astimezone(ZoneInfo("Europe/Berlin")).hour < 6
        seconds = None if is_night else 300 * float(np.exp(0.2 * random.standard_normal()))
        if seconds is not None:
            assert not baseline.judge(seconds, at=at).anomalous, at
        elif number > 24:
            assert not baseline.judge(3600.0, at=at).anomalous, at
        baseline.learn(seconds, at=at)
    noon = datetime(2024, 4, 10, 12, tzinfo=UTC)
    limit = baseline.limit(at=noon)
    assert limit is not None
    assert 450 < limit < 1800


def test_a_source_that_lastingly_comes_later_is_told_and_then_usual() -> None:
    baseline = taught(100, rests=False)
    alarms = []
    for number in range(100, 160):
        day = FIRST + timedelta(days=number)
        at = midnight(day, NEW_YORK)
        seconds = seconds_between(at, six_oclock(day, 120))
        alarms.append(baseline.judge(seconds, at=at).anomalous)
        baseline.learn(seconds, at=at)
    assert any(alarms[:5])
    assert not any(alarms[10:])


def test_what_cannot_be_is_one_clear_error() -> None:
    with pytest.raises(BaselineError, match="Mars/Olympus"):
        ArrivalBaseline(timezone="Mars/Olympus")
    with pytest.raises(BaselineError, match="at=None"):
        ArrivalBaseline().judge(1.0)
    with pytest.raises(BaselineError, match="no time zone"):
        ArrivalBaseline().learn(1.0, at=datetime(2024, 1, 1))
    with pytest.raises(BaselineError, match="seconds=inf"):
        ArrivalBaseline().learn(float("inf"), at=midnight(FIRST))


WARM = taught(150, rests=False)
HOURLY_ENDS = st.integers(0, 20_000).map(lambda hours: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(hours=hours))


@settings(max_examples=100, deadline=None)
@given(HOURLY_ENDS, st.floats(0, 2e5), st.floats(0, 2e5))
def test_waiting_longer_never_makes_it_less_late(at: datetime, one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert WARM.judge(short, at=at).p_value >= WARM.judge(long, at=at).p_value


@settings(max_examples=60, deadline=None)
@given(HOURLY_ENDS)
def test_it_is_late_from_the_limit_on(at: datetime) -> None:
    limit = WARM.limit(at=at)
    assert limit is not None
    assert not WARM.judge(limit - 1, at=at).anomalous
    assert WARM.judge(limit + 1, at=at).anomalous


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1e5)), min_size=1, max_size=40))
def test_a_baseline_is_rebuilt_by_the_same_history(history: list[float | None]) -> None:
    one, other = ArrivalBaseline(), ArrivalBaseline()
    for number, seconds in enumerate(history):
        at = midnight(FIRST + timedelta(days=number))
        one.judge(5e4, at=at)
        one.learn(seconds, at=at)
        other.learn(seconds, at=at)
    at = midnight(FIRST + timedelta(days=len(history)))
    assert one.judge(5e4, at=at) == other.judge(5e4, at=at)
    assert one.expects(at=at) == other.expects(at=at)
