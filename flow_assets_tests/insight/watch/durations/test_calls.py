from datetime import timedelta
from pathlib import Path

import pytest

from flow_assets.insight.watch.durations import calls as module
from flow_assets.insight.watch.durations.calls import MOST_CALLS, read_calls, recent_calls
from flow_assets.ledger import tables
from flow_assets.ledger.database import transaction
from flow_assets.ledger.statements import insert_rows
from flow_assets.materialization.project import Project
from flow_assets_tests.insight.watch.ledger_history import CODE, DAY, OTHER_CODE, START, History
from flow_assets_tests.sandbox import DAYS, Sandbox


def test_the_partitions_of_a_run_are_one_call(history: History) -> None:
    run = history.add(START, {"trends": 12.0, "readings": 3.0}, rows=500, partitions=DAYS)
    found = recent_calls(history.project, START)
    assert set(found) == {"trends", "readings"}
    (call,) = found["trends"]
    assert (call.run_id, call.partitions, call.first, call.last) == (run, 5, DAYS[0], DAYS[-1])
    assert (call.seconds, call.rows, call.at) == (pytest.approx(12), 500, START)


def test_what_was_restored_is_no_call(history: History) -> None:
    history.add(START, {"readings": 1.0}, kpi={"change": "restored"})
    assert recent_calls(history.project, START) == {}


def test_partitions_of_another_code_are_another_call(history: History) -> None:
    history.add(START, {"readings": 1.0})
    history.runs -= 1
    with transaction(history.project.engine) as connection:
        row = history._kpi("readings", "x", START, 2.0, rows=1, code=OTHER_CODE, run_id="run-00001", kpi={})
        insert_rows(connection, tables.kpis, [row])
    found = recent_calls(history.project, START)["readings"]
    assert [(call.code_fingerprint, call.seconds) for call in found] == [(CODE, 1.0), (OTHER_CODE, 2.0)]


def test_only_what_was_known_by_then_and_not_too_long_ago(history: History) -> None:
    history.add(START, {"readings": 1.0})
    history.add(START + 80 * DAY, {"readings": 2.0})
    history.add(START + 100 * DAY, {"readings": 3.0})

    def seconds(now):
        return [call.seconds for call in recent_calls(history.project, now).get("readings", ())]

    assert seconds(START - DAY) == []
    assert seconds(START + 85 * DAY) == [1.0, 2.0]
    assert seconds(START + 99 * DAY) == [2.0]
    assert seconds(START + 100 * DAY) == [2.0, 3.0]
    everything = read_calls(history.project, START + 100 * DAY)["readings"]
    assert [call.seconds for call in everything] == [1.0, 2.0, 3.0]


def test_only_the_last_calls_of_each_dataset(history: History) -> None:
    rows = [
        history._kpi("readings", "x", START + n * timedelta(minutes=1), n, rows=1, code=CODE, run_id=f"{n}", kpi={})
        for n in range(MOST_CALLS + 7)
    ]
    with transaction(history.project.engine) as connection:
        insert_rows(connection, tables.kpis, rows)
    history.add(START, {"trends": 1.0})
    found = recent_calls(history.project, START + DAY)
    assert [call.seconds for call in found["readings"]] == [float(n) for n in range(7, MOST_CALLS + 7)]
    assert len(found["trends"]) == 1


def test_nothing_is_read_again_unless_something_came(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    read = read_calls
    monkeypatch.setattr(module, "read_calls", lambda *arguments: reads.append(1) or read(*arguments))
    history.add(START, {"readings": 1.0})
    for second in range(5):
        recent_calls(history.project, START + timedelta(seconds=30 * second))
    assert len(reads) == 1
    history.add(START, {"readings": 2.0})  # at the same time as the last
    assert len(recent_calls(history.project, START + timedelta(seconds=150))["readings"]) == 2
    assert len(reads) == 2


def test_two_deployments_are_not_mixed_up(history: History, tmp_path: Path) -> None:
    history.add(START, {"readings": 1.0})
    other = Sandbox(tmp_path, options={"environment": "other"})
    elsewhere = Sandbox(tmp_path / "elsewhere")
    with other.project() as second, elsewhere.project() as third:
        assert recent_calls(history.project, START).keys() == {"readings"}
        assert recent_calls(second, START) == recent_calls(third, START) == {}
        assert recent_calls(history.project, START).keys() == {"readings"}


def test_a_real_run_gives_calls(done: Sandbox) -> None:
    from datetime import UTC, datetime

    with done.project() as project:
        found = recent_calls(project, datetime.now(UTC))
    assert set(found) == {"raw_readings", "readings", "trends", "meters_seen"}
    (trends,) = found["trends"]
    assert (trends.partitions, trends.first, trends.last) == (5, DAYS[0], DAYS[-1])
    assert trends.seconds > 0


def test_a_dataset_that_is_gone_is_left_out(project: Project) -> None:
    History(project).add(START, {"gone": 1.0})
    assert recent_calls(project, START) == {}
