"""What is late? Each partition by itself, so that filling in an old one makes no dataset look fresh.

Partitions in a row that are missing are one finding, which stays the same as it grows; what waits for them downstream
is affected and no finding of its own. See docs/freshness.md for the rules.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from flow_assets.declaration import Dataset
from flow_assets.insight.watch.freshness.lateness import Causes, Late, grouped, in_rows, late_of
from flow_assets.insight.watch.freshness.learning import NewModel
from flow_assets.insight.watch.freshness.outdated import outdated
from flow_assets.insight.watch.freshness.pace import Pace
from flow_assets.insight.watch.freshness.series import read_series
from flow_assets.insight.watch.freshness.telling import Lateness, finding_of
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import Finding
from flow_assets.ledger.holdings import Place

Freshness = Callable[[Situation], Sequence[Finding]]


def freshness(situation: Situation, new_model: NewModel | None = None) -> list[Finding]:
    """Every gap that is late, and every dataset without partitions that has become too old.

    Args:
        situation: the deployment now.
        new_model: makes the model that learns arrivals, for a time zone; without it only what is declared, and what
            was passed over, is late.
    """
    now, project = situation.now.timestamp(), situation.project
    paces = dict(_paces(situation, new_model))
    late = [one for pace in paces.values() for one in late_of(pace, now)]
    findings: list[Finding] = []
    if late:
        causes = Causes(project, since=min(one.place.partition for one in late))
        by_root = grouped(late, causes)
        due = {root: waiting for root, waiting in by_root.items() if not _is_being_made(root, paces, causes, now)}
        findings = list(_of_gaps(situation, paces, causes, due))
    return [*findings, *outdated(situation, findings)]


def _paces(situation: Situation, new_model: NewModel | None) -> Iterator[tuple[str, Pace]]:
    for dataset in situation.project.graph.datasets.values():
        if series := read_series(situation.project, dataset, situation.now):
            yield dataset.name, Pace.of(series, new_model)


def _is_being_made(root: Place, paces: Mapping[str, Pace], causes: Causes, now: float) -> bool:
    """Whether what it needs has come only just now; how late that was has been told of what came late."""
    ready_at, pace = causes.ready_at(root), paces.get(root.dataset)
    return ready_at is not None and now < ready_at + causes.grace(pace.series if pace else None)


def _of_gaps(
    situation: Situation, paces: Mapping[str, Pace], causes: Causes, by_root: Mapping[Place, Sequence[Late]]
) -> Iterator[Finding]:
    by_dataset: dict[str, list[str]] = {}
    for root in by_root:
        by_dataset.setdefault(root.dataset, []).append(root.partition)
    graph = situation.project.graph
    for name in (name for name in graph.datasets if name in by_dataset):
        for row in in_rows(by_dataset[name], name, causes):
            late = [one for key in row for one in by_root[Place(name, key)]]
            found, pace = _lateness(graph.get(name), row, late, causes), paces.get(name)
            began_with = row[0]
            if pace and row[0] in pace.series.keys:
                began_with = pace.first_of_gap(row[0], found.first.due.at, {*by_dataset[name]})
            yield finding_of(replace(found, began_with=began_with), situation, pace)


def _lateness(dataset: Dataset, row: Sequence[str], late: Sequence[Late], causes: Causes) -> Lateness:
    own = [one for one in late if one.place.dataset == dataset.name]
    return Lateness(dataset, tuple(row), tuple(own or late), causes.waiting_for(dataset.name))
