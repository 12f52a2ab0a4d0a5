"""What the hour of the day and the day of the week add, by the clock that each time is told in."""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

HOURS, WEEKDAYS = 24, 7
FEWEST_RUNS = 21
MEDIAN_VARIANCE = math.pi / 2
MAD_TO_DEVIATION = 1.4826
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Season:
    """What to add to the logarithm of seconds."""

    hours: tuple[float, ...] = (0.0,) * HOURS
    weekdays: tuple[float, ...] = (0.0,) * WEEKDAYS

    def of(self, at: datetime | None) -> float:
        """The sum of both."""
        return 0.0 if at is None else self.hours[at.hour] + self.weekdays[at.weekday()]


NO_SEASON = Season()


def fit_season(deviations: Floats, hours: Floats, weekdays: Floats) -> Season:
    """Effects by hour and by weekday, each shrunk as far as it may be noise.

    Medians, shrunk by the empirical Bayes rule of W. James and C. Stein ("Estimation with quadratic loss", 1961): as
    much as the effects vary less between groups than chance alone would have them.

    Args:
        deviations: of the logarithm of seconds, without size, level and regime.
        hours: hour of the day of each; NaN where the time is not known.
        weekdays: likewise, Monday is 0.
    """
    known = ~np.isnan(hours)
    if known.sum() < FEWEST_RUNS:
        return NO_SEASON
    values = deviations[known]
    by_hour = hours[known].astype(np.int64)
    by_weekday = weekdays[known].astype(np.int64)
    hour_effects = _shrunk(values, by_hour, HOURS)
    weekday_effects = _shrunk(values - hour_effects[by_hour], by_weekday, WEEKDAYS)
    return Season(tuple(hour_effects.tolist()), tuple(weekday_effects.tolist()))


def _shrunk(values: Floats, groups: NDArray[np.int64], number: int) -> Floats:
    counts = np.bincount(groups, minlength=number)
    filled = counts > 1
    if filled.sum() < 2:
        return np.zeros(number)
    medians = _medians(values, groups, counts)
    variance = (MAD_TO_DEVIATION * float(np.median(np.abs(values - medians[groups])))) ** 2
    noise = MEDIAN_VARIANCE * variance / np.maximum(counts, 1)
    centre = float(medians[filled].mean())
    between = float(np.mean((medians[filled] - centre) ** 2 - noise[filled]))
    if between <= 0:
        return np.zeros(number)
    weights = np.where(filled, between / (between + noise), 0.0)
    return np.asarray(weights * (medians - centre))


def _medians(values: Floats, groups: NDArray[np.int64], counts: NDArray[np.int64]) -> Floats:
    """Of each group; 0 of an empty one."""
    ranked = values[np.lexsort((values, groups))]
    starts = np.cumsum(counts) - counts
    last = len(values) - 1
    lower = ranked[np.minimum(starts + np.maximum(counts - 1, 0) // 2, last)]
    upper = ranked[np.minimum(starts + counts // 2, last)]
    return np.where(counts > 0, (lower + upper) / 2, 0.0)
