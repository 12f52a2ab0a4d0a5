"""Which datasets without partitions have become too old: neither published nor landed for longer than declared."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from flow_assets.declaration import UNPARTITIONED, Dataset
from flow_assets.insight.watch.freshness.lateness import Late
from flow_assets.insight.watch.freshness.pace import Due
from flow_assets.insight.watch.freshness.series import troubled
from flow_assets.insight.watch.freshness.telling import Lateness, finding_of
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import Finding
from flow_assets.ledger.holdings import Place
from flow_assets.materialization.project import Project


def outdated(situation: Situation, others: Sequence[Finding]) -> Iterator[Finding]:
    """What is too old and cannot be explained by `others`, which were found upstream."""
    explained = {finding.dataset for finding in others}
    graph, now = situation.project.graph, situation.now.timestamp()
    for dataset in graph.datasets.values():
        if explained.intersection(dataset.ins):
            explained.add(dataset.name)
        elif (due := _due(situation.project, dataset)) and due.at < now:
            explained.add(dataset.name)
            late = Late(Place(dataset.name, UNPARTITIONED), due)
            yield finding_of(Lateness(dataset, (UNPARTITIONED,), (late,), ()), situation, None)


def _due(project: Project, dataset: Dataset) -> Due | None:
    """When it should be published again; None if nothing is declared, it never was, or others tell what is wrong."""
    if dataset.partitions is not None or dataset.deadline is None or UNPARTITIONED in troubled(project, dataset.name):
        return None
    held = project.holdings.current(dataset.name, [UNPARTITIONED]).get(UNPARTITIONED)
    if held is None:
        return None
    last = max(datetime.fromisoformat(held.published_at), _landed_at(project, dataset))
    at = dataset.deadline.due(last).timestamp()
    return Due(at, at - last.timestamp(), f"declared: {dataset.deadline}", dataset.deadline.is_critical)


def _landed_at(project: Project, dataset: Dataset) -> datetime:
    """When its file was last written: the same bytes delivered again are fresh, and are not published again."""
    source = dataset.source
    if source is None or source.is_remote:
        return datetime.fromtimestamp(0, UTC)
    try:
        return datetime.fromtimestamp((project.settings.landing / source.place()).stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)
