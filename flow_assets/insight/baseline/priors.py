"""What is assumed of a series of runs before anything is known of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Priors:
    """What is assumed before anything is known.

    Attributes:
        scale: standard deviation of the logarithm of the noise.
        scale_runs: how many runs that is worth.
        least_scale: no less noise is believed in.
        unseen_mean: how far, in standard deviations, a run lies off that is like none before.
    """

    scale: float = 0.3
    scale_runs: float = 3.0
    least_scale: float = 0.02
    unseen_mean: float = 3.0
