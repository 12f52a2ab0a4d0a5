"""Dagster's runs that failed of something else than a partition: a crash, a killed process, code that does not load."""

from collections.abc import Sequence
from contextlib import suppress

from flow_assets.declaration import partition_keys
from flow_assets.errors import sentence
from flow_assets.insight.watch.orchestration import ObservedRun
from flow_assets.insight.watch.situation import Situation
from flow_assets.insight.watch.words import alike, paragraph, partitions_text, without_folders
from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets.ledger.statements import portions
from flow_assets.ledger.times import ledger_time
from flow_assets.materialization.project import Project
from flow_assets.texts import counted, listed, titled
from flow_assets.time_words import moment_text

WATCH = "failures"

TOLD_FOR_SECONDS = 24 * 3600.0
"""A run that failed is no lasting condition: if nothing has failed of the same for so long, it is told no longer."""

OFTEN = 3
"""So many runs in a row that failed of the same are more than bad luck."""

_BY_PARTITIONS = "Failure: "  # how a run of ours ends if partitions failed, are held or kept back: the ledger has each
_BY_PEOPLE = "DagsterExecutionInterruptedError"

Cause = tuple[tuple[str, ...], str]
"""What a run was for, and its error without numbers."""


def find_failed_runs(situation: Situation) -> list[Finding]:
    """A finding for all runs that were for the same datasets and failed of the same, unless it was mended since."""
    groups: dict[Cause, list[ObservedRun]] = {}
    for run in situation.orchestration.runs:
        if _is_unexplained(situation, run) and not _is_mended(situation, run):
            groups.setdefault((run.datasets, alike(run.error)), []).append(run)
    return [_finding(situation.project, cause, runs) for cause, runs in groups.items()]


def _is_unexplained(situation: Situation, run: ObservedRun) -> bool:
    if run.status != "FAILURE" or run.is_retried or run.error.startswith(_BY_PEOPLE):
        return False
    if situation.now.timestamp() - _end(run) > TOLD_FOR_SECONDS:
        return False
    is_ours = any(name in situation.project.graph.datasets for name in run.datasets)
    return not (is_ours and run.error.startswith(_BY_PARTITIONS))


def _is_mended(situation: Situation, run: ObservedRun) -> bool:
    """Whether a later run came to its end over some of the same, or everything was published since."""
    later = (other for other in situation.orchestration.runs if other.created_at > run.created_at)
    if any(_is_whole(other) and _overlap(run, other) for other in later):
        return True
    ours = [name for name in run.datasets if name in situation.project.graph.datasets]
    return bool(ours) and all(_is_published_since(situation.project, name, run) for name in ours)


def _is_whole(run: ObservedRun) -> bool:
    return run.status == "SUCCESS" or (run.status == "FAILURE" and run.error.startswith(_BY_PARTITIONS))


def _overlap(run: ObservedRun, other: ObservedRun) -> bool:
    if run.datasets == other.datasets == ():
        return run.origin == other.origin
    if set(run.datasets).isdisjoint(other.datasets):
        return False
    if run.partitions is None or other.partitions is None:
        return True
    return run.partitions[0] <= other.partitions[1] and other.partitions[0] <= run.partitions[1]


def _is_published_since(project: Project, name: str, run: ObservedRun) -> bool:
    """Whether all of a dataset that `run` was for was published since: read until one is not, the last first."""
    keys, since = partition_keys(project.graph.get(name).partitions), ledger_time(run.created_at)
    if run.partitions:
        with suppress(ValueError):  # those of a dataset that is not partitioned like the run
            first, last = map(keys.index, run.partitions)
            keys = keys[first : last + 1]
    return all(_are_published(project, name, some, since) for some in (keys[-1:], *portions(keys)))


def _are_published(project: Project, name: str, keys: Sequence[str], since: str) -> bool:
    held = project.holdings.current(name, keys)
    return all(key in held and held[key].published_at >= since for key in keys)


def _finding(project: Project, cause: Cause, runs: Sequence[ObservedRun]) -> Finding:
    """What is found of `runs`, the newest first."""
    last, first = runs[0], runs[-1]
    datasets, error = cause
    what = listed(datasets) or "a job of its own"
    times = f"{len(runs)} times" if len(runs) > 1 else "once"
    happened = without_folders(last.error, project.settings) or "no error is known"
    return Finding(
        watch=WATCH,
        identity=f"run failed: {', '.join(datasets)}: {error}",
        severity=AlertSeverity.CRITICAL if len(runs) >= OFTEN else AlertSeverity.WARNING,
        title=titled(f"A run of {what} failed {times}: {happened}"),
        text=paragraph(
            _cause_text(last.error),
            f"{counted(len(runs), 'run')}, the last one ended at {moment_text(_end(last))}.",
            f"It was for {partitions_text(last.partitions)}." if last.partitions else "",
            f"Asked for by {last.origin}." if last.origin else "",
            "What it had published stays. Its log says more; the sensor asks again, or: flow run",
        ),
        since=_end(first),
        dataset=datasets[0] if len(datasets) == 1 else "",
        affected=datasets if len(datasets) > 1 else (),
        evidence={"error": last.error, "failed_runs": len(runs), "origin": last.origin},
        run_id=last.run_id,
        link=f"/runs/{last.run_id}",
    )


def _cause_text(error: str) -> str:
    return sentence(f"Not of a partition, but of: {error}") if error else "Its process said nothing before it ended."


def _end(run: ObservedRun) -> float:
    return run.ended_at or run.created_at
