"""What others do: the rules that monitoring tools come with, on the same series."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

import numpy as np
import pandas as pd

from benchmarks.detection.simulator import Floats, Series

FEWEST = 30
RECENT = 500
SEASON = 24


@dataclass(frozen=True)
class Rival:
    """A rule: what is usual before each run, in which unit a run's distance from it is told, and from where it alarms.

    Attributes:
        most_series: on how many series it is tried; one that is slow is tried on fewer.
        is_forecast: whether what is usual differs from run to run by season.
    """

    name: str
    threshold: float
    expect: Callable[[Series], tuple[Floats, Floats]]
    most_series: int = 1_000_000
    is_forecast: bool = False


def three_sigma(series: Series) -> tuple[Floats, Floats]:
    """Mean and standard deviation of all runs so far."""
    past = pd.Series(series.seconds).shift().expanding(FEWEST)
    return past.mean().to_numpy(), past.std().to_numpy()


def median_deviation(series: Series) -> tuple[Floats, Floats]:
    """Median and MAD of the last 500 (B. Iglewicz and D. Hoaglin, 1993: modified z-score, 3.5)."""
    seconds = pd.Series(series.seconds)
    median = seconds.shift().rolling(RECENT, FEWEST).median()
    deviation = (seconds - median).abs().shift().rolling(RECENT, FEWEST).median()
    return median.to_numpy(), (deviation / 0.6745).to_numpy()


def quartiles(series: Series) -> tuple[Floats, Floats]:
    """Third quartile and interquartile range of the last 500 (J. W. Tukey, 1977: 1.5)."""
    past = pd.Series(series.seconds).shift().rolling(RECENT, FEWEST)
    third = past.quantile(0.75)
    return third.to_numpy(), (third - past.quantile(0.25)).to_numpy()


def elementary(series: Series) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the 14 days before: Elementary's training period, with its sensitivity of 3."""
    times = pd.DatetimeIndex([time.astimezone(UTC).replace(tzinfo=None) for time in series.times])
    ordered = pd.Series(series.seconds, index=times)
    past = ordered.rolling("14D", min_periods=FEWEST, closed="left")
    return past.mean().to_numpy(), past.std().to_numpy()


def holt_winters(series: Series) -> tuple[Floats, Floats]:
    """Additive Holt-Winters of a day's season, fitted to the whole series; the deviation of the last 500 errors."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ExponentialSmoothing(series.seconds, trend="add", seasonal="add", seasonal_periods=SEASON)
        fitted = model.fit(optimized=True)
    errors = pd.Series(series.seconds - fitted.fittedvalues)
    deviation = errors.shift().rolling(RECENT, FEWEST).std().to_numpy()
    return np.where(np.isnan(deviation), np.nan, fitted.fittedvalues), deviation


HOLT_WINTERS = Rival("Holt-Winters", 3.0, holt_winters, most_series=20, is_forecast=True)
RIVALS = (
    Rival("3-sigma", 3.0, three_sigma),
    Rival("MAD", 3.5, median_deviation),
    Rival("IQR", 1.5, quartiles),
    Rival("Elementary", 3.0, elementary),
    HOLT_WINTERS,
)
