"""Cumulative sums: has the level changed, and since when?

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954): sum what lies more than `slack` above the usual,
never below zero; a lasting change makes the sum grow, single outliers do not. What it is fed are normal scores:
conformal p-values of each run given those before it, which are independent and uniform while nothing changes,
whatever the distribution of durations (V. Vovk et al., "Retrain or not retrain: conformal test martingales for
change-point detection", 2021). So the rate of false alarms follows from theory and not from a fit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

OVERSHOOT = 1.166
LARGEST_SCORE = 4.0
PRIOR_CLUMPING, CLUMPING_RUNS = 2.0, 50
MEDIAN_VARIANCE, RANKED_RUNS = math.pi / 2, 500


@dataclass
class Chart:
    """A one-sided cumulative sum.

    Attributes:
        slack: how far above the usual, in standard deviations, a score must be to count against it. The chart is
        quickest
            for shifts of twice as much.
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

    def after(self, score: float) -> float:
        """The sum with one more score, which counts no more than `LARGEST_SCORE`."""
        return max(0.0, self.total + min(score, LARGEST_SCORE) / math.sqrt(self.clumping) - self.slack)

    def chance_after(self, score: float) -> float:
        """How rarely a sum is so large when nothing has changed; a single run is no change, whatever its score."""
        return rate(self.after(score), self.slack) if self.length else 1.0

    @property
    def chance(self) -> float:
        """The same of the sum so far."""
        return rate(self.total, self.slack) if self.length > 1 else 1.0

    def take(self, score: float) -> None:
        """Add a score."""
        self.total = self.after(score)
        self.length = self.length + 1 if self.total > 0 else 0

    def fit(self, scores: Sequence[float], runs: int) -> None:
        """Estimate how far scores clump, as they do where runs share a busy machine or the model lacks something.

        The long-run variance, from the variance of overlapping blocks (W. K. Newey and K. D. West, 1987); never below
        1, and moderated toward 2 with the weight of 50 runs. What all scores of a block share is that the level and
        the ranks they are measured by come from a sample: that is added.
        """
        estimate = PRIOR_CLUMPING
        if len(scores) > 2 * self.block:
            sums = np.cumsum(np.clip(scores, -LARGEST_SCORE, LARGEST_SCORE))
            estimate = float(np.mean((sums[self.block :] - sums[: -self.block]) ** 2)) / self.block
        moderated = (runs * estimate + CLUMPING_RUNS * PRIOR_CLUMPING) / (runs + CLUMPING_RUNS)
        self.clumping = max(moderated, 1.0) * (1 + self.block * MEDIAN_VARIANCE / min(runs, RANKED_RUNS))

    def reset(self) -> None:
        """Begin again."""
        self.total, self.length = 0.0, 0


def rate(total: float, slack: float) -> float:
    """How often, per run, a chart without a change reaches the sum.

    The reciprocal of the average run length by D. Siegmund, "Sequential Analysis" (1985), section 2.6.
    """
    exponent = 2 * slack * (total + OVERSHOOT)
    if exponent > 300:
        return 0.0
    return min(1.0, 2 * slack**2 / (math.expm1(exponent) - exponent))
