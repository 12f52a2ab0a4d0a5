from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.watch.budget import Budget, read_budget
from flow_assets.insight.watch.calibration import (
    Calibration,
    Replayed,
    calibrate,
    rate_interval,
    replay_durations,
)
from flow_assets.insight.watch.durations.look import durations
from flow_assets.insight.watch.situation import Situation
from flow_assets.materialization.project import Project
from flow_assets_tests.insight.watch.ledger_history import DAY, START, History, SimpleExpectation


def simple(project: Project, now) -> Calibration:
    replays = {"durations": lambda p, at, budget: replay_durations(p, at, budget, SimpleExpectation)}
    return calibrate(project, now, replays)


def test_the_replay_tells_what_was_told(history: History) -> None:
    told = set()
    for number in range(70):
        at = START + number * DAY
        is_slow = number in (20, 21, 40, 63)
        history.add(at, {"readings": 100.0 if is_slow else 20.0, "trends": 10.0})
        told |= {
            (found.identity, found.since) for found in durations(Situation(history.project, at), SimpleExpectation)
        }
    now = START + 70 * DAY
    found = simple(history.project, now)
    by_dataset = {part.replayed.dataset: part for part in found.parts}
    readings = by_dataset["readings"]
    share = read_budget(history.project, now).share("durations", "readings")
    weeks = pytest.approx(10)
    assert readings.replayed == Replayed("durations", "readings", 70, 3, 1, weeks, share)  # once slow twice in a row
    assert len(told) == readings.replayed.alarms
    assert by_dataset["trends"].replayed.alarms == 0
    assert readings.alarms_per_week == pytest.approx(0.3)
    assert readings.low < 0.3 < readings.high
    assert (found.total.replayed.judgements, found.total.replayed.alarms) == (140, 3)
    assert (found.total.alarms_per_week, found.total.replayed.budget) == (pytest.approx(0.3), 1)
    assert found.total.is_within


def test_too_many_alarms_are_seen_to_be(history: History) -> None:
    for number in range(200):
        history.add(START + number * timedelta(hours=4), {"readings": 100.0 if number % 10 == 9 else 20.0})
    found = simple(history.project, START + 200 * timedelta(hours=4))
    assert found.total.replayed.alarms == 20
    assert found.total.low > 1
    assert not found.total.is_within


def test_without_history_nothing_was_judged(project: Project) -> None:
    found = calibrate(project, START)
    assert found.parts == ()
    assert (found.total.replayed.judgements, found.total.low, found.total.is_within) == (0, 0, True)


def test_other_watches_join(history: History) -> None:
    now = history.daily(10, {"readings": 1.0})

    def replay(project: Project, at, budget: Budget) -> list[Replayed]:
        assert budget == read_budget(project, at)
        return [Replayed("freshness", "readings", 50, 2, 0, 4.0, 0.1)]

    found = calibrate(history.project, now, {"freshness": replay})
    assert [part.replayed.watch for part in found.parts] == ["freshness"]
    assert found.total.replayed.alarms == 2


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39), (100, 81.36, 121.63)]
)
def test_the_interval_of_garwood(count: int, low: float, high: float) -> None:
    assert rate_interval([(count, 1.0)]) == pytest.approx((low, high), rel=1e-3, abs=1e-4)
    assert rate_interval([(count, 4.0)]) == pytest.approx((low / 4, high / 4), rel=1e-3, abs=1e-4)


@given(st.integers(0, 10_000), st.floats(0.1, 500))
def test_the_interval_holds_what_was_seen(count: int, weeks: float) -> None:
    low, high = rate_interval([(count, weeks)])
    assert 0 <= low <= count / weeks < high
    assert rate_interval([(count + 1, weeks)]) > (low, high)


def test_the_interval_of_a_sum_of_rates() -> None:
    together, apart = rate_interval([(10, 4.0)]), rate_interval([(4, 4.0), (6, 4.0)])
    assert apart == pytest.approx(together)  # over the same weeks it is one count
    low, high = rate_interval([(3, 1.0), (0, 52.0)])
    assert low == pytest.approx(rate_interval([(3, 1.0)])[0])  # long quiet elsewhere is no excuse
    assert high == pytest.approx(rate_interval([(3, 1.0)])[1])


def test_the_interval_of_a_sum_covers_it_as_often_as_it_says() -> None:
    random = np.random.default_rng(17)
    rates, weeks = np.array([0.5, 0.1, 2.0]), np.array([4.0, 50.0, 1.0])
    counts = random.poisson(rates * weeks, (2000, 3)).tolist()
    intervals = [rate_interval(list(zip(some, weeks.tolist(), strict=True))) for some in counts]
    assert np.mean([low <= rates.sum() <= high for low, high in intervals]) >= 0.95


@pytest.mark.slow
def test_the_budget_is_kept_over_two_years_without_a_cause(history: History) -> None:
    random = np.random.default_rng(20240603)
    names = list(history.project.graph.datasets)
    with history.together():
        for number in range(2 * 365):
            for name in names:
                rows = int(random.lognormal(7, 0.4))
                seconds = float((20 + rows / 50) * random.lognormal(0, 0.15))
                history.add(START + number * DAY, {name: seconds}, rows=rows)
    found = calibrate(history.project, START + 2 * 365 * DAY)
    assert found.total.replayed.judgements == 4 * 730
    assert found.total.is_within
    assert found.total.replayed.weeks == pytest.approx(104.3, abs=0.1)
