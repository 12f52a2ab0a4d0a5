"""How long runs took from the start of their process to their end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flow_assets.insight.watch.durations.calls import HISTORY_DAYS
from flow_assets.insight.watch.memory import place_of, remembered, stamp
from flow_assets.ledger.measurements import Measurements, RunMeasurement
from flow_assets.materialization.project import Project

_MOST = 2_000

_COMPUTED = "computed"
_BAD = ("failed", "blocked")


class EndedRun(NamedTuple):
    """A run that has ended.

    Attributes:
        datasets: what it was for, in alphabetical order.
        computed: how many partitions it computed, over all datasets.
        started_at: when its process was started.
        queue_seconds: how long it waited until its process was started.
        is_usual: whether others can be judged by it: it computed something, and nothing went wrong.
    """

    run_id: str
    datasets: tuple[str, ...]
    computed: int
    started_at: datetime
    seconds: float
    queue_seconds: float
    is_usual: bool


def recent_ended_runs(project: Project, now: datetime) -> Sequence[EndedRun]:
    """Those of the last 90 days, the oldest first."""
    since = (now - timedelta(days=HISTORY_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    question = (stamp(project, now), since, int(now.timestamp()) // 60)
    return remembered(("ended_runs", *place_of(project)), question, lambda: _read(project, since, now))


def _read(project: Project, since: datetime, now: datetime) -> Sequence[EndedRun]:
    measurements = Measurements(project.engine, project.settings.environment)
    ended = [_ended_run(run, run.ended_at) for run in measurements.runs(since.isoformat()) if run.ended_at]
    return tuple(run for run in ended if run.started_at <= now)[-_MOST:]


def _ended_run(run: RunMeasurement, ended_at: str) -> EndedRun:
    created, begun, ended = (datetime.fromisoformat(text) for text in (run.created_at, run.started_at, ended_at))
    started = begun - timedelta(seconds=run.phases.get("startup", 0.0))
    queue = run.phases.get("queue", (started - created).total_seconds())
    computed = run.outcomes.get(_COMPUTED, 0)
    return EndedRun(
        run.run_id,
        tuple(sorted(run.datasets)),
        computed,
        started,
        max((ended - started).total_seconds(), 0.0),
        max(queue, 0.0),
        is_usual=computed > 0 and not run.error and not any(run.outcomes.get(bad) for bad in _BAD),
    )
