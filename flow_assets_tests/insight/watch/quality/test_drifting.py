"""Metrics that drift within their limits, on a dataset of many days."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from flow_assets.insight.watch.budget import SHARE_OF_DRIFTS
from flow_assets.insight.watch.calibration import calibrate
from flow_assets.insight.watch.quality.drift import find_drift, find_drifts
from flow_assets.insight.watch.quality.drifting import read_series
from flow_assets.insight.watch.quality.look import quality
from flow_assets.insight.watch.quality.replay import replay_drifts
from flow_assets.insight.watch.quality.series import Series
from flow_assets.ledger.findings import Finding
from flow_assets_tests.insight.watch.looks import situation
from flow_assets_tests.sandbox import Sandbox

DAYS = [(date(2024, 1, 1) + timedelta(days=n)).isoformat() for n in range(70)]
ROWS = 200
NOW = datetime(2024, 3, 12, tzinfo=UTC)


def lines(random: Random, share: float, rows: int) -> str:
    watts = ["" if random.random() < share else str(random.randrange(9)) for _ in range(rows)]
    return "meter,watts,note\n" + "".join(f"m{n},{watt},\n" for n, watt in enumerate(watts))


def box_of(root: Path, share: Callable[[int], float], rows: Callable[[int], int] = lambda day: ROWS) -> Sandbox:
    """Seventy days on which a share of the readings is missing; half of them may be."""
    made = Sandbox(root)
    made.edit("calendar.py", '"2024-03-01", end_date="2024-03-06"', '"2024-01-01", end_date="2024-03-11"')
    rule = 'rules=[not_null(severity="warn", tolerance=0.5)], unit="watts", nullable=True'
    made.edit("raw_readings.py", 'unit="watts", nullable=True', rule)
    made.edit("raw_readings.py", "column, dataset, landed", "column, dataset, landed, not_null")
    random = Random(17)
    for number, day in enumerate(DAYS):
        made.land(day, lines(random, share(number), rows(number)))
    made.run("raw_readings")
    return made


def found(sandbox: Sandbox) -> Sequence[Finding]:
    with situation(sandbox) as seen:
        return quality(seen)


def test_a_steady_series_with_weekends_and_a_bad_day_is_no_finding(tmp_path: Path) -> None:
    box = box_of(
        tmp_path,
        lambda day: 0.45 if day == 66 else 0.1,
        lambda day: ROWS // 4 if date.fromisoformat(DAYS[day]).weekday() > 4 else ROWS,
    )
    assert found(box) == []


def test_a_share_that_rose_within_its_limit_is_a_warning_with_a_chart(tmp_path: Path) -> None:
    (finding,) = found(box_of(tmp_path, lambda day: 0.1 if day < 62 else 0.3))
    assert (finding.identity, finding.severity) == ("drifting raw_readings completeness", "warning")
    assert finding.title.startswith("raw_readings: the share that fails watts_not_null went from ")
    assert finding.evidence["expected"] == pytest.approx(10, abs=3)
    assert finding.evidence["seen"] == pytest.approx(30, abs=5)
    assert finding.chart
    assert len(finding.chart.labels) == len(finding.chart.values) == len(finding.chart.low) == len(finding.chart.high)
    assert finding.chart.values[-1] > finding.chart.high[-1]
    assert all(value < finding.chart.high[-1] for value in finding.chart.values[:-1])
    assert finding.partitions[0] in DAYS[56:]


def test_a_share_that_falls_is_good_news(tmp_path: Path) -> None:
    assert found(box_of(tmp_path, lambda day: 0.3 if day < 62 else 0.1)) == []


@pytest.mark.parametrize("factor", [0.5, 2])
def test_rows_that_became_fewer_or_more(tmp_path: Path, factor: float) -> None:
    (finding,) = found(box_of(tmp_path, lambda day: 0.1, lambda day: ROWS if day < 63 else int(ROWS * factor)))
    assert finding.identity == "drifting raw_readings volume"
    assert finding.evidence["seen"] == pytest.approx(ROWS * factor)


def test_beyond_the_limit_it_is_a_broken_rule_and_not_told_twice(tmp_path: Path) -> None:
    (finding,) = found(box_of(tmp_path, lambda day: 0.1 if day < 63 else 0.7))
    assert finding.identity == "warned raw_readings"


def test_downstream_suffers_and_is_no_finding_of_its_own(tmp_path: Path) -> None:
    box = box_of(tmp_path, lambda day: 0.1, lambda day: ROWS if day < 63 else ROWS // 2)
    box.run("readings")
    (finding,) = found(box)
    assert (finding.dataset, finding.affected) == ("raw_readings", ("readings",))


def test_replayed_each_drift_is_one_alarm_and_what_follows_from_it_none(tmp_path: Path) -> None:
    box = box_of(tmp_path, lambda day: 0.1 if day < 50 else 0.3, lambda day: ROWS if day < 58 else ROWS // 2)
    box.run("readings")
    with box.project() as project:
        replayed = {one.dataset: one for one in replay_drifts(project)}
        calibrated = {p.replayed.dataset: p for p in calibrate(project, NOW).parts if p.replayed.watch == "quality"}
    raw, cleaned = replayed["raw_readings"], replayed["readings"]
    assert (raw.found, cleaned.found) == (2, 0)
    ends = len(DAYS) - 42 + 1
    assert raw.weeks == ends / 7
    assert raw.tests % ends == cleaned.tests % ends == 0
    part = calibrated["raw_readings"].replayed
    assert (part.judgements, part.alarms, part.weeks) == (raw.tests, 2, raw.weeks)
    assert sum(one.replayed.budget for one in calibrated.values()) == pytest.approx(SHARE_OF_DRIFTS)
    a_week = (raw.tests + cleaned.tests) / raw.weeks
    assert raw.rate == cleaned.rate == pytest.approx(0.2 / a_week)


def test_a_replay_finds_what_a_look_after_each_day_would_have_found(tmp_path: Path) -> None:
    box = box_of(tmp_path, lambda day: 0.1 if day < 50 else 0.3)
    with box.project() as project:
        series = {one.metric: one for one in read_series(project, whole=True)["raw_readings"]}["watts_not_null"]
    days = range(len(DAYS) + 1)
    seen = [drift is not None for drift in find_drifts(series, 7, 0.001, days)]
    assert seen == [find_drift(until(series, day), 7, 0.001) is not None for day in days]
    assert seen.index(True) in range(51, 60)


def until(series: Series, day: int) -> Series:
    columns = (series.partitions, series.failed, series.totals, series.are_broken, series.checked_at)
    return Series(series.dataset, series.metric, series.dimension, *(column[:day] for column in columns))
