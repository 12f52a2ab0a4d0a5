import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus

from flow_assets.ledger import Owner
from flow_assets.materialization.skin import launch
from flow_assets.materialization.skin.workers import WORKER_TAG, WatchedRunLauncher, Worker, end_orphans, worker_tag
from flow_assets_tests.materialization.skin.conftest import Deployment
from flow_assets_tests.sandbox import DAYS

HERE, ELSEWHERE = Owner().host, "elsewhere"
DEAD = "4000000 1.0"


def started_run(deployment: Deployment, worker: str | None, run_id: str | None = None) -> dg.DagsterRun:
    run = deployment.instance.create_run_for_job(
        deployment.definitions.resolve_implicit_global_asset_job_def(), status=dg.DagsterRunStatus.STARTED
    )
    if worker:
        deployment.instance.add_run_tags(run.run_id, {WORKER_TAG: f"{run_id or run.run_id} {worker}"})
    return found(deployment, run)


def found(deployment: Deployment, run: dg.DagsterRun) -> dg.DagsterRun:
    again = deployment.instance.get_run_by_id(run.run_id)
    assert again
    return again


@pytest.mark.parametrize(
    ("worker", "run_id", "is_ended"),
    [
        (f"{HERE} {DEAD}", None, True),
        (f"{HERE} {DEAD}", "its-parent", False),  # a re-execution has its parent's tags
        (f"{ELSEWHERE} {DEAD}", None, False),
        (f"{HERE} {Owner().pid} {Owner().process_started}", None, False),
        (None, None, False),
    ],
    ids=["dead", "parent's", "elsewhere", "alive", "unknown"],
)
def test_only_the_runs_of_dead_processes_of_this_host_are_ended(
    deployment: Deployment, worker: str | None, run_id: str | None, is_ended: bool
) -> None:
    run = started_run(deployment, worker, run_id)
    health = WatchedRunLauncher().check_run_worker_health(run).status
    assert health is (WorkerStatus.FAILED if is_ended else WorkerStatus.RUNNING)
    end_orphans(deployment.instance)
    expected = dg.DagsterRunStatus.FAILURE if is_ended else dg.DagsterRunStatus.STARTED
    assert found(deployment, run).status is expected


def test_a_launch_ends_the_orphans_first(deployment: Deployment) -> None:
    run = started_run(deployment, f"{HERE} {DEAD}")
    assert launch(deployment.definitions, deployment.instance, ["raw_readings"], (DAYS[0], DAYS[1]))
    assert found(deployment, run).status is dg.DagsterRunStatus.FAILURE


def test_every_run_names_the_process_that_carries_it_out(deployment: Deployment) -> None:
    deployment.materialize("raw_readings", days=(DAYS[0], DAYS[1]))  # not by `launch`: as Dagster would
    (run,) = deployment.instance.get_runs()
    worker = Worker.of(run)
    assert worker
    assert (worker.pid, worker.is_alive) == (Owner().pid, True)
    assert dict(worker_tag(run.run_id)).items() <= dict(run.tags).items()


def test_the_instance_watches_runs_and_retries_only_what_was_killed(deployment: Deployment) -> None:
    instance = deployment.instance
    assert isinstance(instance.run_launcher, WatchedRunLauncher)
    assert instance.run_launcher.supports_check_run_worker_health
    assert (instance.run_monitoring_enabled, instance.run_retries_enabled) == (True, True)
    assert (instance.run_retries_max_retries, instance.run_retries_retry_on_asset_or_op_failure) == (2, False)
    assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 3
