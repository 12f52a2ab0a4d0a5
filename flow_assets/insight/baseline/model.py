"""What a run's duration is made of: level, size, season, regime, and noise. All on the scale of logarithms."""

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from flow_assets.insight.baseline.history import LENGTH, Column, History
from flow_assets.insight.baseline.level import Level, Regimes, median
from flow_assets.insight.baseline.pool import UNKNOWN_NOISE, Noise
from flow_assets.insight.baseline.priors import Priors
from flow_assets.insight.baseline.scores import Scores
from flow_assets.insight.baseline.season import NO_SEASON, Season, fit_season
from flow_assets.insight.baseline.size import NO_EFFECT, SizeEffect, fit_size, prior_effect

REGIME_SCALE = 0.5
SETTLED_RUNS = 10
SEASON_SCALE, UNKNOWN_SEASON = 0.2, timedelta(days=14)
FIRST_WEEKS = timedelta(days=21)
SEGMENT_COST = 2.0
SEASON_PARAMETERS = 30
MAD_TO_DEVIATION = 1.4826
MAD_EFFICIENCY = 0.37
REFIT_GROWTH, REFIT_RUNS = 1.15, 50


@dataclass(frozen=True)
class Terms:
    """What a run is judged by.

    Attributes:
        size: how much work it had.
        regime: its label.
        at: when it was.
    """

    size: float | None
    regime: Hashable
    at: datetime | None


@dataclass(frozen=True)
class Frame:
    """Where a run of such terms is expected.

    Attributes:
        centre: the expected logarithm of seconds.
        unit: the standard deviation around it, with all that is uncertain of it.
        widening: by how many times a single run of a new regime may lie further off.
        regime_runs: how many runs of its regime were seen; 0 of the first regime.
        allowance: by how many units it may be slower because that was normal until lately.
    """

    centre: float
    unit: float
    widening: float
    regime_runs: int
    allowance: float


@dataclass(frozen=True)
class Look:
    """How a run looks: its deviation in units, and how rare that is, as a normal score."""

    deviation: float
    score: float


@dataclass
class Model:
    """The model of one series of runs.

    The scale is moderated toward its prior, such as 0.3 with the weight of three runs, as in limma (G. K. Smyth,
    "Linear models and empirical Bayes methods for assessing differential expression", 2004): a few runs that happen to
    agree are no proof of little noise. A new regime may differ from the one before it by a factor whose logarithm has a
    standard deviation of 0.5: its first run has to be that much further off.

    Attributes:
        former: the level before the last shift; runs that return to it have it back with all that was known of it.
        noise: the scale as measured, without the prior; infinite while it was not.
        segment: a number of the present level; runs of the history that had the same level have the same.
        ceiling: see `allowance`.
    """

    priors: Priors = field(default_factory=Priors)
    history: History = field(default_factory=History)
    level: Level = field(default_factory=Level)
    former: Level | None = None
    regimes: Regimes = field(default_factory=Regimes)
    size: SizeEffect = NO_EFFECT
    season: Season = NO_SEASON
    past_scores: deque[float] = field(default_factory=lambda: deque(maxlen=500))
    scores: Scores = field(default_factory=Scores)
    scale: float = 0.0
    noise: Noise = UNKNOWN_NOISE
    segment: int = 0
    segments: int = 1
    learned: int = 0
    next_fit: float = 2.0
    first_at: datetime | None = None
    last_at: datetime | None = None
    ceiling: float | None = None

    def __post_init__(self) -> None:
        self.scale = self.priors.scale
        self.scores.unseen_mean = self.priors.unseen_mean

    def frame(self, terms: Terms) -> Frame:
        """Where such a run is expected."""
        regime = self.regimes.find(terms.regime)
        base = self.size.of(terms.size) + self.season.of(terms.at) + regime.offset
        scale = self._scale_at(terms.at)
        widening = 1.0 if regime.parent is None else math.sqrt(1 + (REGIME_SCALE / scale) ** 2 / (1 + regime.runs))
        unit = scale * self.level.inflation
        if regime.parent is not None and (not regime.runs or (regime.is_alternate and regime.runs < SETTLED_RUNS)):
            unit, widening = unit * widening, 1.0
        return Frame(
            base + self.level.value, unit, widening, regime.runs if regime.parent else 0, self.allowance / unit
        )

    @property
    def allowance(self) -> float:
        """How far the level that alarms are measured against lies above the present one.

        In the first three weeks that is the level before runs became faster: until the weekly season is known, the
        Monday after the first weekend is no alarm.
        """
        return 0.0 if self.ceiling is None else self.ceiling - self.level.value

    def _scale_at(self, at: datetime | None) -> float:
        if at is None or self.first_at is None or at - self.first_at > UNKNOWN_SEASON:
            return self.scale
        return math.hypot(self.scale, SEASON_SCALE)

    def score(self, deviation: float) -> float:
        """The normal score of a deviation; where the noise is less than is believed in, no more than the deviation."""
        score = self.scores.score(deviation)
        return score if self.noise.spread > self.priors.least_scale else min(score, deviation)

    def learn(self, log_seconds: float, terms: Terms, look: Look | None) -> bool:
        """Take a run, as it looked before; None for the first. Returns whether everything was fitted anew."""
        if terms.size is not None and self.size is NO_EFFECT:
            self.size = prior_effect(terms.size)
        self.first_at = self.first_at or terms.at
        self.last_at = terms.at
        if self.ceiling is not None and (not terms.at or not self.first_at or terms.at - self.first_at > FIRST_WEEKS):
            self.ceiling = None
        regime = self.regimes.enter(terms.regime)
        base = self.size.of(terms.size) + self.season.of(terms.at)
        hour, weekday = (math.nan, math.nan) if terms.at is None else (terms.at.hour, terms.at.weekday())
        size = math.nan if terms.size is None else terms.size
        self.history.append((log_seconds, size, hour, weekday, regime.number, self.segment))
        if self.level.runs:
            regime.learn(log_seconds - base - self.level.value)
        self.level.add(log_seconds - base - regime.offset)
        if look is not None:
            self.scores.add(look.deviation)
            self.past_scores.append(look.score)
        self.learned += 1
        is_due = self.learned >= self.next_fit
        if is_due:
            self.fit()
            self.next_fit = min(max(self.learned + 1, self.learned * REFIT_GROWTH), self.learned + REFIT_RUNS)
        return is_due

    def shift(self, runs: int, is_alarm: bool) -> None:
        """The last runs have another level: from now on, theirs is the normal one, or again the one before it.

        Args:
            runs: how many.
            is_alarm: whether that was an alarm; otherwise they became faster, or as slow again as they were.
        """
        self.scores.forget(runs)
        for _ in range(min(runs, len(self.past_scores))):
            self.past_scores.pop()
        recent = list(self.level.values)[-runs:]
        rest = list(self.level.values)[:-runs]
        new, before = Level.among(recent), Level.among(rest)
        if self.former is not None and abs(new.value - self.former.value) < 2 * self.scale * new.inflation - self.scale:
            new = Level.among([*self.former.values, *recent])
        self.former = before if before.runs else self.former
        self.regimes.settle()
        self.level = new
        self.segment = self.segments
        self.segments += 1
        self.history.column(Column.SEGMENT)[-runs:] = self.segment
        self._set_ceiling(before, is_alarm)

    def _set_ceiling(self, before: Level, is_alarm: bool) -> None:
        if is_alarm or not self.last_at or not self.first_at or self.last_at - self.first_at > FIRST_WEEKS:
            self.ceiling = None
        elif self.ceiling is None and before.runs:
            self.ceiling = max(before.value, self.level.value)

    def fit(self) -> None:
        """Fit everything anew to the runs that are kept.

        Where size and season explain the runs as well without the level shifts that were found among them, there were
        none: two weekends are a season. They must do so by the Bayesian information criterion, a shift having two
        parameters.
        """
        groups = self.history.column(Column.SEGMENT)
        fitted = self._fit_within(groups)
        shifts = len(np.unique(groups)) - 1
        if shifts:
            tiny = self.priors.least_scale / 10
            one = self._fit_within(np.zeros(len(groups)))
            gain = len(groups) * math.log((one.loss + tiny) / (fitted.loss + tiny))
            if gain < SEGMENT_COST * shifts * math.log(len(groups)):
                groups[:] = self.segment
                fitted, self.former, self.ceiling = one, None, None
        self.size, self.season = fitted.size, fitted.season
        self._fit_scale(fitted.deviations, groups)
        self.level = Level.among(fitted.values[groups == self.segment].tolist())
        if self.learned <= LENGTH:  # the first deviations were from a model that knew little
            free = max(len(groups) - (0 if self.season == NO_SEASON else SEASON_PARAMETERS) - shifts - 1, 1)
            inflated = fitted.deviations * (math.sqrt(min(len(groups) / free, 4.0)) / self.scale)
            self.past_scores = deque(self.scores.replace(inflated.tolist()), maxlen=LENGTH)
        self.scores.fit_tail()

    def _fit_within(self, groups: NDArray[np.float64]) -> "_Fitted":
        column = self.history.column
        logs = column(Column.LOG_SECONDS) - self._regime_offsets()
        size = fit_size(logs - self._seasons(self.season), column(Column.SIZE), groups) or self.size
        logs = logs - size.of_all(column(Column.SIZE))
        season = fit_season(_centred(logs, groups), column(Column.HOUR), column(Column.WEEKDAY))
        values = logs - self._seasons(season)
        deviations = _centred(values, groups)
        return _Fitted(size, season, values, deviations, float(np.abs(deviations).mean()))

    def _fit_scale(self, deviations: NDArray[np.float64], segments: NDArray[np.float64]) -> None:
        free = max(len(deviations) - len(np.unique(segments)), 0)
        spread = MAD_TO_DEVIATION * float(np.median(np.abs(deviations)))
        spread *= math.sqrt(len(deviations) / free) if free else 0.0
        weight = MAD_EFFICIENCY * free
        self.noise = Noise(spread, weight) if free else UNKNOWN_NOISE
        prior = self.priors
        variance = (prior.scale_runs * prior.scale**2 + weight * spread**2) / (prior.scale_runs + weight)
        self.scale = max(math.sqrt(variance), prior.least_scale)

    def _regime_offsets(self) -> NDArray[np.float64]:
        offsets = np.zeros(self.regimes.count)
        for regime in self.regimes.known.values():
            offsets[regime.number] = regime.offset
        return offsets[self.history.column(Column.REGIME).astype(np.int64)]

    def _seasons(self, season: Season) -> NDArray[np.float64]:
        hours, weekdays = self.history.column(Column.HOUR), self.history.column(Column.WEEKDAY)
        known = ~np.isnan(hours)
        by_hour, by_weekday = np.array(season.hours), np.array(season.weekdays)
        hours, weekdays = np.where(known, hours, 0).astype(np.int64), np.where(known, weekdays, 0).astype(np.int64)
        return np.where(known, by_hour[hours] + by_weekday[weekdays], 0.0)


@dataclass(frozen=True)
class _Fitted:
    size: SizeEffect
    season: Season
    values: NDArray[np.float64]
    deviations: NDArray[np.float64]
    loss: float


def _centred(values: NDArray[np.float64], segments: NDArray[np.float64]) -> NDArray[np.float64]:
    result = values.copy()
    for segment in np.unique(segments):
        of_segment = segments == segment
        result[of_segment] -= median(np.sort(values[of_segment]).tolist())
    return result
