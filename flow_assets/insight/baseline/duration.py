"""Is this run slower than usual, or have runs become slower?"""

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime

from flow_assets.insight.baseline.arguments import check_at, check_rate, check_seconds, check_size
from flow_assets.insight.baseline.charts import Chart, CumulativeSum, MovingSum
from flow_assets.insight.baseline.model import Frame, Look, Model, Terms
from flow_assets.insight.baseline.pool import Noise
from flow_assets.insight.baseline.priors import Priors
from flow_assets.insight.baseline.verdict import Verdict

SHARE_OF_SINGLE, SHARE_OF_SUDDEN, SHARE_OF_LASTING = 0.16, 0.6, 0.45
"""Of the rate of false alarms. Together they are more than 1: what two charts tell of is one alarm, and sums of scores
that are capped and moderated reach their thresholds less often than theory says, as simulated years show."""

SUDDEN_RUNS = 3
LASTING_SLACK, LASTING_RUNS = 0.5, 16
LEAST_SECONDS = 0.001
LONGEST_LOG_SECONDS = 30.0
STEPS = 50
LEEWAY = 2


@dataclass(frozen=True)
class _Judged(Look):
    """A run seen against the baseline, and how rare it is by each of the three charts."""

    alarming_score: float
    single: float
    sudden: float
    lasting: float

    @property
    def p_value(self) -> float:
        return min(1.0, self.single, self.sudden, self.lasting)


def _charts() -> tuple[Chart, Chart]:
    return MovingSum(SUDDEN_RUNS), CumulativeSum(LASTING_SLACK, LASTING_RUNS)


class DurationBaseline:
    """How long runs take, and whether one takes too long.

    Three charts share the rate of false alarms: one run by itself; three in a row that are much longer; many that are
    somewhat longer. The last two find a lasting change, call it a level shift once, and take
    the new level for normal. A run that is out of the ordinary by itself is learned as if it were a little above the
    largest so far, so that it hides neither a shift nor the next. Runs that become faster move the level too, without
    being anomalous.

    Teach it only runs that did the work and succeeded: not reused partitions, not failed runs.
    """

    def __init__(self, false_alarm_rate: float = 0.001, *, priors: Priors | None = None) -> None:
        """Know nothing.

        Args:
            false_alarm_rate: how often a judgement may be a false alarm.
            priors: what to assume of noise while there are few runs; `pooled_priors` has them from other series.

        Raises:
            BaselineError: that is no rate.
        """
        self._rate = check_rate(false_alarm_rate)
        self._model = Model(priors or Priors())
        self._alarming, self._slower, self._faster = _charts(), _charts(), _charts()

    def learn(
        self, seconds: float, *, size: float | None = None, regime: Hashable = None, at: datetime | None = None
    ) -> None:
        """Take a run that did the work and succeeded, in the order of time.

        Args:
            seconds: how long it took.
            size: how much work it had: a count of rows or bytes.
            regime: under what it ran, where that may change the level: a fingerprint of the code, `cold` or `warm`, or
                a tuple of such parts, always in the same order.
            at: when it was, in the time zone whose hours and weekdays matter.

        Raises:
            BaselineError: one of these cannot be.
        """
        log_seconds = math.log(max(check_seconds(seconds), LEAST_SECONDS))
        terms = Terms(check_size(size), regime, check_at(at))
        if not self._model.learned:
            self._model.learn(log_seconds, terms, None)
            return
        frame = self._model.frame(terms)
        look = self._look(frame, log_seconds)
        if look.single <= self._rate:
            log_seconds = self._limit(frame, only_single=True)
            look = self._look(frame, log_seconds)
            deviation = self._model.scores.tempered(look.deviation)
            look, log_seconds = replace(look, deviation=deviation), frame.centre + deviation * frame.unit
        is_fitted = self._model.learn(log_seconds, terms, look)
        self._follow(look)
        if is_fitted:  # only now: a shift is followed if, and only if, this run was judged to be one
            for chart in (*self._alarming, *self._slower, *self._faster):
                chart.fit(self._model.past_scores, self._model.learned)

    def judge(
        self, seconds: float, *, size: float | None = None, regime: Hashable = None, at: datetime | None = None
    ) -> Verdict:
        """Say what is to be thought of a run, without learning from it; the arguments are those of `learn`."""
        log_seconds = math.log(max(check_seconds(seconds), LEAST_SECONDS))
        terms = Terms(check_size(size), regime, check_at(at))
        if not self._model.learned:
            return Verdict(1.0, False, None, None, "nothing is known yet")
        frame = self._model.frame(terms)
        look = self._look(frame, log_seconds)
        p_value = look.p_value
        expected = math.exp(frame.centre)
        ratio = math.exp(log_seconds - frame.centre)
        return Verdict(p_value, p_value <= self._rate, expected, ratio, self._reason(look, ratio, frame))

    def limit(self, *, size: float | None = None, regime: Hashable = None, at: datetime | None = None) -> float | None:
        """The seconds beyond which `judge` calls such a run anomalous; None while nothing is known."""
        terms = Terms(check_size(size), regime, check_at(at))
        if not self._model.learned:
            return None
        limit = self._limit(self._model.frame(terms), only_single=False)
        return None if limit >= LONGEST_LOG_SECONDS else math.exp(limit)

    @property
    def noise(self) -> Noise:
        """How much durations vary, as far as it was measured; the rest is the priors'."""
        return self._model.noise

    def _look(self, frame: Frame, log_seconds: float) -> _Judged:
        deviation = (log_seconds - frame.centre) / frame.unit
        scores = self._model.scores
        score = self._model.score(deviation)
        alarming_score = self._model.score(deviation - frame.allowance) if frame.allowance else score
        sudden, lasting = self._alarming
        return _Judged(
            deviation,
            score,
            alarming_score,
            scores.lone_chance((deviation - frame.allowance) / frame.widening) / SHARE_OF_SINGLE,
            sudden.chance_after(alarming_score) / SHARE_OF_SUDDEN,
            lasting.chance_after(alarming_score) / SHARE_OF_LASTING,
        )

    def _limit(self, frame: Frame, only_single: bool) -> float:
        low, high = frame.centre, LONGEST_LOG_SECONDS
        for _ in range(STEPS):
            middle = (low + high) / 2
            look = self._look(frame, middle)
            is_beyond = (look.single if only_single else look.p_value) <= self._rate
            low, high = (low, middle) if is_beyond else (middle, high)
        return high

    def _follow(self, look: _Judged) -> None:
        """Bring the charts up to date; where one says so, the level is another from now on."""
        for charts, score in (
            (self._alarming, look.alarming_score),
            (self._slower, look.score),
            (self._faster, -look.score),
        ):
            for chart in charts:
                chart.take(score)
        fired = self._fired(self._alarming)
        quiet = fired or self._fired(self._slower) or self._fired(self._faster)
        if quiet is None:
            return
        self._model.shift(quiet.length, is_alarm=fired is not None)
        for chart in (*self._slower, *self._faster, *(() if self._model.ceiling is not None else self._alarming)):
            chart.reset()

    def _fired(self, charts: tuple[Chart, Chart]) -> Chart | None:
        for chart, share in zip(charts, (SHARE_OF_SUDDEN, SHARE_OF_LASTING), strict=True):
            if chart.chance / share <= self._rate:
                return chart
        return None

    def _reason(self, look: _Judged, ratio: float, frame: Frame) -> str:
        expected = f"{math.exp(frame.centre):.3g} s"
        if min(look.sudden, look.lasting) <= self._rate:
            chart = self._alarming[0 if look.sudden <= self._rate else 1]
            runs = chart.length_after(look.alarming_score)
            since = " since about when the regime changed" if 0 < frame.regime_runs <= runs + LEEWAY else ""
            return f"level shift: the last {runs} runs{since} are slower, this one {ratio:.3g} times {expected}"
        if look.single <= self._rate:
            return f"an outlier: {ratio:.3g} times the expected {expected}"
        return f"as usual: {ratio:.3g} times the expected {expected}"
