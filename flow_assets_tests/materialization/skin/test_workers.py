import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
import grpc
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.__generated__.dagster_api_pb2 import PingReply
from dagster._grpc.__generated__.dagster_api_pb2_grpc import DagsterApiServicer, add_DagsterApiServicer_to_server

from flow_assets.ledger import Owner
from flow_assets.materialization.skin import launch, workers
from flow_assets.materialization.skin.workers import WORKER_TAG, WatchedRunLauncher, Worker, end_orphans, worker_tag
from flow_assets_tests.materialization.skin.conftest import Deployment
from flow_assets_tests.sandbox import DAYS

HERE, ELSEWHERE = Owner().host, "elsewhere"
DEAD = "4000000 1.0"


def started_run(
    deployment: Deployment, worker: str | None, run_id: str | None = None, job: dg.JobDefinition | None = None
) -> dg.DagsterRun:
    run = deployment.instance.create_run_for_job(job or deployment.definitions.resolve_implicit_global_asset_job_def())
    report(deployment, run, dg.DagsterEventType.RUN_START)
    if worker:
        deployment.instance.add_run_tags(run.run_id, {WORKER_TAG: f"{run_id or run.run_id} {worker}"})
    return found(deployment, run)


def found(deployment: Deployment, run: dg.DagsterRun) -> dg.DagsterRun:
    again = deployment.instance.get_run_by_id(run.run_id)
    assert again
    return again


def report(deployment: Deployment, run: dg.DagsterRun, kind: dg.DagsterEventType) -> None:
    event = dg.DagsterEvent(event_type_value=kind.value, job_name=run.job_name)
    deployment.instance.report_dagster_event(event, run_id=run.run_id)


def health(deployment: Deployment, run: dg.DagsterRun) -> WorkerStatus:
    launcher = deployment.instance.run_launcher
    assert isinstance(launcher, WatchedRunLauncher)
    return launcher.check_run_worker_health(found(deployment, run)).status


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
    assert health(deployment, run) is (WorkerStatus.FAILED if is_ended else WorkerStatus.RUNNING)
    end_orphans(deployment.instance)
    expected = dg.DagsterRunStatus.FAILURE if is_ended else dg.DagsterRunStatus.STARTED
    assert found(deployment, run).status is expected


def test_a_run_that_somebody_terminated_is_canceled_and_stays_dead(deployment: Deployment) -> None:
    run = started_run(deployment, f"{HERE} {DEAD}")
    deployment.instance.report_run_canceling(run)
    end_orphans(deployment.instance)
    ended = found(deployment, run)
    assert (ended.status, ended.is_complete_and_waiting_to_retry) == (dg.DagsterRunStatus.CANCELED, False)


def test_a_worker_that_ended_well_while_it_was_looked_for_is_believed(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started_run(deployment, f"{HERE} {DEAD}")

    def ends_now(worker: Worker) -> bool:
        report(deployment, run, dg.DagsterEventType.RUN_SUCCESS)
        return False

    monkeypatch.setattr(Worker, "is_alive", property(ends_now))
    end_orphans(deployment.instance)
    assert found(deployment, run).status is dg.DagsterRunStatus.SUCCESS


class Answering(DagsterApiServicer):
    """A code server that lives."""

    def Heartbeat(self, request: Any, context: Any) -> PingReply:  # noqa: N802
        return PingReply(echo=request.echo)


@pytest.fixture
def code_server() -> Iterator[int]:
    """The port of one."""
    server = grpc.server(ThreadPoolExecutor(1))
    add_DagsterApiServicer_to_server(Answering(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None).wait()


@dg.job
def somebody_elses() -> None:
    dg.op(name="work")(lambda: None)()


@pytest.mark.parametrize(
    ("is_ours", "server_lives", "seconds", "is_ended"),
    [(True, False, 0, True), (True, True, 0, False), (True, False, 60, False), (False, False, 0, False)],
    ids=["dead", "its code server will tell", "it may be about to begin", "not ours"],
)
def test_a_run_that_died_with_its_code_server_before_it_named_a_process(
    deployment: Deployment,
    code_server: int,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_ours: bool,
    server_lives: bool,
    seconds: float,
    is_ended: bool,
) -> None:
    monkeypatch.setattr(workers, "NAMED_WITHIN_SECONDS", seconds)
    run = started_run(deployment, None, job=None if is_ours else somebody_elses)
    server = {"host": "127.0.0.1", "port": code_server} if server_lives else {"host": "localhost", "socket": "/gone"}
    deployment.instance.add_run_tags(run.run_id, {GRPC_INFO_TAG: json.dumps(server)})
    assert health(deployment, run) is (WorkerStatus.FAILED if is_ended else WorkerStatus.RUNNING)
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
