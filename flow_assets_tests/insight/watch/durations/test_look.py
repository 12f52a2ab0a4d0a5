import shutil
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from flow_assets.insight.watch.durations.look import TOLD_FOR, durations
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets.materialization.project import Project
from flow_assets.settings import Settings
from flow_assets_tests.insight.watch.ledger_history import (
    CODE,
    DAY,
    OTHER_CODE,
    START,
    History,
    SimpleExpectation,
)

MINUTE = timedelta(minutes=1)
USUAL = {"raw_readings": 10.0, "readings": 20.0, "trends": 30.0, "meters_seen": 5.0}


def watch(history: History, now: datetime) -> list[Finding]:
    return durations(Situation(history.project, now), SimpleExpectation)


def told(history: History, now: datetime) -> list[str]:
    return [finding.identity for finding in watch(history, now)]


def slow(name: str, factor: float = 3.0) -> dict[str, float]:
    return {**USUAL, name: USUAL[name] * factor}


def test_usual_runs_are_not_told(history: History) -> None:
    now = history.daily(20, USUAL)
    assert told(history, now) == []


def test_a_slow_dataset_is_told_once_and_resolved_by_the_next_usual_run(history: History) -> None:
    now = history.daily(10, USUAL)
    run = history.add(now, slow("trends"))
    (finding,) = watch(history, now + MINUTE)
    assert (finding.watch, finding.identity, finding.dataset) == ("durations", "slow trends", "trends")
    assert (finding.severity, finding.run_id, finding.link) == (AlertSeverity.WARNING, run, f"/runs/{run}")
    assert finding.since == now.timestamp()
    assert finding.title == "trends took 1 min 30 s, 3.0 times as long as expected"
    assert finding.evidence["seconds"] == pytest.approx(90)
    assert finding.evidence["expected_seconds"] == pytest.approx(30, rel=0.02)
    assert finding.evidence["limit_seconds"] == pytest.approx(45, rel=0.02)
    assert watch(history, now + 2 * MINUTE) == [finding]  # the same, however often one looks
    history.add(now + DAY, slow("trends", 4.0))
    (again,) = watch(history, now + DAY)
    assert (again.identity, again.since, again.evidence["slow_runs"]) == ("slow trends", now.timestamp(), 2)
    history.add(now + 2 * DAY, USUAL)
    assert told(history, now + 2 * DAY) == []


def test_the_chart_shows_where_durations_were_expected(history: History) -> None:
    now = history.daily(40, USUAL)
    history.add(now, slow("trends"))
    chart = watch(history, now)[0].chart
    assert chart is not None
    assert len(chart.values) == len(chart.labels) == len(chart.low) == len(chart.high) == 30
    assert chart.values[-1] == pytest.approx(90)
    assert all(low <= value <= high for low, value, high in zip(chart.low[:-1], chart.values, chart.high, strict=False))
    assert chart.values[-1] > chart.high[-1]


@pytest.mark.parametrize(("seconds", "is_told"), [(0.9, False), (1.2, True)])
def test_a_difference_nobody_cares_for_is_not_told(history: History, seconds: float, is_told: bool) -> None:
    now = history.daily(10, {"readings": 0.1})
    history.add(now, {"readings": 0.1 + seconds})
    assert bool(told(history, now)) is is_told


def test_more_rows_may_take_longer(history: History) -> None:
    now = history.daily(10, {"readings": 10.0})
    history.add(now, {"readings": 100.0}, rows=10_000)
    assert told(history, now) == []
    history.add(now + DAY, {"readings": 100.0})
    assert told(history, now + DAY) == ["slow readings"]


def test_many_partitions_of_a_call_are_one_judgement(history: History) -> None:
    days = [f"2024-03-{day:02}" for day in range(1, 6)]
    now = history.daily(10, {"trends": 30.0}, partitions=days)
    history.add(now, {"trends": 100.0}, partitions=days)
    (finding,) = watch(history, now)
    assert finding.evidence["partitions"] == 5
    assert "5 partitions (2024-03-01 .. 2024-03-05), 1,000 rows read" in finding.text


def test_what_nobody_computed_again_is_forgotten(history: History) -> None:
    now = history.daily(10, USUAL)
    history.add(now, slow("trends"))
    assert told(history, now + 13 * DAY) == ["slow trends"]
    assert told(history, now + 15 * DAY) == []


def test_restored_partitions_teach_nothing(history: History) -> None:
    now = history.daily(10, {"readings": 20.0})
    for number in range(30):
        history.add(now + number * MINUTE, {"readings": 0.01}, kpi={"change": "restored"})
    history.add(now + DAY, {"readings": 21.0})
    assert told(history, now + DAY) == []


def test_a_slow_machine_is_told_once_for_all_datasets(history: History) -> None:
    now = history.daily(10, USUAL)
    history.add(now, {name: 3 * seconds for name, seconds in USUAL.items()})
    (finding,) = watch(history, now)
    assert finding.identity == "slow machine"
    assert set(finding.affected) == set(USUAL)
    assert "4 datasets of one run took up to 3.0 times" in finding.title
    assert finding.text.splitlines()[-1] == "and 1 more dataset"
    history.add(now + DAY, USUAL)
    assert told(history, now + DAY) == []


def test_two_slow_datasets_are_two_causes(history: History) -> None:
    now = history.daily(10, USUAL)
    history.add(now, {**slow("trends"), "readings": 60.0})
    assert sorted(told(history, now)) == ["slow readings", "slow trends"]


def test_slow_since_a_change_of_code_is_told_with_the_change_from_the_first_run_on(history: History) -> None:
    begin = history.daily(10, USUAL)
    run = history.add(begin, slow("trends"), code=OTHER_CODE)
    (first,) = watch(history, begin)
    assert first.identity == f"code of trends {OTHER_CODE[:8]}"
    assert (first.run_id, first.evidence["code_before"], first.evidence["code_after"]) == (run, CODE[:8], "bbbbbbbb")
    for number in range(1, 6):
        history.add(begin + number * DAY, slow("trends", 3 + number / 50), code=OTHER_CODE)
        assert told(history, begin + number * DAY) == [first.identity]  # one alert, whoever found it
    found = watch(history, begin + 5 * DAY)[0]
    assert found.title == "trends is 3.0 times slower since its code was changed"
    assert (found.since, found.run_id) == (begin.timestamp(), run)
    assert found.evidence["ratio"] == pytest.approx(3, rel=0.05)
    assert "where it took 30.3 s" in found.text


def test_a_change_is_told_for_a_week_and_not_again(history: History) -> None:
    begin = history.daily(12, {"trends": 30.0})
    for number in range(20):
        history.add(begin + number * DAY, {"trends": 43.0 + number % 3}, code=OTHER_CODE)  # within the limit
    days = [number for number in range(20) if told(history, begin + number * DAY)]
    assert days[0] <= 4
    assert days == list(range(days[0], days[0] + TOLD_FOR.days))


def test_a_faster_dataset_is_good_news(history: History) -> None:
    begin = history.daily(12, {"trends": 30.0})
    for number in range(8):
        history.add(begin + number * DAY, {"trends": 10.0 + number % 3 / 5}, code=OTHER_CODE)
    (finding,) = watch(history, begin + 7 * DAY)
    assert finding.severity is AlertSeverity.INFO
    assert finding.title == "trends is 2.9 times faster since its code was changed"


def test_a_change_that_costs_nothing_is_not_told(history: History) -> None:
    now = history.daily(12, USUAL)
    history.daily(12, USUAL, code=OTHER_CODE)
    assert told(history, now + 12 * DAY) == []


def test_the_next_change_of_code_ends_what_was_told_of_the_last(history: History) -> None:
    begin = history.daily(12, {"trends": 30.0})
    for number in range(4):
        history.add(begin + number * DAY, {"trends": 90.0 + number}, code=OTHER_CODE)
    assert told(history, begin + 3 * DAY) == ["code of trends bbbbbbbb"]
    history.add(begin + 4 * DAY, {"trends": 30.0}, code="c" * 64)
    assert told(history, begin + 4 * DAY) == []


def test_a_process_that_has_looked_before_sees_what_a_new_one_sees(history: History, tmp_path: Path) -> None:
    random = Random(20240603)
    for number in range(30):
        now = START + number * DAY
        code = OTHER_CODE if number > 20 else CODE
        seconds = {name: usual * random.choice([1.0, 1.1, 0.9, 3.0]) for name, usual in USUAL.items()}
        history.add(now, seconds, code=code, rows=random.choice([500, 1000, 2000]))
        looked = watch(history, now)
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(history.project.settings.root, copy)
        anew = Project.open(Settings(data=copy), history.project.graph)
        assert durations(Situation(anew, now), SimpleExpectation) == looked
