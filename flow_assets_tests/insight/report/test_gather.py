import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from flow_assets.errors import SelectionError
from flow_assets.insight.report.gather import MOST_ALERTS, MOST_ATTENTION, Report, find_report
from flow_assets.insight.report.states import PartitionState
from flow_assets.insight.status import find_status
from flow_assets.ledger.findings import AlertSeverity
from flow_assets_tests.insight.report.reported import alert
from flow_assets_tests.sandbox import DAYS, Sandbox


def states(report: Report, dataset: str) -> dict[str, str]:
    (calendar,) = (of for of in report.calendars if of.dataset == dataset)
    cells = [*calendar.listed, *(cell for grid in calendar.grids for cell in grid.cells if cell)]
    return {cell.label: cell.state.value for cell in cells}


def test_each_partition_is_what_became_of_it(report: Report) -> None:
    assert states(report, "raw_readings") == dict(zip(DAYS, ("fresh", "fresh", "fresh", "failed", "late"), strict=True))
    assert states(report, "readings") == dict(zip(DAYS, ("fresh", "blocked", "fresh", "held", "missing"), strict=True))
    assert states(report, "meters_seen") == {"": "fresh"}


def test_the_numbers_are_those_of_the_status(report: Report, troubled: Sandbox) -> None:
    with troubled.project() as project:
        status = find_status(project)
    assert report.partitions == sum(of.partitions for of in status.datasets.values())
    assert report.states[PartitionState.BLOCKED] == sum(of.blocked for of in status.datasets.values())
    assert report.states[PartitionState.FAILED] == sum(of.failed for of in status.datasets.values())
    assert report.partitions - report.up_to_date == len(report.attention)


def test_what_is_off_is_said_in_words_the_worst_first(report: Report) -> None:
    said = {f"{t.dataset} {t.partition}": (t.state.value, t.reason) for t in report.attention}
    assert [t.state for t in report.attention] == sorted(
        (t.state for t in report.attention), key=list(PartitionState).index
    )
    assert said[f"raw_readings {DAYS[4]}"] == ("late", "raw_readings 2024-03-05 is late")
    assert said[f"readings {DAYS[3]}"] == ("held", f"required input raw_readings {DAYS[3]} failed")
    assert "deciwatts" in said[f"readings {DAYS[1]}"][1]


def test_what_is_off_for_one_cause_is_told_together(report: Report, sandbox: Sandbox) -> None:
    assert sum(len(of.partitions) for of in report.troubles) == len(report.attention)
    assert {of.state: 1 for of in report.troubles} == {of.state: 1 for of in report.attention}
    held = {of.dataset: of for of in report.troubles if of.state is PartitionState.HELD}
    assert (held["readings"].partitions, held["readings"].reason) == (
        (DAYS[3],),
        f"required input raw_readings {DAYS[3]} failed",
    )
    with sandbox.project() as project:
        said = {of.dataset: (of.partitions, of.reason) for of in find_report(project).troubles}
    assert said["raw_readings"] == (DAYS, "never computed")
    assert said["readings"] == (DAYS, f"{DAYS[0]}: never computed; input raw_readings {DAYS[0]} comes first")
    assert said["meters_seen"][0] == ("",)


def test_failures_are_one_cause_where_they_differ_in_numbers_only(sandbox: Sandbox) -> None:
    for day, lines in zip(DAYS[:3], ("a,many,x", "a,many,x", "a,1,x,y"), strict=True):
        sandbox.land(day, f"meter,watts,note\n{lines}\n")
    sandbox.run()
    with sandbox.project() as project:
        failed = [of for of in find_report(project).troubles if of.state is PartitionState.FAILED]
    assert [of.partitions for of in failed] == [DAYS[:2], DAYS[2:3]]
    assert failed[0].reason.startswith(f"{DAYS[0]}: ")
    assert not failed[1].reason.startswith(DAYS[2])


def test_alerts_that_are_not_resolved_come_the_most_severe_first(report: Report) -> None:
    assert [alert.number for alert in report.alerts] == [5, 4, 3]
    assert (report.alerts_open, report.alerts_resolved) == (3, 1)


def test_what_was_made_before_the_window_is_reused(done: Sandbox) -> None:
    later = datetime.now(UTC) + timedelta(days=2)
    with done.project() as project:
        within = find_report(project, "3d", now=later)
        after = find_report(project, "1d", now=later)
    assert (within.states[PartitionState.FRESH], within.savings.computed) == (16, 16)
    assert (after.states[PartitionState.REUSED], after.savings.computed) == (16, 0)
    assert after.up_to_date == after.partitions == 16
    assert [trend.values for trend in after.trends if trend.measure == "seconds"] == [0] * 4
    assert not after.phases
    assert (after.savings.left, after.savings.share, within.savings.left) == (16, 1.0, 0)
    assert after.savings.seconds_saved > 0


def test_quality_is_of_what_is_there(report: Report) -> None:
    rows = {row.name: row for row in report.quality}
    assert list(rows) == ["all", *(of.dataset for of in report.calendars)]
    assert 0 < (rows["readings"].score or 0) < 1


def test_nothing_is_there_yet(sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        found = find_report(project)
    assert (found.up_to_date, found.partitions, found.quality, found.phases) == (0, 16, (), ())
    assert found.savings.share is None


def test_what_is_listed_is_bounded(sandbox: Sandbox) -> None:
    end = '"2024-03-01", end_date="2024-08-01"'
    sandbox.edit("calendar.py", '"2024-03-01", end_date="2024-03-06"', end)
    alerts = [alert(n, severity=list(AlertSeverity)[n % 3]) for n in range(300)]
    with sandbox.project() as project:
        found = find_report(project, alerts=alerts)
    assert (len(found.attention), len(found.alerts), found.alerts_open) == (MOST_ATTENTION, MOST_ALERTS, 300)
    assert {alert.finding.severity for alert in found.alerts} == {AlertSeverity.CRITICAL}


def test_the_values_are_json(report: Report) -> None:
    assert json.loads(json.dumps(asdict(report)))["states"]["late"] == 1


def test_a_window_must_be_a_time(done: Sandbox) -> None:
    with done.project() as project, pytest.raises(SelectionError, match="since 'soon' cannot be used"):
        find_report(project, "soon")
    with done.project() as project, pytest.raises(SelectionError, match="since '2999-01-01' lies in the future"):
        find_report(project, "2999-01-01")
