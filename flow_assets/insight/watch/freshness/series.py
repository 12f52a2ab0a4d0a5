"""One dataset's recent partitions in order: which are there, when each came for the first time, and which are missing.

Looked at are the last partitions up to the newest published one, and as many after it. What lies further back is
history, and so is what is missing at the beginning: see `gaps_of`.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from flow_assets.declaration import Dataset, TimePartitions
from flow_assets.ledger.arrivals import Arrival, Arrivals
from flow_assets.materialization.project import Project

WINDOW: Mapping[str, int] = {"hours": 28 * 24, "days": 400, "months": 60}
"""Of so many partitions arrivals are learned, and gaps are looked for."""


@dataclass(frozen=True)
class Series:
    """See the module.

    Attributes:
        keys: the partitions looked at, in order.
        newest: position of the last published one.
        published: those that are there.
        troubled: those whose last attempt failed or was blocked.
        arrivals: partition to its first publication, as far as the ledger knows it.
        began_at: when any of its partitions was published for the first time, Unix time.
    """

    dataset: Dataset
    partitions: TimePartitions
    keys: tuple[str, ...]
    newest: int
    published: AbstractSet[str]
    troubled: AbstractSet[str]
    arrivals: Mapping[str, Arrival]
    began_at: float

    @cached_property
    def ends(self) -> tuple[datetime, ...]:
        """Where the period of each partition ends, on the clock of the partitions' time zone."""
        zone, window = self.partitions.zone, self.partitions.window
        return tuple(window(key)[1].astimezone(zone) for key in self.keys)

    @cached_property
    def came_at(self) -> tuple[float | None, ...]:
        """When each partition came; None for one that is missing, or of which it is not known."""
        found = (self.arrivals.get(key) if key in self.published else None for key in self.keys)
        return tuple(arrival and arrival.at for arrival in found)

    @cached_property
    def run_at(self) -> tuple[float | None, ...]:
        """When the first of the run came by which a partition came: in which order one run publishes says nothing."""
        first: dict[str, float] = {}
        for arrival in self.arrivals.values():
            first[arrival.run_id] = min(arrival.at, first.get(arrival.run_id, arrival.at))
        found = zip(self.keys, self.came_at, strict=True)
        return tuple(at and first[self.arrivals[key].run_id] for key, at in found)

    @cached_property
    def newest_came_at(self) -> float:
        """When the newest of which that is known came; not when an older one was filled in."""
        known = (at for at in reversed(self.came_at[: self.newest + 1]) if at is not None)
        return next(known, self.began_at)

    @cached_property
    def period_seconds(self) -> float:
        """How long a period is."""
        start, end = self.partitions.window(self.keys[self.newest])
        return (end - start).total_seconds()


@dataclass(frozen=True)
class Gap:
    """Partitions in a row of which none is published.

    Attributes:
        start: position of the first.
        stop: position after the last.
        passed_at: when the one after them came, if that passed them over, Unix time.
    """

    start: int
    stop: int
    passed_at: float | None


def read_series(project: Project, dataset: Dataset, now: datetime) -> Series | None:
    """The series of a dataset; None without windows of time, or as long as nothing of it was ever published."""
    if not isinstance(dataset.partitions, TimePartitions):
        return None
    arrivals = Arrivals(project.engine, project.settings.environment)
    keys = dataset.partitions.keys(now)
    began_at = arrivals.began_at(dataset.name)
    newest = arrivals.newest(dataset.name, keys[-1]) if keys else None
    if newest is None or began_at is None or not (position := bisect_right(keys, newest)):
        return None
    length = WINDOW[dataset.partitions.unit]
    seen = keys[max(0, position - length) : position + length]
    published = arrivals.published(dataset.name, seen[0]).intersection(seen)
    if not published:  # what is published has keys of partitions that were declared before
        return None
    return Series(
        dataset=dataset,
        partitions=dataset.partitions,
        keys=seen,
        newest=max(position for position, key in enumerate(seen) if key in published),
        published=published,
        troubled=troubled(project, dataset.name),
        arrivals=arrivals.first(dataset.name, seen[0]),
        began_at=began_at,
    )


def troubled(project: Project, dataset: str) -> set[str]:
    """Partitions whose last attempt failed, or was blocked by a rule; other watches tell of them."""
    return {*project.holdings.failures(dataset), *project.holdings.judgements.blocked(dataset)}


def gaps_of(series: Series) -> Iterator[Gap]:
    """What is missing after the first partition, in order; the last gap is what comes after the newest.

    What lies between two partitions was passed over if anything before it was there when the one after it came.
    Otherwise somebody fills in history, from an earlier partition on. A gap longer than all that is before it was not
    passed over either: the series began anew after it.
    """
    there = 0
    for is_there, group in groupby(range(len(series.keys)), lambda position: series.keys[position] in series.published):
        positions = list(group)
        start, stop = positions[0], positions[-1] + 1
        if is_there:
            there += len(positions)
        elif start:
            is_short = stop <= series.newest and stop - start <= there
            yield Gap(start, stop, _passed_at(series, start, stop) if is_short else None)


def _passed_at(series: Series, start: int, stop: int) -> float | None:
    before, after = [at for at in series.run_at[:start] if at is not None], series.run_at[stop]
    is_passed = after is not None and (not before or min(before) <= after)
    return series.came_at[stop] if is_passed else None
