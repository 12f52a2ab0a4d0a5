"""Which process carries a run out, and noticing that it is dead: nobody else would ever end its run.

A code server notices the death of a worker that it started, but not its own; of `flow run`, which carries its runs out
by itself, Dagster knows nothing. So each run has a tag that names its process, and whoever may tell looks after it:
Dagster's run monitoring through `WatchedRunLauncher`, and every `flow run` before it launches.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

from flow_assets.ledger import Owner

WORKER_TAG = "flow_assets/worker"
"""Run tag: the run's id, and host, process id and start time of the process that carries it out."""

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
    """Mark the runs whose worker died on this host as failed."""
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        worker = Worker.of(run)
        if worker and not worker.is_alive:
            instance.report_run_failed(run, _DEAD)


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, which can also tell run monitoring whether a run's process still lives."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It does, for processes of this host."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process that `run` names still runs; a run that names none is left alone."""
        worker = Worker.of(run)
        if worker is None or worker.is_alive:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"process {worker.pid} of {worker.host} is dead")

    def get_run_worker_debug_info(self, run: dg.DagsterRun, include_container_logs: Any = True) -> str | None:
        """What people are told of a dead worker."""
        return _DEAD
