"""How long a run may take: by runs for the same datasets, or else by what it has to compute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

from flow_assets.declaration.partitions import partition_keys
from flow_assets.insight.watch.durations.calls import Call, recent_calls
from flow_assets.insight.watch.durations.ended_runs import EndedRun, recent_ended_runs
from flow_assets.insight.watch.durations.expectations import MakeExpectation
from flow_assets.insight.watch.durations.judged import learn_call
from flow_assets.insight.watch.memory import place_of, remembered
from flow_assets.insight.watch.orchestration import ObservedRun
from flow_assets.materialization.project import Project

LEAST_RUNS = 5
"""So many runs for the same datasets tell more than what is known of each dataset."""

LEAST_LIMIT_SECONDS = 30.0
"""No run is slow before."""

_START_SECONDS = 10.0


class AskedRun(NamedTuple):
    """A run as far as its limit depends on it.

    Attributes:
        datasets: what it is for, in alphabetical order.
        partitions: of each, how many.
        began: when it was started.
    """

    run_id: str
    datasets: tuple[str, ...]
    partitions: tuple[int, ...]
    began: datetime


@dataclass(frozen=True)
class RunLimits:
    """Judges runs by those that had ended when they began, so that the limit of a run never moves.

    Attributes:
        rate: of false alarms, of each run.
    """

    project: Project
    now: datetime
    make: MakeExpectation
    rate: float

    def of(self, run: AskedRun) -> float | None:
        """Seconds after its start from which on `run` is slow; None while too little is known."""
        place = ("run limit", *place_of(self.project), run.run_id)
        return remembered(place, (run, self.rate, self.make), lambda: self._find(run))

    def of_queue(self) -> float | None:
        """Seconds after it was asked for from which on a run has waited too long; None while too little is known."""
        ended = [run for run in recent_ended_runs(self.project, self.now) if run.is_usual]
        if len(ended) < LEAST_RUNS:
            return None
        expectation = self.make(self.rate)
        for run in ended:
            expectation.learn(max(run.queue_seconds, 0.1), at=run.started_at)
        return expectation.limit(at=self.now)

    def _find(self, run: AskedRun) -> float | None:
        ended = [
            past
            for past in recent_ended_runs(self.project, self.now)
            if past.is_usual
            and past.datasets == run.datasets
            and past.started_at + timedelta(seconds=past.seconds) <= run.began
        ]
        by_runs = self._by_runs(run, ended) if len(ended) >= LEAST_RUNS else None
        limit = self._by_datasets(run) if by_runs is None else by_runs
        return None if limit is None else max(limit, LEAST_LIMIT_SECONDS)

    def _by_runs(self, run: AskedRun, ended: Sequence[EndedRun]) -> float | None:
        expectation = self.make(self.rate)
        for past in ended:
            expectation.learn(past.seconds, size=float(past.computed), at=past.started_at)
        return expectation.limit(size=float(max(sum(run.partitions), 1)), at=run.began)

    def _by_datasets(self, run: AskedRun) -> float | None:
        calls = recent_calls(self.project, self.now)
        asked = zip(run.datasets, run.partitions, strict=True)
        limits = [self._of_dataset(run, calls.get(name, ()), partitions) for name, partitions in asked]
        known = [limit for limit in limits if limit is not None]
        return sum(known) + _START_SECONDS if known and len(known) == len(limits) else None

    def _of_dataset(self, run: AskedRun, calls: Sequence[Call], partitions: int) -> float | None:
        earlier = [call for call in calls if call.at <= run.began and call.run_id != run.run_id]
        if not earlier:
            return None
        expectation = self.make(self.rate)
        for call in earlier:
            learn_call(expectation, call)
        rows = median(call.rows / call.partitions for call in earlier) * partitions
        return expectation.limit(size=max(rows, 1.0), regime=earlier[-1].code_fingerprint, at=run.began)


def asked_of(project: Project, run: ObservedRun) -> AskedRun:
    """What a run that goes on is for; at most so much is to be computed, for it may reuse."""
    began = datetime.fromtimestamp(run.created_at if run.started_at is None else run.started_at, UTC)
    datasets = tuple(sorted(run.datasets))
    return AskedRun(run.run_id, datasets, tuple(_partitions(project, run, name) for name in datasets), began)


def did_of(run: EndedRun, calls: Mapping[str, Sequence[Call]]) -> AskedRun:
    """What a run that has ended computed."""
    computed = [sum(c.partitions for c in calls.get(name, ()) if c.run_id == run.run_id) for name in run.datasets]
    return AskedRun(run.run_id, run.datasets, tuple(computed), run.started_at)


def _partitions(project: Project, run: ObservedRun, name: str) -> int:
    """How many partitions of a dataset `run` is for: 1 if it has none."""
    dataset = project.graph.datasets.get(name)
    if dataset is None or dataset.partitions is None or run.partitions is None:
        return 1
    first, last = run.partitions
    keys = partition_keys(dataset.partitions, datetime.fromtimestamp(run.created_at, UTC))
    if first not in keys or last not in keys:
        return 1
    return keys.index(last) - keys.index(first) + 1
