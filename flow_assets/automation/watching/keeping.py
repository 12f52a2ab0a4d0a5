"""Where findings go: what keeps the alerts that become of them, and what delivers those."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Engine

from flow_assets.ledger.findings import Alert, Finding


class Changes(Protocol):
    """What one look has changed."""

    @property
    def opened(self) -> Sequence[Alert]:
        """Alerts of what was not found before."""

    @property
    def resolved(self) -> Sequence[Alert]:
        """Alerts of what is found no longer."""

    @property
    def numbers(self) -> Mapping[str, int]:
        """Identity of each finding to the number of the alert that tells of it."""


class AlertKeeper(Protocol):
    """Keeps alerts; one identity within a watch is one alert."""

    def observe(self, watch: str, findings: Sequence[Finding], now: float) -> Changes:
        """Take note of everything that one look of a watch has found; what it found before and no longer does ends."""


OpenAlerts = Callable[[Engine, str, Mapping[str, Sequence[str]]], AlertKeeper]
"""The alerts of an environment, kept in a ledger; and the owners of each dataset, as far as they are known."""

Deliver = Callable[[float], str]
"""Delivers what is due at a Unix time, and says what it did in one line."""
