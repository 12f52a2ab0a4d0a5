"""Measures the run that a step belongs to, and writes it down when the step begins and when it ends."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import dagster as dg

from flow_assets.errors import StoreError
from flow_assets.ledger.measurements import Measurements, Reuse
from flow_assets.ledger.run_log import RunEnd, RunLog, RunStart
from flow_assets.ledger.times import ledger_time, now_text
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.stopwatch import Phase, Stopwatch, peak_memory_bytes

_Event = TypeVar("_Event")


@dataclass
class RunMeter:
    """What one step is found to do."""

    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    outcomes: Counter[str] = field(default_factory=Counter)
    reused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def timed(self, phase: Phase, events: Iterator[_Event]) -> Iterator[_Event]:
        """`events`, with the time that making them takes, and whoever they are handed to, counted as `phase`."""
        with self.stopwatch.timing(phase):
            yield from events

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of how partitions ended."""
        for outcome in outcomes:
            self.outcomes[outcome.status.value] += 1
            if outcome.status is Status.REUSED:
                self.reused[outcome.dataset].append(outcome.partition)


@contextmanager
def measured(
    context: dg.AssetExecutionContext, project: Project, datasets: Sequence[str], partitions: int
) -> Iterator[RunMeter]:
    """Write down that a step begins, and how it ended; of one that is killed only that it began.

    That the ledger takes no note of a run is told in the run's log, and ends no run.

    Args:
        context: of the run's step.
        project: whose ledger.
        datasets: names of those that the step is for.
        partitions: how many partitions of them were asked for.
    """
    meter, log = RunMeter(), RunLog(project.engine, project.settings.environment)
    with _lenient(context):
        log.begin(_start(context, datasets, partitions))
    error = ""
    try:
        yield meter
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        with _lenient(context):
            log.end(_end(context.run.run_id, project, meter, error))


@contextmanager
def _lenient(context: dg.AssetExecutionContext) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        context.log.warning(f"This run's KPIs are not kept: {error}")


def _start(context: dg.AssetExecutionContext, datasets: Sequence[str], partitions: int) -> RunStart:
    now = datetime.now(UTC)
    record = context.instance.get_run_record_by_id(context.run.run_id)
    created = record.create_timestamp.astimezone(UTC) if record else now
    begun = datetime.fromtimestamp(record.start_time, UTC) if record and record.start_time else now
    phases = {Phase.QUEUE.value: _seconds(created, begun), Phase.STARTUP.value: _seconds(begun, now)}
    return RunStart(context.run.run_id, datasets, partitions, ledger_time(created), ledger_time(now), phases)


def _end(run_id: str, project: Project, meter: RunMeter, error: str) -> RunEnd:
    known = Measurements(project.engine, project.settings.environment)
    return RunEnd(
        run_id=run_id,
        ended_at=now_text(),
        outcomes=meter.outcomes,
        phases=meter.stopwatch.read().phases,
        peak_memory_bytes=peak_memory_bytes(),
        error=error,
        reused={name: Reuse(len(keys), known.last_seconds(name, keys)) for name, keys in meter.reused.items()},
    )


def _seconds(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)  # clocks of two hosts may differ
