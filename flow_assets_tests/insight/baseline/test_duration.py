"""What a baseline of durations says of runs that are usual, slow, slower for good, larger, colder or new."""

import math
import pickle
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets.errors import BaselineError
from flow_assets.insight.baseline import DurationBaseline

RATE = 1e-4
START = datetime(2024, 1, 1, tzinfo=UTC)


def noisy(runs: int, *, seed: int = 1, noise: float = 0.1, seconds: float = 60.0) -> list[float]:
    return (seconds * np.exp(noise * np.random.default_rng(seed).standard_normal(runs))).tolist()


def taught(durations: Iterable[float], rate: float = RATE) -> DurationBaseline:
    baseline = DurationBaseline(rate)
    for seconds in durations:
        baseline.learn(seconds)
    return baseline


def first_alarm(baseline: DurationBaseline, durations: Iterable[float]) -> tuple[int, str] | None:
    for number, seconds in enumerate(durations, start=1):
        verdict = baseline.judge(seconds)
        if verdict.anomalous:
            return number, verdict.reason
        baseline.learn(seconds)
    return None


def test_nothing_is_known_before_the_first_run() -> None:
    baseline = DurationBaseline()
    verdict = baseline.judge(1e9, size=3, regime="cold", at=START)
    assert (verdict.p_value, verdict.anomalous, verdict.expected_seconds, verdict.ratio) == (1.0, False, None, None)
    assert baseline.limit() is None


def test_a_short_history_needs_much_to_be_alarmed() -> None:
    baseline = taught([60.0])
    assert not baseline.judge(240.0).anomalous
    assert taught(noisy(1000)).judge(300.0).anomalous


def test_what_is_expected_is_the_median() -> None:
    baseline = taught([10.0, 10.0, 10.0, 10.0, 1000.0])
    verdict = baseline.judge(20.0)
    assert verdict.expected_seconds == pytest.approx(10.0, rel=0.01)
    assert verdict.ratio == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize("runs", [250, 450, 3000])
def test_a_doubled_duration_is_told_within_three_runs(runs: int) -> None:
    baseline = taught(noisy(runs))
    found = first_alarm(baseline, [2 * seconds for seconds in noisy(3, seed=2)])
    assert found is not None


def test_a_lasting_shift_is_told_once_by_its_name_and_is_then_the_new_normal() -> None:
    baseline = taught(noisy(600))
    slower = [1.3 * seconds for seconds in noisy(220, seed=3)]
    found = first_alarm(baseline, slower)
    assert found is not None
    number, reason = found
    assert number <= 20
    assert reason.startswith("level shift")
    for seconds in slower[number - 1 : 120]:
        baseline.learn(seconds)
    assert first_alarm(baseline, slower[120:]) is None
    assert baseline.judge(60.0).expected_seconds == pytest.approx(78.0, rel=0.08)


def test_becoming_faster_is_no_alarm_and_moves_the_level() -> None:
    baseline = taught(noisy(400))
    assert first_alarm(baseline, [seconds / 2 for seconds in noisy(100, seed=4)]) is None
    assert baseline.judge(30.0).expected_seconds == pytest.approx(30.0, rel=0.08)


def test_runs_that_always_take_the_same_may_vary_by_two_percent() -> None:
    baseline = taught([60.0] * 300)
    assert first_alarm(baseline, [61.0, 59.0, 60.5, 61.0, 60.0] * 4) is None
    assert first_alarm(baseline, [90.0] * 3) is not None


def test_what_is_remembered_is_bounded() -> None:
    baseline = DurationBaseline(RATE)
    for number, seconds in enumerate(noisy(1500)):
        baseline.learn(seconds, regime=number // 3)
    early = len(pickle.dumps(baseline))
    for number, seconds in enumerate(noisy(1500), start=1500):
        baseline.learn(seconds, regime=number // 3)
    assert len(pickle.dumps(baseline)) < 1.1 * early


def test_lone_outliers_move_neither_the_level_nor_the_limit_much() -> None:
    clean, spoilt = DurationBaseline(RATE), DurationBaseline(RATE)
    for number, seconds in enumerate(noisy(800)):
        clean.learn(seconds)
        spoilt.learn(seconds * 50 if number in (300, 480, 700) else seconds)
    assert spoilt.judge(60.0).expected_seconds == pytest.approx(clean.judge(60.0).expected_seconds or 0, rel=0.02)
    limits = spoilt.limit(), clean.limit()
    assert limits[0] is not None
    assert limits[1] is not None
    assert limits[0] < 2 * limits[1]


def test_more_work_may_take_longer_and_a_fixed_cost_stays() -> None:
    random = np.random.default_rng(5)
    baseline = DurationBaseline(RATE)
    for _ in range(400):
        rows = float(np.exp(random.uniform(np.log(1e3), np.log(1e6))))
        baseline.learn((10 + rows / 1e4) * float(np.exp(0.05 * random.standard_normal())), size=rows)
    for rows in (0.0, 1e3, 1e5, 1e6, 3e6):
        assert baseline.judge(1.0, size=rows).expected_seconds == pytest.approx(10 + rows / 1e4, rel=0.08)
    assert baseline.judge(50.0, size=1e3).anomalous
    assert not baseline.judge(110.0, size=1e6).anomalous


def test_cold_starts_have_a_level_of_their_own() -> None:
    baseline = DurationBaseline(RATE)
    for number, seconds in enumerate(noisy(400)):
        is_cold = number % 20 == 19
        verdict = baseline.judge(seconds * 3 if is_cold else seconds, regime="cold" if is_cold else "warm")
        assert not verdict.anomalous
        baseline.learn(seconds * 3 if is_cold else seconds, regime="cold" if is_cold else "warm")
    assert baseline.judge(180.0, regime="cold").ratio == pytest.approx(1.0, rel=0.1)
    assert baseline.judge(180.0, regime="warm").ratio == pytest.approx(3.0, rel=0.1)
    assert baseline.judge(180.0, regime=("new", "label")).ratio == pytest.approx(3.0, rel=0.4)


def test_a_release_that_makes_it_slower_is_told_with_the_change() -> None:
    baseline = DurationBaseline(RATE)
    for seconds in noisy(500):
        baseline.learn(seconds, regime="v1")
    reasons = []
    for seconds in noisy(100, seed=6):
        verdict = baseline.judge(seconds * 1.5, regime="v2")
        reasons += [verdict.reason] * verdict.anomalous
        baseline.learn(seconds * 1.5, regime="v2")
    assert len(reasons) == 1
    assert reasons[0].startswith("level shift")
    assert "regime" in reasons[0]


def test_cold_starts_of_new_code_are_expected_to_take_what_those_of_the_old_took() -> None:
    baseline = DurationBaseline(RATE)
    for number, seconds in enumerate(noisy(400)):
        start = "cold" if number % 10 == 9 else "warm"
        baseline.learn(seconds * 3 if start == "cold" else seconds, regime=("v1", start))
    assert baseline.judge(180.0, regime=("v2", "cold")).ratio == pytest.approx(1.0, rel=0.1)
    baseline.learn(180.0, regime=("v2", "cold"))
    assert baseline.judge(60.0, regime=("v2", "warm")).ratio == pytest.approx(1.0, rel=0.1)


def test_hours_and_weekdays_that_take_longer_are_learned() -> None:
    baseline = DurationBaseline(RATE)
    for number, seconds in enumerate(noisy(24 * 42, noise=0.05)):
        at = START + timedelta(hours=number)
        usual = seconds * (1.5 if at.hour == 3 else 1.0) * (0.7 if at.weekday() >= 5 else 1.0)
        assert not baseline.judge(usual, at=at).anomalous, at
        baseline.learn(usual, at=at)
    night, saturday = START + timedelta(days=42, hours=3), START + timedelta(days=47, hours=12)
    assert baseline.judge(60.0, at=night).expected_seconds == pytest.approx(90.0, rel=0.06)
    assert baseline.judge(60.0, at=saturday).expected_seconds == pytest.approx(42.0, rel=0.06)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"seconds": -1.0}, "seconds=-1.0"),
        ({"seconds": math.nan}, "seconds=nan"),
        ({"seconds": 1.0, "size": -3}, "size=-3"),
        ({"seconds": 1.0, "at": datetime(2024, 1, 1)}, "time zone"),
    ],
)
def test_what_cannot_be_is_one_clear_error(told: dict[str, float], message: str) -> None:
    for call in (DurationBaseline().learn, DurationBaseline().judge):
        with pytest.raises(BaselineError, match=message):
            call(**told)  # type: ignore[operator]


@pytest.mark.parametrize("rate", [0.0, -1.0, 0.7, math.nan])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(BaselineError, match="false_alarm_rate"):
        DurationBaseline(rate)


histories = st.lists(st.floats(1.0, 1e4), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(histories, st.floats(1e-2, 1e3), st.floats(1.0, 1e5))
def test_the_unit_of_time_does_not_matter(history: list[float], unit: float, seconds: float) -> None:
    one, other = taught(history), taught([value * unit for value in history])
    verdict, scaled = one.judge(seconds), other.judge(seconds * unit)
    assert scaled.p_value == pytest.approx(verdict.p_value, rel=1e-6, abs=1e-12)
    assert scaled.expected_seconds == pytest.approx((verdict.expected_seconds or 0) * unit, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(histories, st.floats(0.0, 1e7), st.floats(0.0, 1e7))
def test_the_longer_it_takes_the_rarer_it_is(history: list[float], one: float, other: float) -> None:
    baseline = taught(history)
    short, long = sorted((one, other))
    assert baseline.judge(short).p_value >= baseline.judge(long).p_value


@settings(max_examples=40, deadline=None)
@given(histories, st.sampled_from([1e-5, 1e-3, 0.05]))
def test_beyond_the_limit_it_is_anomalous_and_before_it_not(history: list[float], rate: float) -> None:
    baseline = taught(history, rate)
    limit = baseline.limit()
    if limit is None:
        assert not baseline.judge(1e12).anomalous
    else:
        assert baseline.judge(limit * 1.0001).anomalous
        assert not baseline.judge(limit * 0.9999).anomalous


@settings(max_examples=30, deadline=None)
@given(histories, st.floats(1.0, 1e5))
def test_a_baseline_is_rebuilt_by_the_same_history_and_judging_teaches_nothing(
    history: list[float], seconds: float
) -> None:
    judging, learning = DurationBaseline(RATE), taught(history)
    for value in history:
        judging.judge(seconds)
        judging.learn(value)
        judging.limit()
    assert judging.judge(seconds) == learning.judge(seconds)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(1.0, 100.0), st.sampled_from("abc")), min_size=1, max_size=60))
def test_the_names_of_regimes_do_not_matter(history: list[tuple[float, str]]) -> None:
    one, other = DurationBaseline(RATE), DurationBaseline(RATE)
    for seconds, regime in history:
        one.learn(seconds, regime=regime)
        other.learn(seconds, regime={"a": 7, "b": None, "c": "x"}[regime])
    assert one.judge(50.0, regime="a") == other.judge(50.0, regime=7)
