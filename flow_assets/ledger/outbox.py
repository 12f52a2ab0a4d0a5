"""What is to be delivered of the alerts, and what has been: nothing is forgotten, nothing is sent by two at once."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, insert, select, update

from flow_assets.ledger.alert_rows import AlertEvent, AlertRow, Viewpoint, is_alert, note_event
from flow_assets.ledger.alert_tables import alerts, deliveries
from flow_assets.ledger.claims import Owner
from flow_assets.ledger.database import reading, transaction
from flow_assets.ledger.deliveries import PENDING, Delivery, DeliveryState, Manner, Terms, Told
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState, Transition
from flow_assets.ledger.leases import Lease

BACKOFF_SECONDS, MOST_BACKOFF_SECONDS = 60.0, 3600.0


@dataclass(frozen=True)
class Due:
    """Something to be sent now, by the one who holds its lease.

    Attributes:
        alert: as it is now.
        transition: what is to be told of it; a resolution also tells of the opening, where that was not told.
        at: when that happened, Unix time in seconds.
        key: the same at each attempt and no other's at its destination, so that a receiver can tell a repeated one.
    """

    alert: Alert
    transition: Transition
    at: float
    key: str
    destination: str
    step: int
    lease: str


class Outbox:
    """Keeps what each destination is to be told and has been told; each method is one transaction."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment

    def unfinished(self, now: float) -> list[Alert]:
        """The alerts of which there may be something to tell: unresolved, or resolved but not told to all."""
        with reading(self._engine) as connection:
            view = self._view(connection, now)
            return [view.alert(row) for row in connection.execute(self._unfinished())]

    def plan(self, ways: Mapping[int, Mapping[str, Manner]], now: float) -> None:
        """Put down what is due.

        Args:
            ways: number of an alert to the destinations that can be told of it, and how. An alert that is not among
                them stays as it is.
            now: Unix time in seconds.
        """
        with transaction(self._engine) as connection:
            view, told = self._view(connection, now), self._told(connection, now)
            for row in connection.execute(self._unfinished()).all():
                if (manners := ways.get(row.number)) is not None:
                    self._plan_alert(connection, view, row, (manners, told[row.number]))

    def take(self, destination: str, now: float, owner: Owner) -> Due | None:
        """Lease what a destination is to be told first: what failed least often, of the oldest alert.

        Returns:
            None if there is nothing to send now.
        """
        columns = (*deliveries.c, *(column for column in alerts.c if column.name not in deliveries.c))
        its = (alerts.c.environment == deliveries.c.environment) & (alerts.c.number == deliveries.c.number)
        query = select(*columns).join(alerts, its).where(self._is_pending(), deliveries.c.destination == destination)
        with transaction(self._engine) as connection:
            view = self._view(connection, now)
            rows = connection.execute(query.order_by(deliveries.c.attempts, deliveries.c.number))  # as many as it takes
            ready = (row for row in rows if _is_ready(row, now))
            fitting = ((row, alert) for row in ready if _fits(alert := view.alert(row), row.transition))
            first = next(fitting, None)
            rows.close()
            if first is None:
                return None
            row, alert = first
            lease = str(Lease.of(owner, now))
            is_it = self._is_one(row.number, destination, row.step)
            taken = {"state": DeliveryState.SENDING, "lease": lease, "attempts": row.attempts + 1}
            self._set(connection, is_it, taken | {"severity": alert.finding.severity})
        key = f"{self._environment}/{row.number}/{row.step}/{row.transition}"
        return Due(alert, Transition(row.transition), row.at, key, destination, row.step, lease)

    def mark_sent(self, due: Due, now: float, *, is_refresh: bool = False) -> None:
        """Take down that it was sent; it is never sent again. Of refreshments only the last is kept."""
        is_its = (deliveries.c.environment == self._environment) & (deliveries.c.number == due.alert.number)
        is_its &= (deliveries.c.destination == due.destination) & (deliveries.c.transition == due.transition)
        is_new, is_former = deliveries.c.state != DeliveryState.SENT, deliveries.c.state == DeliveryState.SENT
        with transaction(self._engine) as connection:
            sent = {"state": DeliveryState.SENT, "ended_at": max(now, due.at), "lease": "", "error": ""}
            if not self._set(connection, is_its & (deliveries.c.step == due.step) & is_new, sent):
                return
            if is_refresh:
                connection.execute(delete(deliveries).where(is_its & is_former & (deliveries.c.step < due.step)))
            else:
                self._note(connection, due, "delivered", "", now)

    def mark_failed(self, due: Due, error: str, now: float, *, is_permanent: bool) -> None:
        """Take down that it could not be sent. If that may pass, all that is for the destination waits for a while."""
        is_it = self._is_one(due.alert.number, due.destination, due.step) & (deliveries.c.lease == due.lease)
        with transaction(self._engine) as connection:
            if is_permanent:
                refused = {"state": DeliveryState.REFUSED, "ended_at": max(now, due.at), "lease": "", "error": error}
                if self._set(connection, is_it, refused):
                    self._note(connection, due, "refused", f": {error}", now)
                return
            its = self._is_pending() & (deliveries.c.destination == due.destination)
            failures = connection.scalar(select(func.sum(deliveries.c.attempts)).where(its)) or 1
            due_at = now + _backoff(failures)
            failed = {"state": DeliveryState.DUE, "due_at": due_at, "lease": "", "error": error}
            if self._set(connection, is_it, failed) and failures == 1:
                self._note(connection, due, "failed", f": {error}; it will be tried again", now)
            is_earlier = (deliveries.c.state == DeliveryState.DUE) & (deliveries.c.due_at < due_at)
            self._set(connection, its & is_earlier, {"due_at": due_at})

    def of(self, number: int) -> list[Delivery]:
        """All deliveries of one alert, by destination, in order."""
        with reading(self._engine) as connection:
            told = self._told(connection, 0.0, number)[number]
            return [delivery for name in sorted(told) for delivery in told[name]]

    def _plan_alert(
        self,
        connection: Connection,
        view: Viewpoint,
        row: AlertRow,
        manners_and_told: tuple[Mapping[str, Manner], Mapping[str, list[Delivery]]],
    ) -> None:
        manners, told = manners_and_told
        alert, is_free = view.alert(row), True
        for name in sorted({*manners, *told}):
            known = Told(told.get(name, ()))
            if known.pending and known.pending.is_leased:
                is_free = False
                continue
            terms = Terms(manners.get(name, Manner(is_wanted=False)), row.is_routed, row.is_muted, view.now)
            self._put(connection, alert, name, (known, known.wants(alert, terms), view.now))
        values = {
            "is_routed": alert.state is not AlertState.SILENCED,
            "is_settled": alert.state is AlertState.RESOLVED and is_free,
        }
        if values != {name: getattr(row, name) for name in values}:
            connection.execute(update(alerts).where(is_alert(self._environment, row.number)).values(**values))

    def _put(
        self, connection: Connection, alert: Alert, name: str, told: tuple[Told, Transition | None, float]
    ) -> None:
        """Make what is pending for a destination what it is to be told."""
        known, wanted, now = told
        pending = known.pending
        at = max(now, alert.seen_at) if wanted is not Transition.RESOLVED else alert.resolved_at or now
        if wanted is Transition.OPENED and known.last is None:
            at = alert.opened_at
        if pending is None and wanted is not None:
            made = Delivery(
                name, known.step + 1, wanted, alert.finding.severity, DeliveryState.DUE, at, now, None, 0, ""
            )
            values = {key: value for key, value in vars(made).items() if key != "is_leased"}
            place = {"environment": self._environment, "number": alert.number}
            connection.execute(insert(deliveries), [place | values])
        elif pending is not None and wanted is not pending.transition:
            is_it = self._is_one(alert.number, name, pending.step)
            if wanted is None:
                self._set(connection, is_it, {"state": DeliveryState.DROPPED, "ended_at": now, "lease": ""})
                self._note_dropped(connection, alert, pending, now)
            else:
                values = {"transition": wanted, "at": at, "state": DeliveryState.DUE, "lease": ""}
                self._set(connection, is_it, values)

    def _told(
        self, connection: Connection, now: float, number: int | None = None
    ) -> defaultdict[int, defaultdict[str, list[Delivery]]]:
        """Number to destination to its deliveries, in order."""
        numbers = self._unfinished().with_only_columns(alerts.c.number)
        of = deliveries.c.number.in_(numbers) if number is None else deliveries.c.number == number
        query = select(deliveries).where(deliveries.c.environment == self._environment, of)
        told: defaultdict[int, defaultdict[str, list[Delivery]]] = defaultdict(lambda: defaultdict(list))
        for row in connection.execute(query.order_by(deliveries.c.step)):
            told[row.number][row.destination].append(_delivery(row, now))
        return told

    def _unfinished(self) -> Any:
        pending = select(deliveries.c.number).where(self._is_pending())
        is_unfinished = alerts.c.resolved_at.is_(None) | ~alerts.c.is_settled | alerts.c.number.in_(pending)
        return select(alerts).where(alerts.c.environment == self._environment, is_unfinished).order_by(alerts.c.number)

    def _is_pending(self) -> ColumnElement[bool]:
        return (deliveries.c.environment == self._environment) & deliveries.c.state.in_(PENDING)

    def _is_one(self, number: int, destination: str, step: int) -> ColumnElement[bool]:
        is_its = (deliveries.c.environment == self._environment) & (deliveries.c.number == number)
        return is_its & (deliveries.c.destination == destination) & (deliveries.c.step == step)

    def _set(self, connection: Connection, which: ColumnElement[bool], values: Mapping[str, Any]) -> int:
        return connection.execute(update(deliveries).where(which).values(**values)).rowcount

    def _note(self, connection: Connection, due: Due, kind: str, more: str, now: float) -> None:
        event = AlertEvent(now, kind, note=f"{due.transition} to {due.destination}{more}")
        note_event(connection, self._environment, due.alert.number, event)

    def _note_dropped(self, connection: Connection, alert: Alert, pending: Delivery, now: float) -> None:
        event = AlertEvent(now, "dropped", note=f"{pending.transition} to {pending.destination}")
        note_event(connection, self._environment, alert.number, event)

    def _view(self, connection: Connection, now: float) -> Viewpoint:
        return Viewpoint.at(connection, self._environment, now)


def _is_ready(row: Row[Any], now: float) -> bool:
    """Whether nobody else is sending it and its time has come; one further off than any can be is a set clock's."""
    if row.lease and Lease.parse(row.lease).holds(now):
        return False
    return bool(row.due_at <= now or row.due_at > now + MOST_BACKOFF_SECONDS)


def _fits(alert: Alert, transition: str) -> bool:
    """Whether it is still true, for things may have changed since it was planned; if not, it is planned anew."""
    if transition == Transition.RESOLVED:
        return alert.state is AlertState.RESOLVED
    return alert.state not in (AlertState.RESOLVED, AlertState.SILENCED)


def _backoff(failures: int) -> float:
    """Seconds to wait: doubled with each failure, and never quite the same, so that not all come back at once."""
    longest: float = min(BACKOFF_SECONDS * 2 ** (min(failures, 10) - 1), MOST_BACKOFF_SECONDS)
    return longest * random.uniform(0.5, 1.0)


def _delivery(row: Row[Any], now: float) -> Delivery:
    return Delivery(
        destination=row.destination,
        step=row.step,
        transition=Transition(row.transition),
        severity=AlertSeverity(row.severity),
        state=DeliveryState(row.state),
        at=row.at,
        due_at=row.due_at,
        ended_at=row.ended_at,
        attempts=row.attempts,
        error=row.error,
        is_leased=bool(row.lease) and Lease.parse(row.lease).holds(now),
    )
