"""The level that runs lie around, and what a regime adds to it."""

import math
from bisect import insort
from collections import OrderedDict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

LENGTH = 500
MOST_REGIMES = 32
MOST_VALUES = 100
ALTERNATE_DOUBT, SUCCESSOR_DOUBT = 1.0, 50.0
MANY_RUNS, REFIT_RUNS = 20, 10
LATELY = 20
MEDIAN_VARIANCE = math.pi / 2


def median(ranked: Sequence[float]) -> float:
    """The median of sorted values."""
    half, odd = divmod(len(ranked), 2)
    return ranked[half] if odd else (ranked[half - 1] + ranked[half]) / 2


@dataclass
class Level:
    """The median of the runs since the level last changed, at most 500."""

    values: deque[float] = field(default_factory=lambda: deque(maxlen=LENGTH))
    ranked: list[float] = field(default_factory=list)

    @classmethod
    def among(cls, values: Sequence[float]) -> "Level":
        """The level of these runs."""
        kept = list(values)[-LENGTH:]
        return cls(deque(kept, maxlen=LENGTH), sorted(kept))

    def add(self, value: float) -> None:
        """Take one more run."""
        if len(self.values) == LENGTH:
            self.ranked.remove(self.values[0])
        self.values.append(value)
        insort(self.ranked, value)

    @property
    def runs(self) -> int:
        """Of how many runs it is."""
        return len(self.ranked)

    @property
    def value(self) -> float:
        """The median."""
        return median(self.ranked)

    @property
    def inflation(self) -> float:
        """By how much its uncertainty widens what the next run may be, as in recursive residuals.

        R. L. Brown, J. Durbin and J. M. Evans, "Techniques for testing the constancy of regression relationships",
        1975.
        """
        return math.sqrt(1 + MEDIAN_VARIANCE / max(self.runs, 1))


@dataclass
class Regime:
    """A label under which runs may take longer or shorter: a version of the code, a cold start.

    Attributes:
        number: a name of it.
        parent: the regime it is moderated toward; None for the first.
        first_seen: the number of its first run.
        last_seen: the number of its last run.
        offset: what it adds to the logarithm of seconds.
        prior: what was thought of that before its first run, or when the level last changed.
        runs: how many were seen.
    """

    number: int
    parent: "Regime | None" = None
    first_seen: int = 0
    last_seen: int = 0
    offset: float = 0.0
    prior: float = 0.0
    runs: int = 0
    values: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_VALUES))

    @property
    def is_alternate(self) -> bool:
        """Whether its parent came back after it began, as warm starts do after a cold one."""
        return self.parent is not None and self.parent.last_seen > self.first_seen

    def learn(self, value: float) -> None:
        """Take one more deviation from the level."""
        self.runs += 1
        self.values.append(value)
        if self.parent is not None and (self.runs < MANY_RUNS or self.runs % REFIT_RUNS == 0):
            known, doubt = len(self.values), ALTERNATE_DOUBT if self.is_alternate else SUCCESSOR_DOUBT
            self.offset = (known * median(sorted(self.values)) + doubt * self.prior) / (known + doubt)

    def settle(self) -> None:
        """The level changed: what was measured against the old one is no longer evidence."""
        self.prior = self.offset
        self.values.clear()


@dataclass
class Regimes:
    """Those seen lately.

    One that takes the place of another, as a new version of the code does, is held to the level of the former with
    the weight of 50 runs, so that a lasting change is found and not learned away. One that alternates with it has an
    offset of its own, moderated by one run. Of labels that are tuples, a new one is moderated toward the one that
    shares the most parts with it and has the most runs: a cold start of new code toward cold starts of the old.
    """

    known: "OrderedDict[Hashable, Regime]" = field(default_factory=OrderedDict)
    count: int = 0
    runs: int = 0

    def find(self, label: Hashable) -> Regime:
        """The regime of the next run; one that is not known yet is like its parent."""
        regime = self.known.get(label)
        if regime is not None:
            return regime
        parent = self._parent(label)
        offset = parent.offset if parent else 0.0
        return Regime(self.count, parent, self.runs, self.runs, offset, offset)

    def enter(self, label: Hashable) -> Regime:
        """The regime of a run that is learned from."""
        regime = self.find(label)
        if label not in self.known:
            self.known[label] = regime
            self.count += 1
            if len(self.known) > MOST_REGIMES:
                forgotten = self.known.popitem(last=False)[1]
                forgotten.parent = None  # or it would hold all that were before it
        self.known.move_to_end(label)
        regime.last_seen = self.runs
        self.runs += 1
        return regime

    def settle(self) -> None:
        """The level changed."""
        for regime in self.known.values():
            regime.settle()

    def _parent(self, label: Hashable) -> Regime | None:
        if not self.known:
            return None
        lately = [other for other, regime in self.known.items() if regime.last_seen >= self.runs - LATELY]
        candidates = list(self.known) if isinstance(label, tuple) else lately
        return self.known[max(candidates, key=lambda other: (_shared_parts(label, other), self.known[other].runs))]


def _shared_parts(label: Hashable, other: Hashable) -> int:
    if not (isinstance(label, tuple) and isinstance(other, tuple)):
        return 0
    return sum(part == of_other for part, of_other in zip(label, other, strict=False))
