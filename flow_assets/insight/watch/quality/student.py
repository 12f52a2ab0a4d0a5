"""Student's t for whole degrees of freedom, in elementary functions.

Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4. A package for it would be thirty
times the size of the rest.
"""

from math import atan, cos, pi, sin, sqrt

_STEPS = 200
_FARTHEST = 1e6


def tail(score: float, freedom: int) -> float:
    """The probability that t with so many degrees of freedom exceeds `score`; absolute error below 1e-15."""
    angle = atan(score / sqrt(freedom))
    squared = cos(angle) ** 2
    is_odd = freedom % 2 == 1
    term = cos(angle) if is_odd else 1.0
    total = term if freedom > 1 else 0.0
    for n in range(3 if is_odd else 2, freedom - 1, 2):
        term *= squared * (n - 1) / n
        total += term
    within = sin(angle) * total
    return (1 - (2 / pi * (angle + within) if is_odd else within)) / 2


def score_of(probability: float, freedom: int) -> float:
    """The score that t exceeds with a probability of at most one half."""
    low, high = 0.0, _FARTHEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle, freedom) > probability else (low, middle)
    return high
