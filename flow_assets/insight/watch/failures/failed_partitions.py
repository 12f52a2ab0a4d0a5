"""Partitions that could not be made: those of one dataset that failed of the same are one finding."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from flow_assets.declaration import partition_keys
from flow_assets.insight.watch.downstream import held_by
from flow_assets.insight.watch.situation import Situation
from flow_assets.insight.watch.words import alike, named, paragraph, without_folders
from flow_assets.ledger.failed import FailedAttempt, FailedPartition, FailedPartitions
from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets.ledger.times import unix_time
from flow_assets.materialization.project import Project
from flow_assets.texts import counted, first_line, listed, titled
from flow_assets.time_words import moment_text

WATCH = "failures"

Cause = tuple[str, str]
"""An error's class, and its first line without numbers."""


@dataclass(frozen=True)
class Group:
    """Partitions of one dataset that failed of the same, in their order."""

    dataset: str
    cause: Cause
    failed: Sequence[FailedPartition]

    @property
    def partitions(self) -> tuple[str, ...]:
        """Their keys; none for a dataset without partitions."""
        return tuple(f.partition for f in self.failed if f.partition)


def find_failed_partitions(situation: Situation) -> list[Finding]:
    """A finding for each cause of each dataset; what only requires a failed partition is said there, and not apart."""
    project = situation.project
    reads = FailedPartitions(project.engine, project.settings.environment)
    attempts = cache(reads.attempts)
    return [_finding(project, group, attempts(group.dataset)) for group in _groups(project, reads.current())]


def _groups(project: Project, failed: Sequence[FailedPartition]) -> Iterator[Group]:
    """The failures of what is still there of the project, by dataset and cause."""
    groups: dict[tuple[str, Cause], list[FailedPartition]] = {}
    positions: dict[str, dict[str, int]] = {}
    for one in failed:
        if one.dataset not in project.graph.datasets:
            continue
        if one.dataset not in positions:
            keys = partition_keys(project.graph.get(one.dataset).partitions)
            positions[one.dataset] = {key: number for number, key in enumerate(keys)}
        if one.partition in positions[one.dataset]:
            cause = (one.error, alike(first_line(one.message), one.partition))
            groups.setdefault((one.dataset, cause), []).append(one)
    for (dataset, cause), found in groups.items():
        yield Group(dataset, cause, sorted(found, key=lambda f: positions[dataset][f.partition]))


def _finding(project: Project, group: Group, attempts: Sequence[FailedAttempt]) -> Finding:
    last = max(group.failed, key=lambda f: f.at)
    since, before = _began(project, group, attempts)
    held = held_by(project.graph, group.dataset, [f.partition for f in group.failed])
    line = first_line(last.message)
    happened = without_folders(_first_sentence(line.removeprefix(f"{group.dataset}: ")), project.settings)
    return Finding(
        watch=WATCH,
        identity=f"failed {group.dataset}: {group.cause[0]}: {group.cause[1]}",
        severity=AlertSeverity.CRITICAL,
        title=titled(f"{named(group.dataset, group.partitions)} failed: {happened}"),
        text=paragraph(
            f"{group.cause[0]}: {line}",
            _history_text(before),
            _held_text(held),
            _advice(last, is_retryable=all(f.is_retryable for f in group.failed)),
        ),
        since=since,
        dataset=group.dataset,
        partitions=group.partitions,
        affected=tuple(held),
        evidence={
            "error": group.cause[0],
            "first_line": line,
            "failed_partitions": len(group.failed),
            "held_partitions": sum(map(len, held.values())),
            "is_new": "no" if before else "yes",
            "earlier_attempts": len(before),
        },
        run_id=last.run_id or None,
        link=f"/runs/{last.run_id}" if last.run_id else "",
    )


def _began(project: Project, group: Group, attempts: Sequence[FailedAttempt]) -> tuple[float, list[FailedAttempt]]:
    """Since when the partitions have failed, and what failed of the same before that.

    A partition has failed since the first attempt after it was last published.
    """
    names = [f.partition for f in group.failed]
    published = {key: holding.published_at for key, holding in project.holdings.current(group.dataset, names).items()}
    same = [a for a in attempts if (a.error, alike(a.line, a.partition)) == group.cause]
    of_these = [a.at for a in same if a.partition in names and a.at > published.get(a.partition, "")]
    began = min([*of_these, *(f.at for f in group.failed)])
    return unix_time(began), [a for a in same if a.at < began]


def _first_sentence(line: str) -> str:
    """What happened, without what to do about it, which is in the text."""
    return line.partition(". ")[0]


def _history_text(before: Sequence[FailedAttempt]) -> str:
    if not before:
        return "This is new: nothing of the dataset has failed so before."
    first, last = moment_text(before[-1].at), moment_text(before[0].at)
    return f"It has failed so before: {counted(len(before), 'time')}, first at {first}, last at {last}."


def _held_text(held: Mapping[str, Sequence[str]]) -> str:
    if not held:
        return ""
    return f"Held by it: {listed([named(name, keys) for name, keys in held.items()], between='; ')}."


def _advice(failed: FailedPartition, *, is_retryable: bool) -> str:
    example = named(failed.dataset, [failed.partition])
    if is_retryable:
        return f"The cause lies outside of data and code; it is tried again by the next run. More: flow why {example}"
    return (
        "It is tried again when its data or its code has changed, or by: flow run "
        f"{failed.dataset} --retry. More: flow why {example}"
    )
