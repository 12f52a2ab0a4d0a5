"""Arrivals judged again: which partitions came later than what was learned by then let expect."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flow_assets.declaration import Dataset, SamePartition
from flow_assets.insight.watch.freshness.learning import NewModel
from flow_assets.insight.watch.freshness.pace import Pace
from flow_assets.insight.watch.freshness.series import read_series
from flow_assets.ledger.holdings import Place
from flow_assets.materialization.project import Project


@dataclass(frozen=True)
class ReplayedArrivals:
    """The arrivals of one dataset, as they would have been judged.

    Attributes:
        began: when the first that was judged was expected from, UTC.
        judged: how many there were.
        late: those an alert would have been opened for.
    """

    dataset: str
    began: datetime
    judged: int
    late: tuple[str, ...]


def replay_late_partitions(project: Project, now: datetime, new_model: NewModel) -> list[ReplayedArrivals]:
    """What was late, of all datasets whose arrivals are learned; what waited for something late is not told of.

    Where a deadline is declared, nothing is learned, and nothing is judged here.

    Args:
        project: whose ledger.
        now: until when.
        new_model: makes a model that has learned nothing, for a time zone.
    """
    late: set[Place] = set()
    found = []
    for dataset in project.graph.datasets.values():
        series = read_series(project, dataset, now)
        pace = Pace.of(series, None) if series else None
        if pace is None or not pace.usual or (dataset.deadline and not pace.is_replayed):
            continue
        slow = _late(pace, new_model)
        told = tuple(key for key in slow if not _is_consequence(dataset, key, late))
        late |= {Place(dataset.name, key) for key in slow}
        began = datetime.fromtimestamp(pace.usual[0].counted_from, UTC)
        found.append(ReplayedArrivals(dataset.name, began, len(pace.usual), told))
    return found


def _late(pace: Pace, new_model: NewModel) -> list[str]:
    """Each arrival judged by those before it, and then learned from."""
    partitions = pace.series.partitions
    model, late = new_model(partitions.timezone), []
    for usual in pace.usual:
        at = datetime.fromtimestamp(usual.counted_from, partitions.zone)
        limit = model.limit(at=at)
        if limit is not None and usual.seconds > limit:
            late.append(usual.partition)
        model.learn(usual.seconds, at=at)
    return late


def _is_consequence(dataset: Dataset, key: str, late: set[Place]) -> bool:
    same = (name for name, needs in dataset.ins.items() if isinstance(needs, SamePartition))
    return any(Place(name, key) in late for name in same)
