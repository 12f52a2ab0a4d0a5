"""What Dagster says of its runs, ticks and daemons, gathered as values for the watches.

A tick may ask every few seconds: runs are read in one query, at most `MOST_RUNS` of them, and what a run was for and
failed of is read once, since it never changes after its end.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.events import JobFailureData
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick, TickStatus
from dagster._core.storage.dagster_run import FINISHED_STATUSES, NOT_FINISHED_STATUSES, RunRecord
from dagster._core.storage.tags import (
    AUTO_RETRY_RUN_ID_TAG,
    BACKFILL_ID_TAG,
    PARTITION_NAME_TAG,
    SCHEDULE_NAME_TAG,
    SENSOR_NAME_TAG,
)
from dagster_shared.error import SerializableErrorInfo

from flow_assets.automation.requesting.in_hand import selected_assets
from flow_assets.insight.watch.orchestration import ObservedRun, ObservedTick, Orchestration
from flow_assets.materialization.skin.launch import RANGE_END, RANGE_START
from flow_assets.texts import first_line

MOST_RUNS = 300
"""Of those that ended within the last week, the newest."""

_LOOKED_BACK = timedelta(days=7)
_RETRIES_BEGIN_WITHIN = timedelta(minutes=5)
_MOST_TICKS = 200
_TICK_TAKES_SECONDS = 600.0
"""A tick that began longer ago and has not ended hangs: Dagster gives a sensor a minute, and a schedule too."""

_STARTS_WITHIN_SECONDS = 300.0
"""Daemons that began to live just now have not all given a sign of life, and an older one's says nothing."""

_WRAPPERS = ("DagsterExecutionStepExecutionError", "SensorExecutionError", "ScheduleExecutionError")
_ENDED = frozenset(status.value for status in FINISHED_STATUSES)
_ENDED_TICKS = (TickStatus.SUCCESS, TickStatus.SKIPPED)


def observe(
    instance: dg.DagsterInstance,
    now: float,
    *,
    known: MutableMapping[str, ObservedRun] | None = None,
    is_within_daemon: bool = False,
) -> Orchestration:
    """Everything the watches want to know of Dagster.

    Args:
        instance: where Dagster keeps its records.
        now: Unix time in seconds.
        known: what the last look found of runs that had ended, by their ids; it is brought up to date, so that such a
            run is read once.
        is_within_daemon: whether one of Dagster's own daemons asks: then they live.
    """
    return Orchestration(
        runs=tuple(_runs(instance, now, {} if known is None else known)),
        ticks=tuple(_ticks(instance, now)),
        heartbeats=_heartbeats(instance, now, is_within_daemon=is_within_daemon),
    )


def _runs(instance: dg.DagsterInstance, now: float, known: MutableMapping[str, ObservedRun]) -> Iterator[ObservedRun]:
    since = datetime.fromtimestamp(now, UTC) - _LOOKED_BACK
    records = {
        record.dagster_run.run_id: record
        for filters, most in (
            (dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES)), None),
            (dg.RunsFilter(statuses=list(FINISHED_STATUSES), updated_after=since), MOST_RUNS),
        )
        for record in instance.get_run_records(filters, limit=most)
    }
    parents = {record.dagster_run.parent_run_id for record in records.values()}
    for record in sorted(records.values(), key=lambda record: record.create_timestamp, reverse=True):
        run = known.get(record.dagster_run.run_id) or _run(instance, record)
        if run.ended_at and run.status in _ENDED:
            known[run.run_id] = run
        yield replace(run, is_retried=run.run_id in parents or _is_retried(record, now))
    for gone in set(known) - records.keys():  # a copy: the sensors look at the same time
        known.pop(gone, None)


def _is_retried(record: RunRecord, now: float) -> bool:
    """Whether Dagster has launched another run in its place, or is about to.

    A daemon does so within seconds; of a `flow run`, which no code server knows, it never does.
    """
    run = record.dagster_run
    if AUTO_RETRY_RUN_ID_TAG in run.tags:
        return True
    is_due = now - (record.end_time or record.update_timestamp.timestamp()) < _RETRIES_BEGIN_WITHIN.total_seconds()
    return run.is_complete_and_waiting_to_retry and run.remote_job_origin is not None and is_due


def _run(instance: dg.DagsterInstance, record: RunRecord) -> ObservedRun:
    run = record.dagster_run
    key = run.tags.get(PARTITION_NAME_TAG, "")
    first, last = run.tags.get(RANGE_START, key), run.tags.get(RANGE_END, key)
    return ObservedRun(
        run_id=run.run_id,
        status=run.status.value,
        created_at=record.create_timestamp.timestamp(),
        started_at=record.start_time,
        ended_at=record.end_time,
        datasets=tuple(sorted(selected_assets(instance, run))),
        partitions=(first, last) if first and last else None,
        error=_error_of(instance, run.run_id) if run.status is dg.DagsterRunStatus.FAILURE else "",
        origin=_origin(run),
    )


def _origin(run: dg.DagsterRun) -> str:
    if backfill := run.tags.get(BACKFILL_ID_TAG):
        return f"backfill {backfill}"
    return run.tags.get(SENSOR_NAME_TAG) or run.tags.get(SCHEDULE_NAME_TAG) or ""


def _error_of(instance: dg.DagsterInstance, run_id: str) -> str:
    """What a failed run failed of: its error's class and first line, or what Dagster says where there is no error."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    for record in reversed(records):
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        data = event.event_specific_data
        error = data.error if isinstance(data, JobFailureData) else None
        return error_text(error) if error else first_line(event.message or "")
    return ""


def error_text(error: SerializableErrorInfo) -> str:
    """Class and first line of the error that Dagster's own errors were made of."""
    while error.cls_name in _WRAPPERS and error.cause:
        error = error.cause
    line = first_line(error.message)
    named = error.cls_name or ""
    before, _, rest = line.partition(": ")
    if before.rpartition(".")[2] == named:  # the class is the message's beginning, with its module
        line = rest
    return f"{named}: {line}" if line and named else named or line


def _ticks(instance: dg.DagsterInstance, now: float) -> Iterator[ObservedTick]:
    for state in sorted(instance.all_instigator_state(), key=lambda state: state.instigator_name):
        if not state.is_running:
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=2)
        if tick := _last(ticks, now):
            yield _tick(instance, state, tick)


def _last(ticks: Sequence[InstigatorTick], now: float) -> InstigatorTick | None:
    """The last that has ended, unless one that has not takes too long."""
    if len(ticks) > 1 and ticks[0].status is TickStatus.STARTED and now - ticks[0].timestamp < _TICK_TAKES_SECONDS:
        return ticks[1]
    return ticks[0] if ticks else None


def _tick(instance: dg.DagsterInstance, state: InstigatorState, tick: InstigatorTick) -> ObservedTick:
    is_failed = tick.status is TickStatus.FAILURE
    return ObservedTick(
        kind=state.instigator_type.value.lower(),
        name=state.instigator_name,
        status=tick.status.value,
        at=tick.timestamp,
        error=error_text(tick.error) if tick.error else "",
        failed_since=_failed_since(instance, state, tick) if is_failed else None,
        interval_seconds=getattr(state.instigator_data, "min_interval", None),
    )


def _failed_since(instance: dg.DagsterInstance, state: InstigatorState, tick: InstigatorTick) -> float:
    """When the first of the failures in a row began; of very many, the oldest that is looked at."""
    origin, selector = state.instigator_origin_id, state.selector_id
    good = instance.get_ticks(origin, selector, limit=1, statuses=list(_ENDED_TICKS))
    after = good[0].timestamp if good else None
    failures = instance.get_ticks(origin, selector, limit=_MOST_TICKS, statuses=[TickStatus.FAILURE])
    row = [failure.timestamp for failure in failures if after is None or failure.timestamp > after]
    return min(row, default=tick.timestamp) if len(row) < _MOST_TICKS or after is None else after


def _heartbeats(instance: dg.DagsterInstance, now: float, *, is_within_daemon: bool) -> dict[str, float]:
    """The signs of life of the daemons that the instance needs, of the process that gave the last one.

    Another process' are older: either it has ended, and a daemon of the one that runs will give a sign soon, or that
    process ends itself, as Dagster's does when one of its daemons falls silent.
    """
    wanted = set(instance.get_required_daemon_types())
    found = [beat for kind, beat in instance.get_daemon_heartbeats().items() if kind in wanted]
    if not found:
        return {}
    last = max(found, key=lambda beat: beat.timestamp)
    of_last = {beat.daemon_type: beat.timestamp for beat in found if beat.daemon_id == last.daemon_id}
    if is_within_daemon and now - last.timestamp > _STARTS_WITHIN_SECONDS:
        return {"SENSOR": now}
    return {**of_last, "SENSOR": now} if is_within_daemon else of_last
