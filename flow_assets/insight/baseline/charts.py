"""Sums of what lies above the usual: has the level changed, and since when?

What they are fed are normal scores: conformal p-values of each run given those before it, which are independent and
uniform while nothing changes, whatever the distribution of durations (V. Vovk et al., "Retrain or not retrain:
conformal test martingales for change-point detection", 2021). So how rare a sum is follows from theory; what part of
the rate of false alarms each chart gets was chosen by simulation, see `duration`.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from flow_assets.insight.baseline.scores import upper_tail

OVERSHOOT = 1.166
LARGEST_SCORE = 4.0
PRIOR_CLUMPING, CLUMPING_RUNS = 2.0, 50
MEDIAN_VARIANCE, RANKED_RUNS = math.pi / 2, 500


class Chart(Protocol):
    """Looks for runs that are longer than usual, one after the other."""

    @property
    def length(self) -> int:
        """Since how many runs the level may be another."""

    @property
    def chance(self) -> float:
        """How rarely, per run, it stands so high when nothing has changed."""

    def chance_after(self, score: float) -> float:
        """The same with one more score; a single run is no change, whatever its score."""

    def length_after(self, score: float) -> int:
        """Since how many runs the level may be another, with one more score."""

    def take(self, score: float) -> None:
        """Add a score."""

    def fit(self, scores: Sequence[float], runs: int) -> None:
        """Estimate how far scores clump, from the last ones of so many runs."""

    def reset(self) -> None:
        """Begin again."""


@dataclass
class MovingSum:
    """The sum of the last few scores, for a change that is large: quicker than a cumulative sum within so many runs.

    P. Bauer and P. Hackl, "The use of MOSUMs for quality control", Technometrics 20 (1978).

    Attributes:
        block: how many are summed.
        last: scores, the oldest first.
        clumping: by how many times sums over a block vary more than those of independent scores.
    """

    block: int
    last: deque[float] = field(default_factory=deque)
    clumping: float = 1.0

    @property
    def length(self) -> int:
        """Of how many runs at the end the sum is the least likely, two at least."""
        return _least_likely(list(self.last))

    @property
    def chance(self) -> float:
        """How rarely the sum is so large when nothing has changed."""
        return self._chance(self.last)

    def chance_after(self, score: float) -> float:
        """The same with one more score; a single run is no change, whatever its score."""
        return self._chance([*self.last, _bounded(score)])

    def length_after(self, score: float) -> int:
        """Of how many runs at the end the sum is the least likely, with one more score."""
        return _least_likely([*self.last, _bounded(score)][-self.block :])

    def take(self, score: float) -> None:
        """Add a score."""
        self.last.append(_bounded(score))
        if len(self.last) > self.block:
            self.last.popleft()

    def fit(self, scores: Sequence[float], runs: int) -> None:
        """Estimate how far scores clump."""
        self.clumping = clumping(scores, self.block, runs)

    def reset(self) -> None:
        """Begin again."""
        self.last.clear()

    def _chance(self, scores: Sequence[float]) -> float:
        if len(scores) < 2:
            return 1.0
        return upper_tail(sum(list(scores)[-self.block :]) / math.sqrt(self.block * self.clumping))


@dataclass
class CumulativeSum:
    """The sum of what lies more than `slack` above the usual, never below zero; single outliers hardly move it.

    E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954).

    Attributes:
        slack: how far above the usual, in standard deviations, a score must be to count against it. The chart is
            quickest for shifts of twice as much.
        block: over how many runs it typically sums.
        total: the sum so far.
        length: how many runs it sums.
        clumping: by how many times sums over a block vary more than those of independent scores.
    """

    slack: float
    block: int
    total: float = 0.0
    length: int = 0
    clumping: float = 1.0

    def chance_after(self, score: float) -> float:
        """How rarely a sum is so large when nothing has changed; a single run is no change, whatever its score."""
        return rate(self._after(score), self.slack) if self.length else 1.0

    def length_after(self, score: float) -> int:
        """How many runs the sum spans with one more score."""
        return self.length + 1

    @property
    def chance(self) -> float:
        """The same of the sum so far."""
        return rate(self.total, self.slack) if self.length > 1 else 1.0

    def take(self, score: float) -> None:
        """Add a score."""
        self.total = self._after(score)
        self.length = self.length + 1 if self.total > 0 else 0

    def fit(self, scores: Sequence[float], runs: int) -> None:
        """Estimate how far scores clump."""
        self.clumping = clumping(scores, self.block, runs)

    def reset(self) -> None:
        """Begin again."""
        self.total, self.length = 0.0, 0

    def _after(self, score: float) -> float:
        return max(0.0, self.total + _bounded(score) / math.sqrt(self.clumping) - self.slack)


def clumping(scores: Sequence[float], block: int, runs: int) -> float:
    """By how many times sums of scores vary more than if they were independent.

    They clump where runs share a busy machine, or where the model lacks something. The long-run variance, from the
    variance of overlapping blocks (W. K. Newey and K. D. West, 1987); never below 1, and moderated toward 2 with the
    weight of 50 runs. What all scores of a block share is that the level and the ranks they are measured by come from
    a sample: that is added.

    Args:
        scores: the last ones.
        block: how many are summed.
        runs: how many there were.
    """
    estimate = PRIOR_CLUMPING
    if len(scores) > 2 * block:
        sums = np.cumsum(np.clip(scores, -LARGEST_SCORE, LARGEST_SCORE))
        estimate = float(np.mean((sums[block:] - sums[:-block]) ** 2)) / block
    moderated = (runs * estimate + CLUMPING_RUNS * PRIOR_CLUMPING) / (runs + CLUMPING_RUNS)
    return max(moderated, 1.0) * (1 + block * MEDIAN_VARIANCE / min(runs, RANKED_RUNS))


def rate(total: float, slack: float) -> float:
    """How often, per run, a cumulative sum without a change reaches the total.

    The reciprocal of the average run length by D. Siegmund, "Sequential Analysis" (1985), section 2.6.
    """
    exponent = 2 * slack * (total + OVERSHOOT)
    if exponent > 300:
        return 0.0
    return min(1.0, 2 * slack**2 / (math.expm1(exponent) - exponent))


def _least_likely(scores: list[float]) -> int:
    ends = range(2, len(scores) + 1)
    return max(ends, key=lambda number: sum(scores[-number:]) / math.sqrt(number), default=1)


def _bounded(score: float) -> float:
    return min(score, LARGEST_SCORE)
