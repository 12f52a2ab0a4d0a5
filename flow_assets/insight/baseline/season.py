"""What the hour of the day and the day of the week add, by the clock that each time is told in."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

HOURS, WEEKDAYS = 24, 7
CLIP = 2.5
FEWEST_RUNS = 48


@dataclass(frozen=True)
class Season:
    """What to add to the logarithm of seconds."""

    hours: tuple[float, ...] = (0.0,) * HOURS
    weekdays: tuple[float, ...] = (0.0,) * WEEKDAYS

    def of(self, at: datetime | None) -> float:
        """The sum of both."""
        return 0.0 if at is None else self.hours[at.hour] + self.weekdays[at.weekday()]


NO_SEASON = Season()


def fit_season(
    deviations: NDArray[np.float64], hours: NDArray[np.float64], weekdays: NDArray[np.float64], scale: float
) -> Season:
    """Effects by hour and by weekday, each shrunk as far as it may be noise.

    Means of clipped deviations (P. J. Huber, "Robust Statistics", 1981), shrunk by the empirical Bayes rule of James and
    Stein for groups: as much as the effects vary less between groups than chance alone would have them.

    Args:
        deviations: of the logarithm of seconds, without size, level and regime.
        hours: hour of the day of each; NaN where the time is not known.
        weekdays: likewise, Monday is 0.
        scale: standard deviation of the deviations.
    """
    known = ~np.isnan(hours)
    if known.sum() < FEWEST_RUNS:
        return NO_SEASON
    clipped = np.clip(deviations[known], -CLIP * scale, CLIP * scale)
    by_hour = hours[known].astype(np.int64)
    by_weekday = weekdays[known].astype(np.int64)
    hour_effects = _shrunk(clipped, by_hour, HOURS)
    weekday_effects = _shrunk(clipped - hour_effects[by_hour], by_weekday, WEEKDAYS)
    return Season(tuple(hour_effects.tolist()), tuple(weekday_effects.tolist()))


def _shrunk(values: NDArray[np.float64], groups: NDArray[np.int64], number: int) -> NDArray[np.float64]:
    counts = np.bincount(groups, minlength=number)
    filled = counts > 1
    if filled.sum() < 2:
        return np.zeros(number)
    means = np.bincount(groups, weights=values, minlength=number) / np.maximum(counts, 1)
    noise = float(np.mean((values - means[groups]) ** 2)) / np.maximum(counts, 1)
    centre = float(means[filled].mean())
    between = float(np.mean((means[filled] - centre) ** 2 - noise[filled]))
    if between <= 0:
        return np.zeros(number)
    weights = np.where(filled, between / (between + noise), 0.0)
    return weights * (means - centre)
