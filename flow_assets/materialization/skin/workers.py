"""Which process carries a run out, and noticing that it is dead: nobody else would ever end its run.

A code server notices the death of a worker that it started, but not its own; of `flow run`, which carries its runs out
by itself, Dagster knows nothing. So each run has a tag that names its process, and whoever may tell looks after it:
Dagster's run monitoring through `WatchedRunLauncher`, and every `flow run` before it launches.
"""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient

from flow_assets.ledger import Owner

WORKER_TAG = "flow_assets/worker"
"""Run tag: the run's id, and host, process id and start time of the process that carries it out."""

STEP_PREFIX = "datasets_"
"""With it begin the names of the steps of our runs."""

NAMED_WITHIN_SECONDS = 300.0
"""A run that began longer ago and names no process may have died before its step began."""

_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_DEAD = "The process that carried this run out is dead. What it had published stays; the rest can be asked for again."


@dataclass(frozen=True)
class Worker:
    """The process that carries a run out."""

    host: str
    pid: int
    started: float

    @classmethod
    def of(cls, run: dg.DagsterRun) -> Self | None:
        """The run's worker; None if it has not said so yet (a re-execution inherits the tag of another run)."""
        run_id, *worker = run.tags.get(WORKER_TAG, "").split(" ")
        if run_id != run.run_id or len(worker) != 3:
            return None
        return cls(worker[0], int(worker[1]), float(worker[2]))

    @property
    def is_alive(self) -> bool:
        """Whether it still runs; of another host's nobody here can tell, so it counts as alive."""
        return Owner("", self.host, self.pid, self.started).is_alive(expires=math.inf)


def worker_tag(run_id: str) -> Mapping[str, str]:
    """The tag of a run that this process carries out."""
    me = Owner()
    return {WORKER_TAG: f"{run_id} {me.host} {me.pid} {me.process_started}"}


def end_orphans(instance: dg.DagsterInstance) -> None:
    """Mark the runs whose worker died on this host as failed, or as canceled where somebody had wanted them to end."""
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        if not _is_dead(instance, run):
            continue
        now = instance.get_run_by_id(run.run_id)  # its worker may have ended well since the runs were listed
        if now and now.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(now, _DEAD)
        elif now and now.status is run.status:
            instance.report_run_failed(now, _DEAD)


def _is_dead(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    worker = Worker.of(run)
    return not worker.is_alive if worker else _died_unnamed(instance, run)


def _died_unnamed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run of ours began long ago and has not said who carries it out, and its code server is gone."""
    server = run.tags.get(GRPC_INFO_TAG)
    record = instance.get_run_record_by_id(run.run_id)
    if not (server and record and record.start_time and record.start_time < time.time() - NAMED_WITHIN_SECONDS):
        return False
    return _is_ours(instance, run) and not _answers(server)


def _is_ours(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    plan = run.execution_plan_snapshot_id and instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    steps = plan.step_keys_to_execute if plan else ()
    return bool(steps) and all(step.startswith(STEP_PREFIX) for step in steps)


def _answers(server: str) -> bool:
    """Whether a code server lives, which would tell of the death of a worker that it started."""
    try:
        DagsterGrpcClient(**json.loads(server)).heartbeat()
    except DagsterUserCodeUnreachableError:
        return False
    return True


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, which can also tell run monitoring whether a run's process still lives."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It does, for processes of this host."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process that carries `run` out still lives; a run that is not ours is left alone."""
        if not _is_dead(self._instance, run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        worker = Worker.of(run)
        who = f"process {worker.pid} of {worker.host}" if worker else "the code server that started it"
        return CheckRunHealthResult(WorkerStatus.FAILED, f"{who} is dead")

    def get_run_worker_debug_info(self, run: dg.DagsterRun, include_container_logs: Any = True) -> str | None:
        """What people are told of a dead worker."""
        return _DEAD
