"""What was asked for lately, and how long to wait before the very same is asked for again.

A run that ends without publishing anything (its process was killed, its code cannot be imported, the disk is full)
leaves the plan as it was. It is asked for once more at once, and then after 1, 2, 4, ... minutes, up to an hour.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, replace
from typing import Self

from flow_assets.declaration import DatasetGraph, partition_keys
from flow_assets.memo.entries import PlanEntry

Cell = tuple[str, str]
"""A dataset's name and a partition's key."""

FIRST_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 3600.0


@dataclass(frozen=True)
class Asked:
    """One run that was asked for.

    Attributes:
        first: the first partition of its range, and `last` the last one.
        digest: of what the plan then said of it; the same again means that nothing came of the run.
        times: how often it was asked for, with the same digest.
        at: when it was asked for or last seen in a run, in seconds since 1970.
    """

    datasets: tuple[str, ...]
    first: str
    last: str
    digest: str
    times: int
    at: float

    @property
    def due(self) -> float:
        """When it may be asked for again."""
        doublings = min(self.times - 2, 10)  # more make no difference, and a float has no room for a thousand
        wait = FIRST_WAIT_SECONDS * 2.0**doublings if self.times > 1 else 0.0
        return self.at + min(wait, LONGEST_WAIT_SECONDS)

    def cells(self, graph: DatasetGraph) -> set[Cell]:
        """What it was for; without what has been removed from the project since."""
        known = [name for name in self.datasets if name in graph.datasets]
        return {(name, key) for name in known for key in between(graph, name, self.first, self.last)}

    def still(
        self, graph: DatasetGraph, work: Mapping[Cell, PlanEntry], busy: AbstractSet[Cell], now: float
    ) -> Self | None:
        """What to remember of it now; None once something came of it."""
        cells = self.cells(graph)
        if not cells.isdisjoint(busy):
            return replace(self, at=now)
        return self if digest(work[cell] for cell in cells if cell in work) == self.digest else None


def digest(entries: Iterable[PlanEntry]) -> str:
    """Stands for what a plan says of some partitions; it changes as soon as one of them is made or anything else is."""
    texts = sorted(json.dumps([e.dataset, e.partition, e.key or e.inputs]) for e in entries)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def between(graph: DatasetGraph, name: str, first: str, last: str) -> tuple[str, ...]:
    """The partitions of a dataset from `first` to `last`; none if it lacks one of them."""
    keys = partition_keys(graph.get(name).partitions)
    return keys[keys.index(first) : keys.index(last) + 1] if first in keys and last in keys else ()


def dump(memory: Iterable[Asked]) -> str:
    """The memory as text."""
    return json.dumps([asdict(asked) for asked in memory])


def load(text: str | None) -> tuple[Asked, ...]:
    """The memory that `dump` made a text of; none if the text is not of this format, as after an upgrade."""
    try:
        return tuple(Asked(**{**fields, "datasets": tuple(fields["datasets"])}) for fields in json.loads(text or "[]"))
    except (ValueError, TypeError, KeyError):
        return ()
