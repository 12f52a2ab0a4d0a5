"""Destinations for tests: they keep what they are sent, and fail when they are told to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flow_assets.automation.alerting.notices import Notice
from flow_assets.errors import DeliveryError
from flow_assets.ledger.findings import Alert, AlertSeverity


@dataclass
class Inbox:
    """A place that takes what it is sent, unless `trouble` raises."""

    name: str = "team"
    cooldown_seconds: float = 86400.0
    wants_resolved: bool = True
    refresh_seconds: float | None = None
    trouble: Callable[[Notice], None] = lambda notice: None
    got: list[Notice] = field(default_factory=list)
    attempts: int = 0

    def send(self, notice: Notice) -> None:
        self.attempts += 1
        self.trouble(notice)
        self.got.append(notice)

    @property
    def said(self) -> list[str]:
        """What arrived: transition and number."""
        return [f"{notice.transition} {notice.alert.number}" for notice in self.got]

    @property
    def keys(self) -> list[str]:
        return [notice.key for notice in self.got]


@dataclass
class Router:
    """Sends all to all, or by severity."""

    inboxes: Sequence[Inbox]
    by_severity: dict[AlertSeverity, Sequence[Inbox]] = field(default_factory=dict)

    def destinations(self, alert: Alert) -> Sequence[Inbox]:
        return self.by_severity.get(alert.finding.severity, self.inboxes)


def down(notice: Notice) -> None:
    raise DeliveryError("connection refused", is_permanent=False)


def gone(notice: Notice) -> None:
    raise DeliveryError("there is no such channel", is_permanent=True)


def broken(notice: Notice) -> None:
    raise RuntimeError("a token that nobody may see")
