import json
from pathlib import Path

import pytest

from flow_assets.cli.alerts_calibration import show_calibration
from flow_assets_tests.insight.watch.ledger_history import START, History
from flow_assets_tests.sandbox import Sandbox


@pytest.fixture
def history(tmp_path: Path):
    with Sandbox(tmp_path).project() as project:
        yield History(project)


def test_people_see_what_was_told_beside_the_budget(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    history.daily(30, {"readings": 20.0, "trends": 10.0})
    history.add(START, {"readings": 500.0})
    show_calibration(history.project, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Alarms over the ledger's history")
    assert lines[1].split("  ")[0] == "watch"
    (readings,) = (line.split() for line in lines if "readings" in line)
    assert readings[:4] == ["durations", "readings", "31", "1"]
    (total,) = (line.split() for line in lines if line.startswith("all"))
    assert total[1:3] == ["61", "1"]
    assert total[-1] == "yes"
    assert any("FLOW_ASSETS_FALSE_ALARMS_PER_WEEK" in line for line in lines)


def test_scripts_get_the_same(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    history.daily(30, {"readings": 20.0})
    history.add(START, {"readings": 500.0})
    show_calibration(history.project, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["false_alarms_per_week"] == 1
    assert 0 < found["rate_per_judgement"] <= 0.05
    (part,) = found["parts"]
    assert (part["watch"], part["dataset"], part["judgements"], part["alarms"]) == ("durations", "readings", 31, 1)
    low, high = part["interval_per_week"]
    assert low < part["alarms_per_week"] < high
    assert found["total"]["is_within"] is True


def test_an_empty_ledger_says_what_to_do(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    show_calibration(history.project, as_json=False)
    assert "flow run" in capsys.readouterr().out
