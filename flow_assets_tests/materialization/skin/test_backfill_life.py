"""The life of a backfill over everything, through Dagster's daemon: failures, retries, repetitions, kills."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import dagster as dg
import pytest
from dagster._core.execution.asset_backfill import AssetBackfillData
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from flow_assets.materialization.skin import open_instance
from flow_assets.materialization.skin.workers import Worker
from flow_assets_tests.forked import start_flow
from flow_assets_tests.materialization.skin.conftest import Deployment, deploy
from flow_assets_tests.materialization.skin.test_assets import BAD, BY_METER
from flow_assets_tests.materialization.skin.test_backfill import UNFINISHED, daemon
from flow_assets_tests.materialization.skin.test_upstream_staleness import stale
from flow_assets_tests.sandbox import DAYS, Sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning"),  # Dagster calls its own
]

T = TypeVar("T")
DAILY = ("raw_readings", "readings", "trends")
OF_ALL_DAYS = ("meter_history", "meters_seen")
SLOW = "    import time\n\n    time.sleep(1)\n    day = context"


def request(deployment: Deployment, backfill_id: str) -> None:
    """Ask for every partition of every dataset, as the UI does when all assets are selected."""
    graph = deployment.definitions.resolve_asset_graph()
    deployment.instance.add_backfill(
        PartitionBackfill.from_asset_partitions(
            backfill_id=backfill_id,
            asset_graph=graph,
            partition_names=None,
            asset_selection=list(graph.get_all_asset_keys()),
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=deployment.instance,
            all_partitions=True,
            title=None,
            description=None,
            run_config=None,
        )
    )


def retry(deployment: Deployment, parent_id: str, backfill_id: str) -> set[str]:
    """Retry from failure as the UI does (`retry_partition_backfill`), and return what that targets."""
    parent = deployment.instance.get_backfill(parent_id)
    assert parent
    graph = deployment.definitions.resolve_asset_graph()
    data = parent.get_asset_backfill_data(graph)
    subset = data.target_subset - data.materialized_subset
    deployment.instance.add_backfill(
        PartitionBackfill.from_asset_graph_subset(
            backfill_id=backfill_id,
            asset_graph_subset=subset,
            dynamic_partitions_store=deployment.instance,
            tags={},
            backfill_timestamp=time.time(),
            title=None,
            description=None,
            run_config=None,
        )
    )
    return names(subset)


def ended(deployment: Deployment, backfill_id: str, log: Path) -> tuple[BulkActionStatus, AssetBackfillData]:
    def end() -> tuple[BulkActionStatus, AssetBackfillData] | None:
        found = deployment.instance.get_backfill(backfill_id)
        if found is None or found.status in UNFINISHED:
            return None
        return found.status, found.get_asset_backfill_data(deployment.definitions.resolve_asset_graph())

    return wait_for(end, log)


def cancelled(deployment: Deployment, backfill_id: str) -> BulkActionStatus | None:
    """Cancel it as the UI does, and again where the daemon has written over that what it had read before."""
    found = deployment.instance.get_backfill(backfill_id)
    assert found
    if found.status is BulkActionStatus.REQUESTED:
        deployment.instance.update_backfill(found.with_status(BulkActionStatus.CANCELING))
    return None if found.status in UNFINISHED else found.status


def wait_for(look: Callable[[], T | None], log: Path, seconds: float = 180) -> T:
    end_at = time.monotonic() + seconds
    while time.monotonic() < end_at:
        if (found := look()) is not None:
            return found
        time.sleep(0.2)
    raise TimeoutError(log.read_text()[-5000:])


def names(subset: object) -> set[str]:
    keys = subset.iterate_asset_partitions()  # type: ignore[attr-defined]
    return {f"{key.asset_key.to_user_string()} {key.partition_key or ''}".strip() for key in keys}


def computations(sandbox: Sandbox) -> dict[str, int]:
    """`dataset partition` to how often it was computed."""
    with sandbox.project() as project:
        keys = [(n, p) for n in project.graph.datasets for p in project.holdings.current(n)]
        return {f"{n} {p}".strip(): len(project.holdings.history(n, p)) for n, p in keys}


def of(datasets: tuple[str, ...], *days: str) -> set[str]:
    return {f"{name} {day}" for name in datasets for day in days}


@pytest.fixture
def full(sandbox: Sandbox) -> Sandbox:
    """A sandbox with static partitions too."""
    sandbox.write("meter_history.py", BY_METER)
    return sandbox


def test_from_a_bad_day_and_a_late_one_to_a_backfill_that_computes_nothing(full: Sandbox) -> None:
    bad, late = DAYS[2], DAYS[4]
    full.land(bad, BAD)
    (full.data / "landing" / "readings" / f"{late}.csv").unlink()
    history = {f"meter_history {meter}" for meter in "abc"}
    with deploy(full) as deployment, daemon(full) as log:
        request(deployment, "first")
        status, data = ended(deployment, "first", log)
        assert status is BulkActionStatus.COMPLETED_FAILED
        good = [day for day in DAYS if day not in (bad, late)]
        assert names(data.materialized_subset) == of(DAILY, *good)
        missing = of(DAILY, bad, late) | history | {"meters_seen"}
        assert names(data.failed_and_downstream_subset - data.materialized_subset) == missing
        assert stale(deployment) == set()
        (run,) = deployment.instance.get_runs()
        (failure,) = deployment.instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
        ).records
        message = str(failure.event_log_entry.dagster_event.step_failure_data.error.message)
        for line in (f"raw_readings {bad}: ", f"readings {bad}: required input", f"{late}.csv has not landed"):
            assert line in message

        full.land(bad)
        full.land(late)
        assert retry(deployment, "first", "second") == missing
        status, data = ended(deployment, "second", log)
        assert (status, names(data.materialized_subset)) == (BulkActionStatus.COMPLETED_SUCCESS, missing)
        # It had done without the bad day; Dagster, which knows of its own day only, does not show it.
        assert set(full.work()) == {f"trends {DAYS[3]}"}
        assert stale(deployment) == set()
        assert set(computations(full).values()) == {1}

        before = computations(full)
        assert full.flow_json("run")["computed"] == 1
        assert computations(full) == {**before, f"trends {DAYS[3]}": 2}
        assert stale(deployment) == set()

        before = computations(full)
        request(deployment, "third")
        status, data = ended(deployment, "third", log)
        everything = of(DAILY, *DAYS) | history | {"meters_seen"}
        assert (status, names(data.materialized_subset)) == (BulkActionStatus.COMPLETED_SUCCESS, everything)
        assert (computations(full), stale(deployment)) == (before, set())


def started_run(deployment: Deployment) -> dg.DagsterRun | None:
    """A run that has published something and still goes on."""
    for run in deployment.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        published = deployment.instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION, limit=1
        ).records
        if published and Worker.of(run):
            return run
    return None


def test_a_killed_worker_is_noticed_and_its_partitions_are_asked_for_again(full: Sandbox) -> None:
    full.edit("readings.py", "    day = context", SLOW)
    with deploy(full) as deployment, daemon(full) as log:
        request(deployment, "killed")
        run = wait_for(lambda: started_run(deployment), log)
        worker = Worker.of(run)
        assert worker
        os.kill(worker.pid, signal.SIGKILL)
        status, data = ended(deployment, "killed", log)
        runs = deployment.instance.get_runs()
    assert status is BulkActionStatus.COMPLETED_SUCCESS, log.read_text()
    assert names(data.materialized_subset) == names(data.target_subset)
    assert [r.status for r in runs if r.run_id == run.run_id] == [dg.DagsterRunStatus.FAILURE]
    assert [r.parent_run_id for r in runs if r.tags.get("dagster/retry_number")] == [run.run_id]
    assert set(computations(full).values()) == {1}


def test_everything_killed_at_once_is_noticed_by_the_next_daemon(full: Sandbox) -> None:
    full.edit("readings.py", "    day = context", SLOW)
    with deploy(full) as deployment:
        with daemon(full, kill=True) as log:
            request(deployment, "power_cut")
            run = wait_for(lambda: started_run(deployment), log)
        found = deployment.instance.get_run_by_id(run.run_id)
        assert found
        assert found.status is dg.DagsterRunStatus.STARTED  # nobody was left to say otherwise
        with daemon(full) as log:
            status, data = ended(deployment, "power_cut", log)
    assert status is BulkActionStatus.COMPLETED_SUCCESS, log.read_text()
    assert names(data.materialized_subset) == names(data.target_subset)
    assert set(computations(full).values()) == {1}


def test_a_cancelled_backfill_keeps_what_was_published(full: Sandbox) -> None:
    full.edit("readings.py", "    day = context", SLOW)
    with deploy(full) as deployment, daemon(full) as log:
        request(deployment, "cancelled")
        wait_for(lambda: started_run(deployment), log)
        assert wait_for(lambda: cancelled(deployment, "cancelled"), log) is BulkActionStatus.CANCELED
        published = computations(full)
        assert of(("raw_readings",), *DAYS) <= set(published)
        retry(deployment, "cancelled", "again")
        status, _ = ended(deployment, "again", log)
        assert status is BulkActionStatus.COMPLETED_SUCCESS, log.read_text()
    assert set(computations(full).values()) == {1}
    with open_instance(full.settings.dagster_home) as instance:
        assert not instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))


def test_a_backfill_and_two_flow_runs_at_once_compute_each_partition_once(full: Sandbox) -> None:
    full.edit("readings.py", "    day = context", SLOW)
    with deploy(full) as deployment, daemon(full) as log:
        request(deployment, "shared")
        flows = [start_flow(full, "run") for _ in range(2)]
        assert [flow.wait(180).code for flow in flows] == [0, 0]
        status, _ = ended(deployment, "shared", log)
        assert status is BulkActionStatus.COMPLETED_SUCCESS, log.read_text()
        ends = {run.status for run in deployment.instance.get_runs()}
    assert ends == {dg.DagsterRunStatus.SUCCESS}  # run monitoring took none of the commands' runs for dead
    assert set(computations(full).values()) == {1}
