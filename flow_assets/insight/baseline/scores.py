"""How rare is a deviation? Conformal among the recent ones, extrapolated beyond, a stated prior at the beginning."""

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

RECENT = 500
TAIL = 64
TAIL_SHARE = 20
LONGEST = 20_000
PRIOR_SHAPE, PRIOR_SHAPE_RUNS = 0.2, 60
PRIOR_FREEDOM = 5.0
UNSEEN_RATE = 0.002
SHORT, LONG = 20, 200
LARGEST_GROWTH = 1.25
_NORMAL = NormalDist()


def t_score(deviation: float, freedom: float) -> float:
    """The normal score of a value of Student's t.

    D. L. Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", 1959.
    """
    score = (8 * freedom + 1) / (8 * freedom + 3) * math.sqrt(freedom * math.log1p(deviation**2 / freedom))
    return math.copysign(score, deviation)


def upper_tail(score: float) -> float:
    """The chance that a normal value is larger."""
    return 0.5 * math.erfc(score / math.sqrt(2))


@dataclass
class Scores:
    """Standardised deviations of the runs so far, and what they say of the next.

    The body is conformal: the rank among the last 500 (G. Shafer and V. Vovk, "A tutorial on conformal prediction",
    JMLR 9, 2008). Rates below one in as many runs as were seen cannot be had from ranks: there a generalised Pareto
    distribution is fitted to the largest deviations ever seen (J. Pickands, "Statistical inference using extreme
    order statistics", 1975; probability-weighted moments by J. R. M. Hosking and J. R. Wallis, 1987), its shape
    moderated toward 0.2. Up to 20 runs only the prior speaks, Student's t with 5 degrees of freedom, and up to 200
    less and less.
    """

    recent: deque[float] = field(default_factory=deque)
    ranked: list[float] = field(default_factory=list)
    largest: list[float] = field(default_factory=list)
    count: int = 0
    threshold: float = math.inf
    share: float = 0.0
    shape: float = PRIOR_SHAPE
    spread: float = 1.0
    unseen_mean: float = 3.0

    def add(self, deviation: float) -> None:
        """Take one more."""
        self.recent.append(deviation)
        insort(self.ranked, deviation)
        insort(self.largest, deviation)
        self.count += 1
        if len(self.recent) > RECENT:
            _remove(self.ranked, self.recent.popleft())
        if len(self.largest) > TAIL:
            del self.largest[0]
        if self.count >= LONGEST:  # what is long ago counts half
            self.count //= 2
            self.largest = self.largest[1::2]

    def replace(self, deviations: Sequence[float]) -> list[float]:
        """Take these, at most 500, instead of all so far; returns the normal score of each among the others."""
        self.recent = deque(deviations)
        self.ranked = sorted(deviations)
        self.largest = self.ranked[-TAIL:]
        self.count = number = len(deviations)
        ranks = ((bisect_left(self.ranked, value) + bisect_right(self.ranked, value)) / 2 for value in deviations)
        return [_NORMAL.inv_cdf(rank / number) for rank in ranks]

    def forget(self, number: int) -> None:
        """Take the last ones back."""
        for _ in range(min(number, len(self.recent))):
            deviation = self.recent.pop()
            _remove(self.ranked, deviation)
            _remove(self.largest, deviation)
            self.count -= 1

    def tempered(self, deviation: float) -> float:
        """What to add for an anomaly: not much more than the largest so far, so that it does not hide the next."""
        return min(deviation, LARGEST_GROWTH * self.largest[-1]) if len(self.ranked) >= SHORT else deviation

    def fit_tail(self) -> None:
        """Fit the distribution beyond a threshold anew."""
        size = min(len(self.largest) - 1, max(len(self.ranked) // TAIL_SHARE, 3))
        if len(self.ranked) < SHORT or size < 3:
            self.threshold = math.inf
            return
        self.threshold = self.largest[-size - 1]
        self.share = (size + 0.5) / (self.count + 1)
        excesses = [value - self.threshold for value in self.largest[-size:]]
        mean = max(sum(excesses) / size, 1e-9)
        weighted = sum(excess * (size - 0.65 - index) / size for index, excess in enumerate(excesses)) / size
        estimate = 2 - mean / (mean - 2 * weighted) if mean > 2 * weighted else 0.5
        moderated = (size * estimate + PRIOR_SHAPE_RUNS * PRIOR_SHAPE) / (size + PRIOR_SHAPE_RUNS) + 0.5 / math.sqrt(
            size + PRIOR_SHAPE_RUNS
        )
        self.shape = min(max(moderated, 0.02), 0.6)
        self.spread = mean * (1 - self.shape)

    def score(self, deviation: float) -> float:
        """The normal score of a deviation: 3 is as rare as three standard deviations of a normal distribution."""
        number = len(self.ranked)
        trust = min(max((number - SHORT) / (LONG - SHORT), 0.0), 1.0)
        prior = t_score(deviation, PRIOR_FREEDOM) if trust < 1 else 0.0
        if not trust or self.threshold == math.inf:
            return prior
        return trust * -_NORMAL.inv_cdf(max(self._chance(deviation), 1e-300)) + (1 - trust) * prior

    def lone_chance(self, deviation: float) -> float:
        """How rare such a deviation is where it is the only one.

        Rarer than one in all runs so far is an extrapolation from what was seen, and what was never seen may still
        come: a lock, a stalled disk. So there is added what is beyond a first such run, exponential with a stated
        mean; in a short history one run in 500 is taken to be such.
        """
        unseen = math.exp(-max(deviation, 0.0) / self.unseen_mean) * min(1 / (self.count + 1), UNSEEN_RATE)
        return upper_tail(self.score(deviation)) + unseen

    def _chance(self, deviation: float) -> float:
        if deviation > self.threshold:
            excess = self.shape * (deviation - self.threshold) / self.spread
            return self.share * math.exp(-math.log1p(excess) / self.shape)
        above = len(self.ranked) - (bisect_left(self.ranked, deviation) + bisect_right(self.ranked, deviation)) / 2
        return max((above + 0.5) / (len(self.ranked) + 1), self.share)


def _remove(ranked: list[float], value: float) -> None:
    index = bisect_left(ranked, value)
    if index < len(ranked) and ranked[index] == value:
        del ranked[index]
