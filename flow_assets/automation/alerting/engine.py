"""Delivers what is due: in small portions, each destination in its turn, whatever becomes of the others.

A notice is leased in the ledger, sent, and marked as sent. While the process lives, each is sent once; if it is killed
between sending and marking, once more, with the same `Notice.key`, because not telling would be worse.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from flow_assets.automation.alerting.notices import Notice
from flow_assets.errors import DeliveryError, StoreError
from flow_assets.ledger.alerts import Alerts
from flow_assets.ledger.claims import Owner
from flow_assets.ledger.deliveries import Manner
from flow_assets.ledger.findings import Alert, AlertSeverity, Transition
from flow_assets.ledger.leases import LEASE_SECONDS
from flow_assets.ledger.outbox import Due, Outbox

MOST_SENDS = 50
MOST_SECONDS = 20.0
_PAUSE_SECONDS = 1.0


class Place(Protocol):
    """Where notices are sent; see `Destination` and `Manner`."""

    @property
    def name(self) -> str:
        """The same for the same place at all times; without secrets."""

    @property
    def cooldown_seconds(self) -> float:
        """How often at most it is reminded of the same alert."""

    @property
    def wants_resolved(self) -> bool:
        """Whether it is told that an alert is over."""

    @property
    def refresh_seconds(self) -> float | None:
        """How soon it must be told again, because it forgets; None if it does not."""

    def send(self, notice: Notice) -> None:
        """Send it, within a bounded time.

        Raises:
            DeliveryError: it could not be sent.
        """


class Router(Protocol):
    """Decides who is told of an alert; see `Routes`."""

    def destinations(self, alert: Alert) -> Sequence[Place]:
        """Those who are."""


@dataclass(frozen=True)
class Delivered:
    """What one portion came to.

    Attributes:
        sent: notices that were delivered.
        failed: attempts that failed, and will be made again.
        refused: attempts that failed in a way that does not pass.
    """

    sent: int = 0
    failed: int = 0
    refused: int = 0


def deliver(
    alerts: Alerts, routes: Router, now: float, *, limit: int = MOST_SENDS, seconds: float = MOST_SECONDS
) -> Delivered:
    """Deliver what is due at `now`.

    Args:
        alerts: whose notices they are.
        routes: who is told, and how.
        now: Unix time in seconds.
        limit: after so many attempts the rest is left to the next portion.
        seconds: likewise, after so long.

    Raises:
        StoreError: the ledger cannot be used; nothing is lost. A destination that fails never raises.
    """
    outbox, owner, delivered = alerts.outbox, Owner(), Delivered()
    turns = deque(_plan(outbox, routes, now).values())
    begin = time.monotonic()
    attempts = 0
    while turns and attempts < limit and time.monotonic() - begin < seconds:
        place = turns.popleft()
        if (due := outbox.take(place.name, now, owner)) is not None:
            delivered = _send(outbox, place, due, (now, delivered))
            attempts += 1
            turns.append(place)
    return delivered


def _plan(outbox: Outbox, routes: Router, now: float) -> Mapping[str, Place]:
    """Put down what is due; returns all destinations that can be meant, by name."""
    places: dict[str, Place] = {}
    ways: dict[int, Mapping[str, Manner]] = {}
    for alert in outbox.unfinished(now):
        its: dict[str, Manner] = {}
        for severity in AlertSeverity:  # who heard of it when it was better is told its end
            graded = replace(alert, finding=replace(alert.finding, severity=severity))
            is_wanted = severity is alert.finding.severity
            for place in routes.destinations(graded):
                if is_wanted or place.name not in its:
                    its[place.name] = _manner(place, is_wanted=is_wanted)
                places[place.name] = place
        ways[alert.number] = its
    if ways:  # else nobody need wait for the ledger's one writer
        outbox.plan(ways, now)
    return places


def _manner(place: Place, *, is_wanted: bool) -> Manner:
    return Manner(place.cooldown_seconds, place.refresh_seconds, place.wants_resolved, is_wanted)


def _send(outbox: Outbox, place: Place, due: Due, so_far: tuple[float, Delivered]) -> Delivered:
    now, delivered = so_far
    try:
        place.send(Notice(due.alert, due.transition, due.at, key=due.key))
    except DeliveryError as error:
        reason, is_permanent = str(error), error.is_permanent
    except Exception as error:  # noqa: BLE001  a defect of one destination must not keep the others from being told
        reason, is_permanent = f"unexpected {type(error).__name__}", False  # its message may hold secrets
    else:
        is_refresh = place.refresh_seconds is not None and due.transition is Transition.REPEATED
        _persist(lambda: outbox.mark_sent(due, now, is_refresh=is_refresh))
        return replace(delivered, sent=delivered.sent + 1)
    _persist(lambda: outbox.mark_failed(due, reason, now, is_permanent=is_permanent))
    if is_permanent:
        return replace(delivered, refused=delivered.refused + 1)
    return replace(delivered, failed=delivered.failed + 1)


def _persist(mark: Callable[[], None]) -> None:
    """Take it down, waiting for a ledger that somebody else keeps locked for as long as the lease holds."""
    begin = time.monotonic()
    while True:
        try:
            return mark()
        except StoreError:
            if time.monotonic() - begin > LEASE_SECONDS / 2:
                raise
            time.sleep(_PAUSE_SECONDS)
