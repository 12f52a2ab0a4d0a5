"""The watch with the baselines it is delivered with, over durations with noise."""

import pytest

from flow_assets.insight.watch.durations.look import durations
from flow_assets.insight.watch.situation import Situation
from flow_assets_tests.insight.watch.durations.noisy_runs import NAMES, Noisy
from flow_assets_tests.insight.watch.ledger_history import CODE, DAY, OTHER_CODE, START, History


@pytest.fixture(params=[1, 2, 3])
def noisy(history: History, request: pytest.FixtureRequest) -> Noisy:
    made = Noisy(history, request.param)
    with history.together():
        for _ in range(60):
            made.add()
    return made


def test_doubled_durations_are_told_within_three_runs_and_stay_told(noisy: Noisy) -> None:
    told = [noisy.run(2.0) for _ in range(6)]
    assert "slow trends" in told[2]
    assert all("slow trends" in each for each in told[2:])
    back = [noisy.run() for _ in range(4)]
    assert "slow trends" not in back[-1]


def test_a_code_that_takes_half_as_long_again_is_told_with_its_change(noisy: Noisy) -> None:
    told = [noisy.run(1.5, code=OTHER_CODE) for _ in range(13)]
    assert any("code of trends bbbbbbbb" in each for each in told)
    assert not any("slow trends" in each for each in told)


def test_a_slow_run_in_between_is_told_once(noisy: Noisy) -> None:
    assert "slow trends" in noisy.run(5.0)
    assert "slow trends" not in noisy.run()


@pytest.mark.parametrize("code", [CODE, OTHER_CODE])
def test_after_a_week_of_runs_a_function_that_sleeps_is_told_at_once(history: History, code: str) -> None:
    now = history.daily(7, dict.fromkeys(NAMES, 0.05))
    history.add(now, {**dict.fromkeys(NAMES, 0.05), "trends": 6.0}, code=code)
    found = durations(Situation(history.project, now))
    (finding,) = found
    assert finding.dataset == "trends"
    assert finding.evidence.get("code_after", CODE[:8]) == code[:8]
    assert finding.chart is not None
    assert finding.chart.values[-1] == 6.0
    history.add(now + DAY, dict.fromkeys(NAMES, 0.05), code=code)
    assert durations(Situation(history.project, now + DAY)) == []


def test_a_year_computed_anew_at_once_is_not_slow(history: History) -> None:
    now = history.daily(14, dict.fromkeys(NAMES, 2.0), rows=1000)
    history.add(now, dict.fromkeys(NAMES, 700.0), rows=365_000, partitions=[f"{day:03}" for day in range(365)])
    assert durations(Situation(history.project, now)) == []


@pytest.mark.parametrize(("seconds_each", "told"), [(0.1, []), (5.0, ["code of trends bbbbbbbb"])])
def test_slow_code_is_told_also_where_it_makes_all_anew_in_a_run_larger_than_any_before(
    history: History, seconds_each: float, told: list[str]
) -> None:
    keys = [f"2024-03-{day:02d}" for day in range(1, 10)]
    for number, key in enumerate(keys[:-1]):
        history.add(START + number * DAY, {"trends": 0.1 + 0.01 * (number % 3)}, rows=100, partitions=[key])
    now = START + len(keys) * DAY
    seconds = {"trends": seconds_each * len(keys)}
    history.add(now, seconds, rows=100 * len(keys), partitions=keys, code=OTHER_CODE)
    assert [finding.identity for finding in durations(Situation(history.project, now))] == told
