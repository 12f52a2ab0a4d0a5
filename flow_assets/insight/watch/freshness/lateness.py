"""Which missing partitions are late, and whose fault that is: of one that waits for another, the other's."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

from flow_assets.declaration import UNPARTITIONED, Dataset, Lookback, SamePartition
from flow_assets.insight.watch.freshness.pace import Due, Pace
from flow_assets.insight.watch.freshness.series import Series, troubled
from flow_assets.ledger.arrivals import Arrival, Arrivals
from flow_assets.ledger.holdings import Place
from flow_assets.materialization.project import Project

_LEAST_GRACE_SECONDS = 300.0
_GRACE_LAGS = 3
_RECENT = 20


@dataclass(frozen=True)
class Late:
    """A partition that is missing although it was due."""

    place: Place
    due: Due


def late_of(pace: Pace, now: float) -> Iterator[Late]:
    """What is late of one series; what failed or was blocked is for other watches to tell."""
    series = pace.series
    for gap in pace.gaps:
        for position in pace.expected(gap):
            key = series.keys[position]
            if key not in series.troubled and (due := pace.due(position, gap)) and due.at < now:
                yield Late(Place(series.dataset.name, key), due)


class Causes:
    """Finds what a missing partition waits for.

    Args:
        project: its graph and ledger.
        since: the first partition that will be asked for.
    """

    def __init__(self, project: Project, since: str) -> None:
        self._graph = project.graph
        arrivals = Arrivals(project.engine, project.settings.environment)

        @cache
        def published(dataset: str, first: str) -> set[str]:
            return arrivals.published(dataset, first)

        @cache
        def came(dataset: str, first: str) -> dict[str, Arrival]:
            return arrivals.first(dataset, first)

        self._since, self._published, self._came = since, published, came
        self._troubled = cache(lambda dataset: troubled(project, dataset))

    def roots(self, place: Place) -> set[Place]:
        """The missing partitions that it waits for and that wait for none themselves; itself if it waits for none.

        A partition that failed or was blocked is no such root, and neither is what waits for it alone.
        """
        found: set[Place] = set()
        wanted, seen = [place], {place}
        while wanted:
            one = wanted.pop()
            if one.partition in self._troubled(one.dataset):
                continue
            missing = [need for need in self._needs(one) if not self._is_there(need)]
            if not missing:
                found.add(one)
            wanted.extend(need for need in missing if need not in seen)
            seen.update(missing)
        return found

    def ready_at(self, place: Place, since: str | None = None) -> float | None:
        """When the last of what it needs came, Unix time; None if it needs nothing, or nobody knows.

        Args:
            place: the partition that is made of them.
            since: the first partition that will be asked for in a row.
        """
        first = place.partition if since is None else since
        needs = [(need, min(need.partition, first)) for need in self._needs(place)]
        came = [self._came(need.dataset, start).get(need.partition) for need, start in needs]
        return max((arrival.at for arrival in came if arrival), default=None)

    def grace(self, series: Series | None) -> float:
        """How many seconds after all it needs a partition may take to be made, as those of its series did."""
        if series is None:
            return _LEAST_GRACE_SECONDS
        keys = [key for key in series.keys[: series.newest + 1] if key in series.arrivals][-_RECENT:]
        ready = {key: self.ready_at(Place(series.dataset.name, key), keys[0]) for key in keys}
        lags = [series.arrivals[key].at - at for key, at in ready.items() if at is not None]
        return max(_LEAST_GRACE_SECONDS, _GRACE_LAGS * median(lags) if lags else 0.0)

    def waiting_for(self, dataset: str) -> tuple[str, ...]:
        """The datasets downstream whose partitions wait for the same partition of `dataset`."""
        waiting = {dataset}
        for reader in self._graph.datasets.values():
            if waiting.intersection(_required(reader)):
                waiting.add(reader.name)
        return tuple(name for name in self._graph.datasets if name in waiting and name != dataset)

    def between(self, dataset: str, first: str, last: str) -> bool:
        """Whether any partition between the two is published."""
        return any(first < key < last for key in self._published(dataset, self._since))

    def _needs(self, place: Place) -> list[Place]:
        required = _required(self._graph.get(place.dataset))
        return [Place(name, self._key(name, place.partition)) for name in required]

    def _key(self, dataset: str, partition: str) -> str:
        return UNPARTITIONED if self._graph.get(dataset).partitions is None else partition

    def _is_there(self, place: Place) -> bool:
        is_whole = place.partition not in self._troubled(place.dataset)
        return is_whole and place.partition in self._published(*self._from(place))

    def _from(self, place: Place) -> tuple[str, str]:
        return place.dataset, min(self._since, place.partition)


def _required(dataset: Dataset) -> list[str]:
    """The inputs of which the same partition, or the whole, must be there before it is made."""
    return [
        name
        for name, mapping in dataset.ins.items()
        if isinstance(mapping, SamePartition) or (isinstance(mapping, Lookback) and mapping.require_current)
    ]


def grouped(late: Iterable[Late], causes: Causes) -> dict[Place, list[Late]]:
    """What is late by what it waits for: the partition to blame to all that is late for it, itself included."""
    by_root: dict[Place, list[Late]] = {}
    for one in late:
        for root in causes.roots(one.place):
            by_root.setdefault(root, []).append(one)
    return by_root


def in_rows(partitions: Sequence[str], dataset: str, causes: Causes) -> list[list[str]]:
    """Partitions of a dataset, divided where one that is published lies between two."""
    rows: list[list[str]] = []
    for key in sorted(partitions):
        if rows and not causes.between(dataset, rows[-1][-1], key):
            rows[-1].append(key)
        else:
            rows.append([key])
    return rows
