"""How the size of the work drives its duration: a fixed cost, and a cost that grows with size."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OFFSETS = np.array([0.0, *(2.0**power for power in range(-6, 7))])
POWERS = np.array([1.0, 1.25, 1.5, 2.0])
FEWEST_RUNS = 10
LEAST_GAIN = 0.02


@dataclass(frozen=True)
class SizeEffect:
    """Seconds are proportional to `offset + (size / usual) ** power`.

    Attributes:
        usual: the usual size, also assumed where none is told.
        offset: the fixed cost, in terms of what depends on size at the usual size. Infinite: size does not matter.
        power: 1 for work proportional to size.
    """

    usual: float
    offset: float
    power: float

    def of(self, size: float | None) -> float:
        """What size adds to the logarithm of seconds, relative to the usual size."""
        if size is None or self.offset == math.inf:
            return 0.0
        return math.log((self.offset + (max(size, 1.0) / self.usual) ** self.power) / (self.offset + 1))

    def of_all(self, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same of many; NaN where none is told."""
        if self.offset == math.inf:
            return np.zeros(len(sizes))
        relative = np.where(np.isnan(sizes), 1.0, np.maximum(sizes, 1.0) / self.usual)
        return np.asarray(np.log((self.offset + relative**self.power) / (self.offset + 1)))


NO_EFFECT = SizeEffect(1.0, math.inf, 1.0)


def prior_effect(size: float) -> SizeEffect:
    """What is assumed before anything is known: at the first run's size, half of the cost is fixed."""
    return SizeEffect(max(size, 1.0), 1.0, 1.0)


def fit_size(logs: NDArray[np.float64], sizes: NDArray[np.float64], groups: NDArray[np.float64]) -> SizeEffect | None:
    """The effect that leaves the least mean absolute deviation.

    Least absolute deviations (as in Theil-Sen, a robust regression: half of the runs may be outliers) over a grid of
    fixed costs, since the logarithm of `fixed + size` is not linear in anything. Within groups only: a level shift or
    another regime is no effect of size.

    Args:
        logs: logarithms of seconds.
        sizes: NaN where not known.
        groups: runs of one group share a level.

    Returns:
        None where there is too little to learn from.
    """
    known = ~np.isnan(sizes)
    if known.sum() < FEWEST_RUNS:
        return None
    logs, sizes, groups = logs[known], np.maximum(sizes[known], 1.0), groups[known]
    usual = float(np.median(sizes))
    if np.ptp(np.log(sizes)) < 0.02:
        return None
    powered = (sizes[:, None] / usual) ** POWERS
    features = np.log((OFFSETS + powered[:, :, None]) / (OFFSETS + 1)).reshape(len(sizes), -1)
    remaining = np.column_stack([logs[:, None] - features, logs])
    for group in np.unique(groups):
        of_group = groups == group
        remaining[of_group] -= np.median(remaining[of_group], axis=0)
    losses = np.abs(remaining).mean(axis=0)
    best = int(np.argmin(losses[:-1]))
    if losses[best] > losses[-1] * (1 - LEAST_GAIN):
        return SizeEffect(usual, math.inf, 1.0)
    power, offset = divmod(best, len(OFFSETS))
    return SizeEffect(usual, float(OFFSETS[offset]), float(POWERS[power]))
