"""What a baseline says of one run or one arrival."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """One judgement.

    Attributes:
        p_value: how often a judgement looks at least as bad when nothing has changed; 1 if nothing speaks against it.
        anomalous: whether that is rarer than the rate of false alarms that is allowed.
        expected_seconds: what was to be expected; None while nothing is known.
        ratio: how many times the expected it was; None while nothing is known.
        reason: one line for people. One that begins with `level shift` is told once: what follows is the new normal.
    """

    p_value: float
    anomalous: bool
    expected_seconds: float | None
    ratio: float | None
    reason: str
