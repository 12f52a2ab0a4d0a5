"""What is asked of a baseline of durations, so that watches can be tried with another."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Protocol


class Verdict(Protocol):
    """What a baseline says of one duration."""

    @property
    def p_value(self) -> float:
        """How likely one at least so long is, if nothing has changed."""

    @property
    def anomalous(self) -> bool:
        """Whether that is less likely than the rate of false alarms that is put up with."""

    @property
    def expected_seconds(self) -> float | None:
        """How long it should have taken; None while nothing is known."""


class Expectation(Protocol):
    """Learns how long something takes, and judges; see `flow_assets.insight.baseline.DurationBaseline`."""

    def learn(
        self, seconds: float, *, size: float | None = None, regime: Hashable = None, at: datetime | None = None
    ) -> None:
        """Take one duration into account."""

    def judge(
        self, seconds: float, *, size: float | None = None, regime: Hashable = None, at: datetime | None = None
    ) -> Verdict:
        """Compare one duration with what was learned."""

    def limit(self, *, size: float | None = None, regime: Hashable = None, at: datetime | None = None) -> float | None:
        """Seconds beyond which `judge` says anomalous; None while nothing is known."""


MakeExpectation = Callable[[float], Expectation]
"""Makes one that has learned nothing yet, given the rate of false alarms of a judgement."""
