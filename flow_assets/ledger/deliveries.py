"""What a destination is to be told of an alert: decided from what happened and from what it has been told."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flow_assets.ledger.alert_rows import rank
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState, Transition

COOLDOWN_SECONDS = 24 * 3600.0
"""How often a critical alert that nobody takes care of is repeated, unless its route says otherwise."""

RELEVANT_SECONDS = 7 * 24 * 3600.0
"""How long after its end an alert is still worth telling somebody who could not be reached."""


class DeliveryState(StrEnum):
    """How far a delivery has got."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    DROPPED = "dropped"


PENDING = (DeliveryState.DUE, DeliveryState.SENDING)


@dataclass(frozen=True)
class Delivery:
    """One transition of one alert, for one destination.

    Attributes:
        step: counts what this destination is told of this alert.
        severity: the alert's, when it was last sent.
        at: when it came to be due, Unix time in seconds, as all others here.
        due_at: not before then is it tried.
        ended_at: when it was sent, refused or dropped; None before.
        attempts: how often it was tried.
        error: why the last attempt failed; empty if none did.
        is_leased: whether somebody is sending it at this moment.
    """

    destination: str
    step: int
    transition: Transition
    severity: AlertSeverity
    state: DeliveryState
    at: float
    due_at: float
    ended_at: float | None
    attempts: int
    error: str
    is_leased: bool = False


@dataclass(frozen=True)
class Manner:
    """How a destination is told of an alert.

    Attributes:
        cooldown_seconds: how often at most it is reminded.
        refresh_seconds: how soon it must be told again, because it forgets; None if it does not.
        wants_resolved: whether it is told of the end of what it knows to be open.
        is_wanted: whether the routes lead to it; if not, it is told of the end alone.
    """

    cooldown_seconds: float = COOLDOWN_SECONDS
    refresh_seconds: float | None = None
    wants_resolved: bool = True
    is_wanted: bool = True


@dataclass(frozen=True)
class Terms:
    """On what terms a destination is told of an alert now.

    Attributes:
        is_routed: whether the alert was seen open, and not silenced, since it opened last.
        is_muted: whether it was silenced when it was resolved.
        now: Unix time in seconds.
    """

    manner: Manner
    is_routed: bool
    is_muted: bool
    now: float


class Told:
    """What one destination has been told of one alert, and is about to be.

    Args:
        deliveries: all of that alert for that destination, by step.
    """

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        sent = [delivery for delivery in deliveries if delivery.state is DeliveryState.SENT]
        last = deliveries[-1] if deliveries else None
        self.step = last.step if last else 0
        self.last = sent[-1] if sent else None
        self.pending = last if last and last.state in PENDING else None
        self.refused = last if last and last.state is DeliveryState.REFUSED else None
        self.is_open = self.last is not None and self.last.transition is not Transition.RESOLVED
        self.worst = max((rank(delivery.severity) for delivery in _since_opened(sent)), default=-1)

    def wants(self, alert: Alert, terms: Terms) -> Transition | None:
        """What is to be sent now; None if it knows all there is, or is not to know."""
        if alert.state is AlertState.RESOLVED:
            return Transition.RESOLVED if self._wants_resolution(alert, terms) else None
        if alert.state is AlertState.SILENCED or not terms.manner.is_wanted or self._was_refused_lately(terms):
            return None
        if self.last is None or not self.is_open:
            return Transition.OPENED
        is_worse = rank(alert.finding.severity) > self.worst
        return Transition.REPEATED if is_worse or _is_due_again(self.last, alert, terms) else None

    def _wants_resolution(self, alert: Alert, terms: Terms) -> bool:
        """Whether it knows that the alert is open; or was to be told when it ended: then it is told both at once."""
        if self.refused or terms.now - (alert.resolved_at or terms.now) > RELEVANT_SECONDS:
            return False
        if self.is_open:
            return terms.manner.wants_resolved
        return not terms.is_muted and (self.pending is not None or (terms.manner.is_wanted and not terms.is_routed))

    def _was_refused_lately(self, terms: Terms) -> bool:
        return self.refused is not None and not _is_past(self.refused, terms.manner.cooldown_seconds, terms.now)


def _is_due_again(last: Delivery, alert: Alert, terms: Terms) -> bool:
    """Whether it has to be reminded, or told again because it forgets."""
    manner, is_urgent = terms.manner, alert.finding.severity is AlertSeverity.CRITICAL
    if is_urgent and alert.state is AlertState.OPEN and _is_past(last, manner.cooldown_seconds, terms.now):
        return True
    return manner.refresh_seconds is not None and _is_past(last, manner.refresh_seconds, terms.now)


def _is_past(delivery: Delivery, seconds: float, now: float) -> bool:
    """Whether it ended so long ago; by the distance in time, because a clock that was wrong may have been set back."""
    return abs(now - (delivery.ended_at or delivery.at)) >= seconds


def _since_opened(sent: Sequence[Delivery]) -> Sequence[Delivery]:
    starts = [number for number, delivery in enumerate(sent) if delivery.transition is Transition.RESOLVED]
    return sent[starts[-1] + 1 :] if starts else sent
