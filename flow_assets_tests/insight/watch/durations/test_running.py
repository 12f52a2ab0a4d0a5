from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from flow_assets.insight.watch.durations.look import durations
from flow_assets.insight.watch.orchestration import ObservedRun, Orchestration
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets_tests.insight.watch.ledger_history import DAY, OTHER_CODE, History, SimpleExpectation
from flow_assets_tests.sandbox import DAYS

NAMES = ("readings", "trends")
USUAL = {"readings": 30.0, "trends": 30.0}


def observed(started: datetime | None, status: str = "STARTED", **options) -> ObservedRun:
    began = started.timestamp() if started else None
    fields = {"created_at": (began or 0) - 2, "started_at": began, "ended_at": None, "datasets": NAMES}
    return ObservedRun(**{"run_id": "going", "status": status, **fields, "partitions": (DAYS[0], DAYS[0]), **options})


def watch(history: History, now: datetime, *runs: ObservedRun, is_known: bool = True) -> list[Finding]:
    orchestration = Orchestration(runs=runs, is_known=is_known)
    return durations(Situation(history.project, now, orchestration), SimpleExpectation)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def published(history: History, at: datetime, run_id: str = "going") -> None:
    history.add(at, {"readings": 20.0}, kpi={"run_id": run_id})


def test_a_run_within_its_limit_is_not_told(history: History) -> None:
    begin = history.daily(10, USUAL)  # 60 s each, so that 90 are the limit
    assert watch(history, begin + seconds(89), observed(begin)) == []


def test_a_slow_run_is_told_and_then_that_it_hangs(history: History) -> None:
    begin = history.daily(10, USUAL)
    (slow,) = watch(history, begin + seconds(91), observed(begin))
    assert (slow.identity, slow.severity, slow.link) == ("run going", AlertSeverity.WARNING, "/runs/going")
    assert slow.title == "Slow run of readings, trends: it goes on for 1 min 31 s"
    assert slow.evidence["limit_seconds"] == pytest.approx(90)
    assert slow.since == begin.timestamp() + 90
    (hung,) = watch(history, begin + seconds(301), observed(begin))
    assert (hung.identity, hung.severity) == (slow.identity, AlertSeverity.CRITICAL)
    assert hung.title == "Hung run of readings, trends: nothing published for 5 min 1 s"


def test_a_run_that_publishes_does_not_hang(history: History) -> None:
    begin = history.daily(10, USUAL)
    published(history, begin + seconds(250))
    (finding,) = watch(history, begin + seconds(301), observed(begin))
    assert finding.severity is AlertSeverity.WARNING
    assert "published something 51.0 s ago" in finding.text


def test_what_ended_is_resolved(history: History) -> None:
    begin = history.daily(10, USUAL)
    ended = observed(begin, "SUCCESS", ended_at=begin.timestamp() + 400)
    assert watch(history, begin + seconds(401), ended) == []


def test_a_longer_range_may_take_longer(history: History) -> None:
    begin = history.daily(10, USUAL)
    five_days = observed(begin, partitions=(DAYS[0], DAYS[-1]))
    assert watch(history, begin + seconds(440), five_days) == []
    assert watch(history, begin + seconds(460), five_days)[0].evidence["limit_seconds"] == pytest.approx(450)


def test_runs_for_other_datasets_are_judged_by_what_each_takes(history: History) -> None:
    begin = history.daily(10, USUAL)
    only = observed(begin, datasets=("trends",))
    assert watch(history, begin + seconds(54), only) == []
    assert watch(history, begin + seconds(56), only)[0].evidence["limit_seconds"] == pytest.approx(55, rel=0.02)


def test_a_run_of_which_nothing_is_known_hangs_after_an_hour(history: History) -> None:
    begin = history.daily(1, {"raw_readings": 1.0})
    unknown = observed(begin, datasets=("meters_seen",))
    assert watch(history, begin + seconds(3500), unknown) == []
    (finding,) = watch(history, begin + seconds(3601), unknown)
    assert finding.severity is AlertSeverity.CRITICAL
    assert (finding.dataset, "limit_seconds" in finding.evidence) == ("meters_seen", False)


def test_a_run_of_which_not_even_the_datasets_are_known_has_a_name(history: History) -> None:
    begin = history.daily(10, USUAL)
    (finding,) = watch(history, begin + seconds(3601), observed(begin, datasets=(), partitions=None))
    assert finding.title == "Hung run going: nothing published for 1 h"
    strange = observed(begin, datasets=("gone",), partitions=("nowhere", "never"))
    assert watch(history, begin + seconds(3599), strange) == []


def test_failed_and_idle_runs_teach_nothing(history: History) -> None:
    begin = history.daily(10, USUAL)
    history.add(begin, USUAL, run_seconds=5000.0, outcomes={"computed": 1, "failed": 1})
    for number in range(20):
        kpi = {"change": "restored"}
        history.add(begin + number * DAY, USUAL, run_seconds=1.0, outcomes={"reused": 2}, kpi=kpi)
    begin += 21 * DAY
    assert watch(history, begin + seconds(89), observed(begin)) == []
    assert watch(history, begin + seconds(91), observed(begin))


def test_a_slow_run_and_its_slow_dataset_are_one_alert(history: History) -> None:
    begin = history.daily(10, USUAL)
    (going,) = watch(history, begin + seconds(120), observed(begin))
    run = history.add(begin + seconds(200), {"readings": 30.0, "trends": 160.0}, run_seconds=200.0)
    ended = replace(observed(begin), run_id=run, status="SUCCESS", ended_at=begin.timestamp() + 200)
    (found,) = watch(history, begin + seconds(230), ended)
    assert found.identity == going.identity.replace("going", run)
    assert found.title.startswith("trends took 2 min 40 s")
    assert watch(history, begin + 30 * DAY / 4, ended)[0].identity == found.identity  # also when Dagster forgot it
    assert watch(history, begin + 30 * DAY / 4)[0].identity == found.identity
    next_run = observed(begin + DAY)
    assert len(watch(history, begin + DAY + seconds(120), next_run)) == 1  # slow for the same cause
    hung = watch(history, begin + DAY + seconds(400), next_run)
    assert [finding.severity for finding in hung] == [AlertSeverity.WARNING, AlertSeverity.CRITICAL]


def test_a_slow_dataset_of_a_run_that_is_told_waits_for_its_end(history: History) -> None:
    begin = history.daily(10, USUAL)
    history.add(begin + seconds(100), {"readings": 95.0}, kpi={"run_id": "going"})
    found = watch(history, begin + seconds(120), observed(begin))
    assert [finding.identity for finding in found] == ["run going"]


def test_starting_a_process_is_part_of_a_run_and_not_of_its_queue(history: History) -> None:
    begin = history.daily(10, USUAL, phases={"queue": 1.0, "startup": 20.0}, queue_seconds=900.0)
    (finding,) = watch(history, begin + seconds(121), observed(begin))
    assert finding.evidence["limit_seconds"] == pytest.approx(120)
    assert watch(history, begin + seconds(119), observed(begin)) == []
    assert watch(history, begin, observed(None, "QUEUED", created_at=begin.timestamp() - 121))


def test_one_alert_for_all_runs_that_wait(history: History) -> None:
    now = history.daily(10, USUAL, queue_seconds=10.0)
    waiting = [observed(None, "QUEUED", run_id=f"waiting-{n}", created_at=now.timestamp() - 20 * n) for n in range(10)]
    assert watch(history, now, *waiting[:6]) == []  # 100 s: nobody is alarmed
    (finding,) = watch(history, now, *waiting)
    assert (finding.identity, finding.run_id) == ("runs wait to start", "waiting-9")
    assert (finding.evidence["runs"], finding.evidence["status"]) == (3, "QUEUED")
    assert finding.title == "3 runs wait to start, the oldest for 3 min"


def test_a_queue_that_usually_is_long_may_be(history: History) -> None:
    now = history.daily(10, USUAL, queue_seconds=1000.0)
    assert watch(history, now, observed(None, "STARTING", created_at=now.timestamp() - 1490)) == []
    assert watch(history, now, observed(None, "STARTING", created_at=now.timestamp() - 1510))


def test_without_history_ten_minutes_are_too_long(history: History) -> None:
    now = history.daily(1, USUAL)
    assert watch(history, now, observed(None, "QUEUED", created_at=now.timestamp() - 590)) == []
    assert watch(history, now, observed(None, "QUEUED", created_at=now.timestamp() - 610))


def test_what_waits_behind_a_hung_run_is_explained(history: History) -> None:
    begin = history.daily(10, USUAL)
    behind = observed(None, "QUEUED", run_id="behind", created_at=begin.timestamp())
    found = watch(history, begin + seconds(500), observed(begin), behind)
    assert [finding.identity for finding in found] == ["run going"]
    stuck = replace(behind, status="STARTING")
    found = watch(history, begin + seconds(500), observed(begin), stuck)
    assert [finding.identity for finding in found] == ["run going", "runs wait to start"]


def test_nothing_is_said_of_runs_if_dagster_could_not_be_asked(history: History) -> None:
    begin = history.daily(10, USUAL)
    assert watch(history, begin + DAY, observed(begin), is_known=False) == []


def test_a_clock_that_was_moved_back_alarms_nobody(history: History) -> None:
    begin = history.daily(10, USUAL)
    history.add(begin + DAY, {"readings": 500.0}, code=OTHER_CODE)
    waiting = observed(None, "QUEUED", created_at=(begin + DAY).timestamp())
    assert watch(history, begin, observed(begin + DAY), waiting) == []
