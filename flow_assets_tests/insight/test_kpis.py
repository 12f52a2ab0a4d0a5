from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.errors import SelectionError
from flow_assets.insight.figures import By, Figures
from flow_assets.insight.kpis import find_kpis, sum_up
from flow_assets.ledger.measured_checks import Checked
from flow_assets.ledger.measurements import Measurement, Reuse, RunMeasurement
from flow_assets_tests.ruled import EXCESSIVE, GAPPY, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox

ADDED = (
    *("computed", "restored", "blocked", "failed", "rows_in", "rows_out", "bytes_in", "bytes_out"),
    *("rules_passed", "rules_warned", "rules_failed", "rows_quarantined"),
)


def attempt(dataset: str = "d", at: str = "2024-03-01T05", change: str = "computed", **other: object) -> Measurement:
    known = {
        **{"dataset": dataset, "partition": "p", "run_id": "r", "at": f"{at}:00:00.000+00:00", "change": change},
        **{"code_fingerprint": "c" * 64, "wall_seconds": 2.0, "cpu_seconds": 1.0, "peak_memory_bytes": 5},
        **{"rows_in": 1, "rows_out": 10, "bytes_in": 3, "bytes_out": 4, "partitions_in_call": 1, "engine": "duckdb"},
        **{"phases": {"compute": 1.5, "scan": 0.25}, "error": ""},
    }
    return Measurement(**{**known, **other})  # type: ignore[arg-type]


def run(start: str = "2024-03-01T05:00", end: str | None = "2024-03-01T05:01", **other: object) -> RunMeasurement:
    known = {
        **{"run_id": "r", "datasets": ("d",), "partitions": 1, "created_at": f"{start}+00:00"},
        **{"started_at": f"{start}+00:00", "ended_at": end and f"{end}+00:00", "outcomes": {}},
        **{"phases": {"queue": 3.0, "plan": 1.0}, "peak_memory_bytes": 1, "error": "", "reused": {}},
    }
    return RunMeasurement(**{**known, **other})  # type: ignore[arg-type]


def test_times_are_of_what_was_computed_and_totals_of_everything() -> None:
    attempts = [attempt(wall_seconds=float(seconds)) for seconds in (1, 2, 3, 4, 5)]
    attempts += [
        attempt(change="restored", wall_seconds=0.5, phases={"scan": 0.5}),
        attempt(error="E", change="failed"),
    ]
    of = sum_up(attempts, [], By.DATASET).groups["d"]
    assert (of.computed, of.restored, of.failed, of.blocked) == (5, 1, 1, 0)
    assert (of.wall_seconds, of.median_seconds, of.p95_seconds) == (17.5, 3.0, pytest.approx(4.8))
    assert of.rows_per_second == pytest.approx(50 / 15)
    assert (of.phases, of.slowest_phase) == ({"compute": 9.0, "scan": 2.0}, "compute")
    assert of.errors == {"E": 1}


def test_nothing_has_no_times() -> None:
    found = sum_up([], [], By.DATASET)
    assert (found.groups, found.phases, found.unit, found.periods) == ({}, {}, None, ())
    assert (found.total.median_seconds, found.total.rows_per_second, found.total.slowest_phase) == (None, None, None)
    assert (found.total.reuse_share, found.runs.median_seconds, found.runs.queue_p95_seconds) == (None, None, None)


def test_reuse_belongs_to_its_dataset_and_its_day_and_to_no_code_version() -> None:
    runs = [run(reused={"d": Reuse(3, 1.5)}), run("2024-03-02T01:00", reused={"d": Reuse(1, 1.0), "e": Reuse(2, 0.5)})]
    by_dataset, by_day, by_code = (sum_up([attempt()], runs, by) for by in (By.DATASET, By.DAY, By.CODE_VERSION))
    assert {name: (of.reused, of.saved_seconds) for name, of in by_dataset.groups.items()} == {
        "d": (4, 2.5),
        "e": (2, 0.5),
    }
    assert {day: (of.reused, of.computed) for day, of in by_day.groups.items()} == {
        "2024-03-01": (3, 1),
        "2024-03-02": (3, 0),
    }
    assert [(of.reused, of.reuse_share) for of in by_code.groups.values()] == [(None, None)]
    assert {(found.total.reused, found.total.reuse_share) for found in (by_dataset, by_day, by_code)} == {(6, 6 / 7)}


def test_code_versions_come_in_the_order_in_which_they_were_used() -> None:
    attempts = [attempt(code_fingerprint="f" * 64), attempt(code_fingerprint="a" * 64), attempt("e")]
    assert list(sum_up(attempts, [], By.CODE_VERSION).groups) == ["d ffffffffffff", "d aaaaaaaaaaaa", "e cccccccccccc"]


def test_phases_are_of_partitions_and_of_runs() -> None:
    found = sum_up([attempt(), attempt(phases={"scan": 0.75})], [run(phases={"plan": 2.5})], By.PHASE)
    assert (list(found.phases), found.groups) == (["plan", "compute", "scan"], {})
    assert {name: (of.of, of.seconds, of.count, of.share) for name, of in found.phases.items()} == {
        "plan": ("run", 2.5, 1, 0.5),
        "compute": ("partition", 1.5, 1, 0.3),
        "scan": ("partition", 1.0, 2, 0.2),
    }
    assert found.phases["scan"].median_seconds == 0.5


def test_runs_that_never_ended_are_counted_apart() -> None:
    figures = sum_up([], [run(), run(end=None), run(error="Failure", end="2024-03-01T05:03")], By.DATASET).runs
    assert (figures.count, figures.unended, figures.errors) == (3, 1, {"Failure": 1})
    assert (figures.median_seconds, figures.queue_p95_seconds) == (120.0, 3.0)


def test_over_time_there_is_a_median_for_each_period_in_which_something_was_computed() -> None:
    attempts = [attempt(at="2024-03-01T05", wall_seconds=1.0), attempt(at="2024-03-01T06", wall_seconds=3.0)]
    attempts += [attempt(at="2024-03-03T05", change="failed"), attempt(at="2024-03-04T05")]
    found = sum_up(attempts, [], By.DATASET)
    assert (found.unit, found.periods) == ("day", tuple(f"2024-03-0{n}" for n in (1, 2, 3, 4)))
    assert found.over_time == {"d": {"2024-03-01": 2.0, "2024-03-04": 2.0}}


_ATTEMPTS = st.lists(
    st.builds(
        attempt,
        st.sampled_from("de"),
        st.sampled_from([f"2024-03-0{day}T05" for day in (1, 2, 5)]),
        st.sampled_from(["computed", "restored", "failed", "blocked"]),
        wall_seconds=st.integers(0, 100).map(float),
        code_fingerprint=st.sampled_from("ab"),
        rows_out=st.integers(0, 10**12),
        checked=st.sampled_from([None, Checked(3, 1, 0, 7), Checked(None, 0, 2, 0)]),
    )
)


@given(_ATTEMPTS, st.sampled_from([By.DATASET, By.DAY, By.CODE_VERSION]))
def test_groups_come_to_the_total_whatever_they_are_told_apart_by(attempts: Sequence[Measurement], by: By) -> None:
    found = sum_up(attempts, [], by)
    for name in (*ADDED, "wall_seconds", "cpu_seconds"):
        assert sum(getattr(of, name) for of in found.groups.values()) == getattr(found.total, name), name
    assert sum(getattr(found.total, name) for name in ADDED[:4]) == len(attempts)
    assert set(ADDED) <= {field.name for field in fields(Figures)}


@pytest.mark.parametrize("by", [By.DATASET, By.DAY, By.CODE_VERSION])
def test_what_rules_found_is_counted_over_what_was_made(tmp_path: Path, by: By) -> None:
    sandbox = ruled(tmp_path)
    for day, lines in zip(DAYS, (None, STRANGE, EXCESSIVE, GAPPY, "nonsense\n"), strict=True):
        sandbox.land(day, lines)
    sandbox.run()
    with sandbox.project() as project:
        (of,) = find_kpis(project, "readings", by=by).groups.values()
        assert (of.rules_warned, of.rules_failed, of.rows_quarantined, of.blocked) == (2, 1, 2, 1)
        assert (of.rules_passed + 3) % 4 == 0
        assert find_kpis(project, "meters_seen").total.rules_warned == 0


def test_one_dataset_since_a_time(done: Sandbox) -> None:
    with done.project() as project:
        assert list(find_kpis(project).groups) == ["raw_readings", "readings", "meters_seen", "trends"]
        assert find_kpis(project, "trends", since="1h").total.computed == len(DAYS)
        assert find_kpis(project, "trends", since="2999-01-01").total.computed == 0
        with pytest.raises(SelectionError, match="Did you mean 'trends'"):
            find_kpis(project, "trend")


def test_of_one_dataset_phases_of_runs_that_it_shared_are_not_its_own(done: Sandbox) -> None:
    from flow_assets.ledger.run_log import RunEnd, RunLog, RunStart

    with done.project() as project:
        log = RunLog(project.engine, project.settings.environment)
        at = "2024-03-01T00:00:00.000+00:00"
        for name, datasets in (("a", ["trends"]), ("b", ["readings"]), ("c", ["readings", "trends"])):
            log.begin(RunStart(name, datasets, 1, at, at, {"queue": 1.0, "startup": 2.0}))
            log.end(RunEnd(name, at, {}, {"plan": 5.0}, 1, reused=dict.fromkeys(datasets, Reuse(1, 1.0))))
        found, every = (find_kpis(project, name, by=By.PHASE) for name in ("trends", None))
    assert (found.runs.count, found.shared_runs, found.total.reused) == (2, 1, 2)
    assert found.runs.queue_p95_seconds == 1.0
    phases = {name: of.seconds for name, of in found.phases.items() if of.of == "run"}
    assert phases == {"queue": 1.0, "startup": 2.0, "plan": 5.0}
    assert (every.runs.count, every.shared_runs, every.phases["queue"].seconds) == (3, 0, 3.0)
