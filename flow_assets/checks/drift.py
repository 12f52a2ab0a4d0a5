"""How far a column's distribution is from that of the partitions before it, from stored states alone.

A distribution is known by the centroids of a t-digest (Dunning and Ertl, "Computing Extremely Accurate Quantiles Using
t-Digests", 2019) or by the counts of its categories. A distribution function read from centroids is wrong by at most
the share of one centroid: 1.6 % of a thousand rows, less at the tails, and nothing where equal values share a centroid.

Each measure comes with its *noise*: what chance alone exceeds once in a thousand partitions, in a sample so small. A
column has drifted where a measure is above its threshold and above its noise. The noise is that of independent rows;
that days differ for good reasons is for the threshold to allow.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SIGNIFICANCE = 0.001
"""The share of partitions in which chance alone may exceed a measure's noise."""
_NONE = np.empty(0)
_SHARES = np.arange(1, 10) / 10
_RARE = 0.01
_EXPECTED = 5
"""Rows that a bin must lead to expect for chi-squared to hold (Cochran, "Some methods for strengthening the common
chi-squared tests", Biometrics, 1954)."""


@dataclass(frozen=True)
class ColumnDistribution:
    """A column's values in one partition, or in several.

    Attributes:
        rows: all rows.
        nulls: those without a value.
        means: centroids of the finite values, ascending.
        weights: how many values each centroid stands for.
        categories: how often each value occurs; None where they were not counted. What is missing in it is counted as
            one further category.
        uncertain: those that another partition's list, which was full, may have left out.
    """

    rows: int
    nulls: int
    means: Floats = field(default_factory=lambda: _NONE)
    weights: Floats = field(default_factory=lambda: _NONE)
    categories: Mapping[Any, int] | None = None
    uncertain: frozenset[Any] = frozenset()

    @property
    def uncounted(self) -> int:
        """Values in none of `categories`, of which only the most frequent are counted."""
        return self.values - sum((self.categories or {}).values())

    @property
    def values(self) -> int:
        """Rows that have a value."""
        return self.rows - self.nulls

    @cached_property
    def cumulated(self) -> Floats:
        """How many values the first centroids stand for: none, one, two, ... all of them."""
        return np.concatenate(([0.0], np.cumsum(self.weights)))

    def at_most(self, points: Floats) -> Floats:
        """How many finite values are at most as great as each point."""
        return self.cumulated[np.searchsorted(self.means, points, "right")]


@dataclass(frozen=True)
class Measurement:
    """How far two distributions are from each other.

    Attributes:
        noise: what chance alone would exceed once in a thousand times.
        about: the category that changed most, for the measure that is about one.
    """

    value: float
    noise: float
    about: str = ""


def merge(distributions: Sequence[ColumnDistribution]) -> ColumnDistribution:
    """The distribution of all values together."""
    means = np.concatenate([d.means for d in distributions] or [_NONE])
    order = np.argsort(means, kind="stable")  # merges runs that are sorted: five times as fast
    counted = [d.categories for d in distributions if d.categories is not None]
    categories: Counter[Any] = Counter()
    for counts in counted:
        categories.update(counts)
    cut = [d.categories.keys() for d in distributions if d.categories is not None and d.uncounted]
    certain = set.intersection(*map(set, cut)) if cut else categories.keys()
    return ColumnDistribution(
        sum(d.rows for d in distributions),
        sum(d.nulls for d in distributions),
        means[order],
        np.concatenate([d.weights for d in distributions] or [_NONE])[order],
        categories if counted else None,
        frozenset(categories.keys() - certain).union(*(d.uncertain for d in distributions)),
    )


def psi(now: ColumnDistribution, before: ColumnDistribution) -> Measurement:
    """The population stability index of numbers: sum over bins of (p - q) ln(p / q).

    Bins lie between the deciles of what was before; a value that holds more than a tenth of it has a bin of its own,
    and so have NaN and infinities. Half a row is added to each bin, so that an empty one gives no infinity. Its noise
    is the quantile of chi-squared by bins - 1, times 1/n + 1/m (Yurdakul and Naranjo, "Statistical properties of the
    population stability index", Journal of Risk Model Validation, 2020), and what it is if each border of a bin cuts
    off a centroid.
    """
    cuts = _NONE
    if len(before.means):
        ranks = np.searchsorted(before.cumulated[1:], _SHARES * before.cumulated[-1])
        below, above = _beside(before.means[ranks])
        is_again = below[1:] <= above[:-1]
        cuts = np.sort(np.concatenate((above, below[1:][is_again])))  # one that is there twice makes an empty bin
    found = _stability(np.array([_binned(now, cuts), _binned(before, cuts)]), _spread(now, before))
    return Measurement(found.value, found.noise + (len(cuts) * _grain(now)) ** 2)


def category_psi(now: ColumnDistribution, before: ColumnDistribution) -> Measurement:
    """The population stability index of categories; see `psi`.

    Categories that were below 1 % before, or would be expected in less than five rows now, are one bin, and so are
    those that a partition may have without counting them, because it has too many. One that was more frequent before
    than what is not counted now can be is taken to be as frequent as that.
    """
    counted = now.categories or {}
    at_most = min(now.uncounted, min(counted.values(), default=now.values))
    certain = {name: count for name, count in (before.categories or {}).items() if name not in before.uncertain}
    names = [n for n, count in certain.items() if n in counted or count * now.values > at_most * before.values]
    counts = _counts(names, now, before)
    counts[0] += [0 if name in counted else at_most for name in names]
    # By what was before alone: a category that is a bin because it is frequent now would be one by chance.
    is_frequent = counts[1] >= max(_RARE, _EXPECTED / now.values) * before.values
    frequent = counts[:, is_frequent]
    rest = np.maximum(np.array([[now.values], [before.values]]) - frequent.sum(axis=1, keepdims=True), 0)
    return _stability(np.hstack([frequent, rest]), _spread(now, before))


def ks(now: ColumnDistribution, before: ColumnDistribution) -> Measurement:
    """The Kolmogorov-Smirnov distance: the greatest difference of the distribution functions.

    NaN and infinities count as one value above all others. Its noise is Smirnov's asymptotic quantile, sqrt(-ln(a / 2)
    / 2) sqrt(1/n + 1/m) (Smirnov, "Table for estimating the goodness of fit of empirical distributions", Annals of
    Mathematical Statistics, 1948), which is too large where values repeat, and half a centroid.
    """
    # Between two steps of one function the other only rises, so the greatest difference lies beside a step.
    points = np.concatenate((*_beside(now.means), [np.inf]))
    distances = np.abs(now.at_most(points) / now.values - before.at_most(points) / before.values)
    noise = math.sqrt(-math.log(SIGNIFICANCE / 2) / 2 * _spread(now, before)) + _grain(now) / 2
    return Measurement(float(distances.max()), noise)


def category_shares(now: ColumnDistribution, before: ColumnDistribution, threshold: float = 0.0) -> Measurement:
    """The greatest change of a category's share, among those furthest above `threshold` and their own noise."""
    names = list({**(before.categories or {}), **(now.categories or {})})
    if not names:
        return Measurement(0.0, 0.0)
    counts = _counts(names, now, before)
    changes = np.abs(counts[0] / now.values - counts[1] / before.values)
    noise = _share_noise(counts.sum(axis=0) / (now.values + before.values), _spread(now, before), len(names))
    most = int(np.argmax(changes - np.maximum(noise, threshold)))
    return Measurement(float(changes[most]), float(noise[most]), str(names[most]))


def null_rate(now: ColumnDistribution, before: ColumnDistribution) -> Measurement:
    """The change of the share of nulls."""
    change = abs(now.nulls / now.rows - before.nulls / before.rows)
    pooled = np.array([(now.nulls + before.nulls) / (now.rows + before.rows)])
    return Measurement(change, float(_share_noise(pooled, 1 / now.rows + 1 / before.rows, 1)[0]))


def _spread(now: ColumnDistribution, before: ColumnDistribution) -> float:
    return 1 / now.values + 1 / before.values


def _beside(means: Floats) -> tuple[Floats, Floats]:
    """Points just below and above: means of equal values may differ in their last bits."""
    near = np.clip(1e-12 * np.abs(means), 1e-300, 1e290)  # beside zero too, and the greatest float does not overflow
    return means - near, means + near


def _grain(distribution: ColumnDistribution) -> float:
    """The share of the largest centroid, as far as it stands for more than one value."""
    return max(0.0, float(distribution.weights.max(initial=0)) - 1) / distribution.values


def _stability(counts: Floats, spread: float) -> Measurement:
    """The index of two rows of counts and its noise."""
    counts = counts[:, counts.any(axis=0)]
    bins = counts.shape[1]
    p, q = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + 0.5 * bins)
    return Measurement(float(np.dot(p - q, np.log(p / q))), _chi_squared(bins - 1) * spread)


def _binned(distribution: ColumnDistribution, cuts: Floats) -> Floats:
    ends = np.concatenate((distribution.at_most(cuts), [distribution.cumulated[-1], distribution.values]))
    ends[1:] -= ends[:-1].copy()
    return ends


def _counts(names: Sequence[Any], *distributions: ColumnDistribution) -> Floats:
    return np.array([[(d.categories or {}).get(name, 0) for name in names] for d in distributions], dtype=float)


def _share_noise(shares: Floats, spread: float, comparisons: int) -> Floats:
    """Bernstein's bound on a share's change, with `comparisons` at once (Bonferroni); it holds for few rows too."""
    odds = math.log(2 * comparisons / SIGNIFICANCE)
    return np.asarray(np.sqrt(2 * shares * (1 - shares) * spread * odds) + spread * odds / 3)


@lru_cache(maxsize=128)
def _chi_squared(degrees: int) -> float:
    """What chi-squared exceeds by chance, by the cube root's approximation (Wilson and Hilferty, PNAS, 1931)."""
    if degrees < 1:
        return 0.0
    part = 2 / (9 * degrees)
    return degrees * float((1 - part + NormalDist().inv_cdf(1 - SIGNIFICANCE) * math.sqrt(part)) ** 3)
