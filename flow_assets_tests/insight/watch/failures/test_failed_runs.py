"""Runs that failed of something else than a partition."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from flow_assets.insight.watch.failures.look import failures
from flow_assets.insight.watch.orchestration import ObservedRun
from flow_assets.ledger.holdings import Holding, Holdings
from flow_assets_tests.insight.watch.looks import ago, situation
from flow_assets_tests.sandbox import DAYS, Sandbox

DEAD = "The process that carried this run out is dead."
CRASH = ObservedRun(
    "r1",
    "FAILURE",
    ago(100),
    ago(99),
    ago(90),
    ("raw_readings", "readings"),
    (DAYS[0], DAYS[2]),
    DEAD,
    "landing_folder",
)
LATER = replace(CRASH, run_id="r2", created_at=ago(50), started_at=ago(49), ended_at=ago(40))


def test_a_crash_is_a_warning_with_a_link(sandbox: Sandbox) -> None:
    with situation(sandbox, runs=(CRASH,)) as seen:
        (finding,) = failures(seen)
    assert (finding.severity, finding.run_id, finding.link) == ("warning", "r1", "/runs/r1")
    assert finding.title == f"A run of raw_readings, readings failed once: {DEAD}"
    assert finding.since == CRASH.ended_at
    assert f"Not of a partition, but of: {DEAD}\n" in finding.text
    assert "Asked for by landing_folder." in finding.text


def test_crashes_alike_are_one_finding_and_three_are_critical(sandbox: Sandbox) -> None:
    errors = [f"OSError: pipe {n} broke" for n in range(3)]
    runs = tuple(replace(CRASH, run_id=f"r{n}", created_at=ago(100 - n), error=error) for n, error in enumerate(errors))
    with situation(sandbox, runs=runs[::-1]) as seen:
        (finding,) = failures(seen)
    assert (finding.severity, finding.evidence["failed_runs"], finding.run_id) == ("critical", 3, "r2")


@pytest.mark.parametrize(
    "changes",
    [
        {"is_retried": True},
        {"error": "Failure: 3 partitions failed:"},
        {"error": "DagsterExecutionInterruptedError"},
        {"status": "CANCELED"},
        {"status": "STARTED", "ended_at": None},
        {"created_at": ago(100_000), "ended_at": ago(90_000)},
    ],
)
def test_what_is_no_crash_to_tell_of(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    with situation(sandbox, runs=(replace(CRASH, **changes),)) as seen:
        assert failures(seen) == []


@pytest.mark.parametrize(
    ("changes", "is_mended"),
    [
        ({"status": "SUCCESS"}, True),
        ({"status": "FAILURE", "error": "Failure: 1 partition failed:"}, True),
        ({"status": "SUCCESS", "partitions": (DAYS[2], DAYS[4])}, True),
        ({"status": "SUCCESS", "partitions": (DAYS[3], DAYS[4])}, False),
        ({"status": "SUCCESS", "datasets": ("meters_seen",)}, False),
        ({"status": "STARTED", "ended_at": None}, False),
    ],
)
def test_a_later_run_that_comes_to_its_end_mends_it(sandbox: Sandbox, changes: dict[str, Any], is_mended: bool) -> None:
    with situation(sandbox, runs=(replace(LATER, **{"error": "", **changes}), CRASH)) as seen:
        assert [finding.run_id for finding in failures(seen)] == ([] if is_mended else ["r1"])


def test_publishing_all_of_it_mends_it_too(sandbox: Sandbox) -> None:
    sandbox.run()
    with situation(sandbox, runs=(CRASH,)) as seen:
        assert failures(seen) == []
    with situation(sandbox, runs=(replace(CRASH, created_at=ago(-7200), ended_at=ago(-7201)),), later=7300) as seen:
        assert len(failures(seen)) == 1


def test_runs_that_crashed_cost_no_look_at_all_that_is_published(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.land_all()
    sandbox.run()
    asked: list[int] = []
    current = Holdings.current

    def counted(self: Holdings, dataset: str, partitions: Sequence[str] | None = None) -> dict[str, Holding]:
        found = current(self, dataset, partitions)
        asked.append(len(found))
        return found

    monkeypatch.setattr(Holdings, "current", counted)
    everything = replace(CRASH, partitions=None, created_at=ago(-7200), ended_at=ago(-7201))
    with situation(sandbox, runs=(everything,), later=7300) as seen:
        assert len(failures(seen)) == 1
    assert asked == [1]
    with situation(sandbox, runs=(replace(everything, created_at=ago(3600)),), later=7300) as seen:
        assert failures(seen) == []


def test_another_job_s_run(sandbox: Sandbox) -> None:
    run = replace(CRASH, datasets=(), partitions=None, error="Failure: no", origin="nightly")
    with situation(sandbox, runs=(run,)) as seen:
        (finding,) = failures(seen)
    assert finding.title == "A run of a job of its own failed once: Failure: no"
    done = replace(run, run_id="r9", status="SUCCESS", error="", created_at=ago(10))
    with situation(sandbox, runs=(done, run)) as seen:
        assert failures(seen) == []


def test_of_a_dagster_that_cannot_be_asked_nothing_is_found(sandbox: Sandbox) -> None:
    with situation(sandbox, runs=(CRASH,), is_known=False) as seen:
        assert failures(seen) == []
