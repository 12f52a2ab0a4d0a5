"""Has the level of a series changed, or does it creep? Judged by the series' own unrest, not by a fixed limit.

The points are taken in batches that span a season, such as the seven days of a week, and of each batch the median: one
bad day moves it hardly, and what repeats within the season not at all. The medians are far less correlated than the
points, so that those before say how much they differ when nothing is wrong.

Sources: batch means for correlated series, Schmeiser, "Batch size effects in the analysis of simulation output"
(Operations Research 30, 1982); the prediction interval of one further mean, Student's t with one degree of freedom less
than batches (Hahn and Meeker, "Statistical Intervals", 1991); trend by ranks, Mann, "Nonparametric tests against trend"
(Econometrica 13, 1945), with the exact distribution of inversions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import factorial, sqrt
from statistics import fmean

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import stdtr, stdtrit  # Student's t: the chance of less, and its inverse

BATCHES = 8
"""So many before the last one; fewer are enough from `LEAST_BATCHES` on."""

LEAST_BATCHES = 5


@dataclass(frozen=True)
class LevelChange:
    """How the last batch compares with those before.

    Attributes:
        medians: of each batch, the oldest first; the last is the one that is judged.
        expected: mean of those before.
        spread: how much one of them differs from another when nothing is wrong.
        rise: the probability that the last median is so high, or the medians rise so steadily, by chance.
        fall: likewise for low and falling.
    """

    medians: tuple[float, ...]
    expected: float
    spread: float
    rise: float
    fall: float

    def limits(self, rate: float) -> tuple[float, float]:
        """Between which the last median lies unless something is wrong, at a false-alarm rate on each side."""
        before = len(self.medians) - 1
        width = -float(stdtrit(before - 1, rate / 2)) * self.spread * sqrt(1 + 1 / before)
        return self.expected - width, self.expected + width


def medians_of(values: Sequence[float], size: int) -> list[float]:
    """The median of each `size` values that follow each other, the oldest first; none where there are fewer."""
    if len(values) < size:
        return []
    return [float(middle) for middle in np.median(sliding_window_view(np.asarray(values), size), axis=1)]


def batches(size: int, end: int) -> range:
    """Where the batches begin that are compared when there are `end` values: up to `BATCHES` and the last."""
    return range(max(end - size * (BATCHES + 1), end % size), end - size + 1, size)


def compare(medians: Sequence[float], least_spread: float, *, with_trend: bool = True) -> LevelChange | None:
    """Compare the last batch with those before; None where there are too few.

    Args:
        medians: of each batch, the oldest first.
        least_spread: what one of them varies by in any case, as by counting.
        with_trend: whether a steady rise or fall counts too.
    """
    if len(medians) <= LEAST_BATCHES:
        return None
    before = medians[:-1]
    expected = fmean(before)
    deviation = sqrt(sum((one - expected) ** 2 for one in before) / (len(before) - 1))
    spread = max(deviation, least_spread)
    score = (medians[-1] - expected) / (spread * sqrt(1 + 1 / len(before)))
    rise, fall = (float(chance) for chance in stdtr(len(before) - 1, [-score, score]))
    if with_trend:  # two ways to be found are paid for
        rise = min(1.0, 2 * min(rise, _trend(medians)))
        fall = min(1.0, 2 * min(fall, _trend([-m for m in medians])))
    return LevelChange(tuple(medians), expected, spread, rise, fall)


def _trend(medians: Sequence[float]) -> float:
    """The probability of so few falls among all pairs by chance; what is equal counts as fallen."""
    inversions = sum(later <= earlier for earlier, later in combinations(medians, 2))
    counts = _inversions(len(medians))
    return sum(counts[: inversions + 1]) / factorial(len(medians))


@cache
def _inversions(length: int) -> tuple[int, ...]:
    """How many orders of `length` things have 0, 1, 2, ... inversions."""
    counts: tuple[int, ...] = (1,)
    for n in range(2, length + 1):
        most = len(counts) + n - 1
        counts = tuple(sum(counts[max(0, k - n + 1) : k + 1]) for k in range(most))
    return counts
