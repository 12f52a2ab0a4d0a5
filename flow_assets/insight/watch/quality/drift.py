"""Whether a metric has another level than it used to: the tests of its series, and what a look makes of them."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from operator import itemgetter

from flow_assets.declaration import Dataset
from flow_assets.insight.watch.quality.level import BATCHES, LEAST_BATCHES, LevelChange, batches, compare, medians_of
from flow_assets.insight.watch.quality.series import Series

_LEAST_SHARE, _LEAST_RATIO = 0.5, 1.25
"""In percent; and how many times what was expected. Less is no trouble, however sure it is."""

_LEAST_CHANGE_OF_ROWS = log(1.2)


@dataclass(frozen=True)
class Season:
    """What of a dataset's partitions repeats.

    Attributes:
        size: so many partitions are one, and make a batch.
        partitions_per_week: how many end in a week.
    """

    size: int
    partitions_per_week: float

    @property
    def least_partitions(self) -> int:
        """How many partitions a test needs."""
        return self.size * (LEAST_BATCHES + 1)

    @property
    def most_partitions(self) -> int:
        """How many of the last partitions a look at a series needs."""
        return self.size * (BATCHES + 2)


_SEASONS = {"hours": Season(24, 168.0), "days": Season(7, 7.0), "months": Season(3, 0.25)}


def season_of(dataset: Dataset) -> Season | None:
    """By the unit of its partitions of time; None if it has no such partitions."""
    return _SEASONS.get(getattr(dataset.partitions, "unit", ""))


@dataclass(frozen=True)
class Drift:
    """A series whose level has changed.

    Attributes:
        size: partitions in a batch.
        change: as it is now.
        chance: how probable the clearest of the last tests is if nothing is wrong.
        first: the first partition of the batch in which that was found, and `since` when it was checked.
    """

    series: Series
    size: int
    change: LevelChange
    chance: float
    first: str
    since: str


def find_drift(series: Series, size: int, rate: float) -> Drift | None:
    """Whether the level has changed within the last `size` partitions, and still is not as it was."""
    end = len(series.partitions)
    return next(find_drifts(series, size, rate, range(end, end + 1)))


def find_drifts(series: Series, size: int, rate: float, ends: range) -> Iterator[Drift | None]:
    """What a look finds as of each end of the series: that is, with so many of its partitions.

    A look makes a test as of each of the last `size` partitions, so that an alert does not come and go with each.
    """
    medians = medians_of(series.values(), size)
    tests: deque[tuple[int, LevelChange | None]] = deque(maxlen=size)
    for end in range(max(ends.start - size + 1, 0), ends.stop):
        tests.append((end, _test(series, medians, size, end)))
        if end >= ends.start:
            yield _drift(series, size, rate, tests)


def _test(series: Series, medians: Sequence[float], size: int, end: int) -> LevelChange | None:
    starts = batches(size, end)
    if not starts:
        return None
    least = series.least_spread(size, range(starts[0], end))
    return compare([medians[start] for start in starts], least, with_trend=series.is_share)


def _drift(series: Series, size: int, rate: float, tests: Sequence[tuple[int, LevelChange | None]]) -> Drift | None:
    end, now = tests[-1]
    if now is None or any(series.are_broken[end - size : end]) or not _matters(series, now):
        return None
    matter = [(_chance(series, change), end) for end, change in reversed(tests) if change and _matters(series, change)]
    chance, found_at = min(matter, key=itemgetter(0))
    if chance > rate:
        return None
    start = found_at - size
    return Drift(series, size, now, chance, series.partitions[start], series.checked_at[start])


def _chance(series: Series, change: LevelChange) -> float:
    """Of what is looked for: a share that rises, rows that change."""
    return change.rise if series.is_share else min(1.0, 2 * min(change.rise, change.fall))


def _matters(series: Series, change: LevelChange) -> bool:
    if not series.is_share:
        return abs(change.medians[-1] - change.expected) >= _LEAST_CHANGE_OF_ROWS
    seen, expected = series.shown(change.medians[-1]), series.shown(change.expected)
    return seen >= max(expected + _LEAST_SHARE, expected * _LEAST_RATIO)
