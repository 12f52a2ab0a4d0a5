"""Runs that have not ended although they should have, or not begun."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select

from flow_assets.insight.watch.durations.calls import recent_calls
from flow_assets.insight.watch.durations.ended_runs import recent_ended_runs
from flow_assets.insight.watch.durations.run_limits import RunLimits, asked_of, did_of
from flow_assets.insight.watch.orchestration import ObservedRun
from flow_assets.ledger import tables
from flow_assets.ledger.database import reading
from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets.ledger.times import ledger_time, unix_time
from flow_assets.materialization.project import Project
from flow_assets.texts import listed
from flow_assets.time_words import duration_text

LEAST_QUIET_SECONDS = 300.0
"""A run that published something since then is not hung."""

UNKNOWN_QUIET_SECONDS = 3600.0
"""A run of which nothing is known is hung after so long without a sign of life."""

LEAST_QUEUE_SECONDS = 120.0
UNKNOWN_QUEUE_SECONDS = 600.0

_GOING = ("STARTED", "CANCELING")
_WAITING = ("QUEUED", "NOT_STARTED", "STARTING")


def identity_of_run(run_id: str) -> str:
    """What an alert about one run is known by."""
    return f"run {run_id}"


def find_running(runs: Iterable[ObservedRun], limits: RunLimits, explained: Mapping[str, str]) -> list[Finding]:
    """One finding for each run that goes on for too long.

    Args:
        runs: what Dagster says of them.
        limits: how long they may take.
        explained: slow datasets, with the run since which they are so: later ones that are only slow are not told.
    """
    found = [_judge(run, limits, explained) for run in runs if run.status in _GOING and run.started_at is not None]
    return [finding for finding in found if finding]


def slow_runs(limits: RunLimits, run_ids: Iterable[str]) -> set[str]:
    """Those of `run_ids` that have ended, and were told of while they went on."""
    wanted, calls = {*run_ids}, recent_calls(limits.project, limits.now)
    ended = [run for run in recent_ended_runs(limits.project, limits.now) if run.run_id in wanted]
    known = [(run, limits.of(did_of(run, calls))) for run in ended]
    return {run.run_id for run, limit in known if limit is not None and run.seconds > limit}


def find_waiting(runs: Iterable[ObservedRun], limits: RunLimits, *, is_blocked: bool) -> list[Finding]:
    """One finding for all runs that wait for too long; what waits behind a run that is told of is explained by it."""
    now = limits.now.timestamp()
    statuses = ("STARTING",) if is_blocked else _WAITING
    waiting = sorted((run for run in runs if run.status in statuses), key=lambda run: run.created_at)
    if not waiting:
        return []
    learned = limits.of_queue()
    limit = UNKNOWN_QUEUE_SECONDS if learned is None else max(learned, LEAST_QUEUE_SECONDS)
    late = [run for run in waiting if now - run.created_at > limit]
    return [_waiting(late, limit, now)] if late else []


def _waiting(late: Sequence[ObservedRun], limit: float, now: float) -> Finding:
    oldest = late[0]
    waited = now - oldest.created_at
    count = "A run waits" if len(late) == 1 else f"{len(late)} runs wait"
    return Finding(
        watch="durations",
        identity="runs wait to start",
        severity=AlertSeverity.WARNING,
        title=f"{count} to start, the oldest for {duration_text(waited)}",
        text=(
            f"Runs usually start within {duration_text(limit)}.\n"
            "See whether Dagster's daemon runs, whether other runs take every place in its queue, and what the run's "
            "events say."
        ),
        evidence={
            "waited_seconds": round(waited, 1),
            "limit_seconds": round(limit, 1),
            "runs": len(late),
            "status": oldest.status,
        },
        since=oldest.created_at,
        run_id=oldest.run_id,
        link=f"/runs/{oldest.run_id}",
    )


def _judge(run: ObservedRun, limits: RunLimits, explained: Mapping[str, str]) -> Finding | None:
    started, now = run.started_at or 0.0, limits.now.timestamp()
    limit = limits.of(asked_of(limits.project, run))
    elapsed = now - started
    if elapsed <= (UNKNOWN_QUIET_SECONDS if limit is None else limit):
        return None
    quiet = now - _last_sign(limits.project, run, started, limits.now)
    quiet_limit = UNKNOWN_QUIET_SECONDS if limit is None else max(limit, LEAST_QUIET_SECONDS)
    if quiet > quiet_limit:
        return _finding(run, elapsed, limit, quiet, is_hung=True)
    is_explained = limit is None or any(explained.get(name, run.run_id) != run.run_id for name in run.datasets)
    return None if is_explained else _finding(run, elapsed, limit, quiet, is_hung=False)


def _last_sign(project: Project, run: ObservedRun, started: float, now: datetime) -> float:
    """When the run last published something, or began."""
    table = tables.kpis
    since = datetime.fromtimestamp(started, UTC)
    query = select(func.max(table.c.at)).where(
        table.c.environment == project.settings.environment,
        table.c.at >= ledger_time(since),
        table.c.at <= ledger_time(now),
        table.c.run_id == run.run_id,
    )
    with reading(project.engine) as connection:
        last = connection.scalar(query)
    return max(unix_time(last), started) if last else started


def _finding(run: ObservedRun, elapsed: float, limit: float | None, quiet: float, *, is_hung: bool) -> Finding:
    what = f"of {listed(run.datasets)}" if run.datasets else run.run_id[:8]
    usual = "It is not known how long such a run takes"
    if limit is not None:
        usual = f"Expected: {duration_text(limit)} at most"
    if is_hung:
        title = f"Hung run {what}: nothing published for {duration_text(quiet)}"
        text = f"{usual}; it goes on for {duration_text(elapsed)}.\nSee its events and its process, or terminate it."
    else:
        title = f"Slow run {what}: it goes on for {duration_text(elapsed)}"
        text = f"{usual}.\nIt published something {duration_text(quiet)} ago, so it is slow and not hung."
    evidence: dict[str, float | str] = {"elapsed_seconds": round(elapsed, 1), "quiet_seconds": round(quiet, 1)}
    if limit is not None:
        evidence["limit_seconds"] = round(limit, 1)
    return Finding(
        watch="durations",
        identity=identity_of_run(run.run_id),
        severity=AlertSeverity.CRITICAL if is_hung else AlertSeverity.WARNING,
        title=title,
        text=text,
        dataset=run.datasets[0] if len(run.datasets) == 1 else "",
        evidence=evidence,
        since=(run.started_at or 0.0) + (limit or 0.0),
        run_id=run.run_id,
        link=f"/runs/{run.run_id}",
    )
