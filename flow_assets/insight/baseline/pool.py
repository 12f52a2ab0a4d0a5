"""What series of runs have in common: how noisy one is likely to be of which little is known yet.

The variances of those that are known well are taken for draws from one distribution, as in limma (G. K. Smyth, "Linear
models and empirical Bayes methods for assessing differential expression", 2004, section 6.2): the logarithms of sample
variances have a mean and a variance that say where that distribution lies, and how many runs it is worth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import digamma, polygamma

from flow_assets.insight.baseline.priors import Priors

LEAST_SERIES = 3
MOST_RUNS, ALIKE_RUNS = 30.0, 1000.0
STEPS = 8


@dataclass(frozen=True)
class Noise:
    """How much the durations of one series vary, with size, level and season taken out.

    Attributes:
        spread: standard deviation of their logarithm.
        freedom: how many independent runs that was measured by.
    """

    spread: float
    freedom: float


UNKNOWN_NOISE = Noise(math.inf, 0.0)


def pooled_priors(noises: Sequence[Noise], otherwise: Priors) -> Priors:
    """What is to be assumed of a further series; that counts for no more runs than there are series, nor than 30.

    Args:
        noises: of series of which much is known.
        otherwise: what is assumed if there are fewer than three of them; also all that is not about noise.
    """
    known = [noise for noise in noises if noise.freedom > 0]
    if len(known) < LEAST_SERIES:
        return otherwise
    half = np.array([noise.freedom for noise in known]) / 2
    logs = 2 * np.log([max(noise.spread, otherwise.least_scale) for noise in known]) - digamma(half) + np.log(half)
    between = float(np.var(logs, ddof=1) - np.mean(polygamma(1, half)))
    alike = min(2 * _inverse_trigamma(between), ALIKE_RUNS) if between > 0 else ALIKE_RUNS
    variance = math.exp(float(np.mean(logs) + digamma(alike / 2)) - math.log(alike / 2))
    scale = max(math.sqrt(variance), otherwise.least_scale)
    return replace(otherwise, scale=scale, scale_runs=min(alike, len(known), MOST_RUNS))


def _inverse_trigamma(value: float) -> float:
    """By Newton's method on the reciprocal, which is nearly straight, as limma does."""
    found = 0.5 + 1 / value
    for _ in range(STEPS):
        there = float(polygamma(1, found))
        found += there * (1 - there / value) / float(polygamma(2, found))
    return found
