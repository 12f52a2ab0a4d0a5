"""The alerts of one environment: what watches find becomes alerts here, and people say what they make of them."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from flow_assets.errors import AlertError, SelectionError
from flow_assets.ledger.alert_rows import AlertEvent, AlertRow, Viewpoint, is_alert, note_event
from flow_assets.ledger.alert_tables import alert_events, alerts
from flow_assets.ledger.database import reading, transaction
from flow_assets.ledger.findings import Alert, AlertState, Finding
from flow_assets.ledger.look_times import note_look
from flow_assets.ledger.observing import Look
from flow_assets.ledger.outbox import Outbox
from flow_assets.ledger.silences import Matcher, Silence, add_silence, end_silences, silences_at
from flow_assets.ledger.statements import portions

_GREATEST = 2**63 - 1
"""The greatest number that SQLite can be asked for."""


@dataclass(frozen=True)
class Changes:
    """What a look has changed.

    Attributes:
        opened: alerts that are new, or that came back within the hour.
        worsened: those whose severity has risen.
        resolved: those that are no longer found.
        numbers: identity of each finding to the number of the alert that tells of it: its own, or its cause's.
    """

    opened: tuple[Alert, ...] = ()
    worsened: tuple[Alert, ...] = ()
    resolved: tuple[Alert, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)


class Alerts:
    """Keeps the alerts of one environment; each method is one transaction.

    Args:
        engine: the ledger.
        environment: whose alerts they are.
        owners: dataset to its owners, taken down with what is observed, for silences by owner.
    """

    def __init__(self, engine: Engine, environment: str, owners: Mapping[str, Sequence[str]] | None = None) -> None:
        self._engine = engine
        self._environment = environment
        self._owners = owners or {}

    @property
    def outbox(self) -> Outbox:
        """What is to be delivered of them."""
        return Outbox(self._engine, self._environment)

    def observe(self, watch: str, findings: Sequence[Finding], now: float) -> Changes:
        """Bring the alerts of a watch in line with all that it finds at `now`.

        What is new is opened, what is still found refreshed, what is no longer found resolved. However many look at
        the same time, and whatever their clocks say, one cause is one alert.

        Raises:
            ValueError: a finding is another watch's.
            StoreError: the ledger cannot be written; nothing has changed, and the next look makes up for it.
        """
        if strangers := {finding.watch for finding in findings} - {watch}:
            raise ValueError(f"{watch} was to find what {', '.join(sorted(strangers))} found.")
        with transaction(self._engine) as connection:
            view = self._view(connection, now)
            last = note_look(connection, self._environment, now)
            look = Look(connection, self._environment, watch, view, last, self._owners)
            look.enter(findings)
            changed = {
                row.number: view.alert(row)
                for row in self._rows(connection, look.opened + look.worsened + look.resolved)
            }
            numbers = look.numbers(findings)
        opened, worsened, resolved = (
            tuple(changed[n] for n in some) for some in (look.opened, look.worsened, look.resolved)
        )
        return Changes(opened, worsened, resolved, numbers)

    def find(
        self, states: Collection[AlertState] | None = None, since: float | None = None, now: float | None = None
    ) -> list[Alert]:
        """The alerts in one of `states`, or in any, the last one first.

        Args:
            states: such as `OPEN`; an alert both acknowledged and silenced is `SILENCED`.
            since: leaves out what was resolved before; Unix time in seconds.
            now: when silences are looked at; by default, now.
        """
        query = select(alerts).where(alerts.c.environment == self._environment).order_by(alerts.c.number.desc())
        if since is not None:
            query = query.where(alerts.c.resolved_at.is_(None) | (alerts.c.resolved_at >= since))
        if states is not None and AlertState.RESOLVED not in states:
            query = query.where(alerts.c.resolved_at.is_(None))
        with reading(self._engine) as connection:
            view = self._view(connection, now)
            found = [view.alert(row) for row in connection.execute(query)]
        return [alert for alert in found if states is None or alert.state in states]

    def get(self, number: int, now: float | None = None) -> Alert:
        """One alert.

        Raises:
            SelectionError: there is none with that number.
        """
        with reading(self._engine) as connection:
            view = self._view(connection, now)
            return view.alert(self._existing(connection, [number])[0])

    def events(self, number: int) -> list[AlertEvent]:
        """All that happened to one alert, in order."""
        its = (alert_events.c.environment == self._environment) & (alert_events.c.number == number)
        query = select(alert_events).where(its).order_by(alert_events.c.id)
        with reading(self._engine) as connection:
            return [AlertEvent(row.at, row.kind, row.who, row.note) for row in connection.execute(query)]

    def silences(self, now: float | None = None) -> list[Silence]:
        """Those that count now, the oldest first."""
        with reading(self._engine) as connection:
            return silences_at(connection, self._environment, time.time() if now is None else now)

    def acknowledge(self, numbers: int | Sequence[int], by: str, note: str, now: float) -> None:
        """Take down that somebody takes care of alerts: they are not repeated. All of them, or none.

        Raises:
            SelectionError: there is no such alert.
            AlertError: one is resolved.
        """
        self._change(numbers, AlertEvent(now, "acknowledged", by, note), {"acknowledged_by": by, "note": note})

    def resolve(self, numbers: int | Sequence[int], by: str, note: str, now: float) -> None:
        """Resolve alerts by hand: each stays so for as long as the same is found, unless it becomes worse.

        Raises:
            SelectionError: there is no such alert.
            AlertError: one is resolved.
        """
        self._change(numbers, AlertEvent(now, "resolved", by, note), {"note": note} if note else {})

    def silence(self, number: int, until: float, by: str, note: str, now: float | None = None) -> Silence:
        """Deliver nothing of one alert until a time, but its resolution to those who know that it is open.

        Raises:
            SelectionError: there is no such alert, or the time is past.
            AlertError: it is resolved.
        """
        at = _future(until, now)
        silence = Silence(number, Matcher(), until, by, note, at)

        def silence_it(connection: Connection, row: AlertRow) -> None:
            add_silence(connection, self._environment, silence)

        self._change(number, AlertEvent(at, "silenced", by, note), {}, silence_it)
        return silence

    def silence_matching(self, matcher: Matcher, until: float, by: str, note: str, now: float | None = None) -> Silence:
        """Likewise for all that fits, open now or opened later.

        Raises:
            SelectionError: nothing is asked for, or the time is past.
        """
        if not any(vars(matcher).values()):
            raise SelectionError("A silence needs the number of an alert, a dataset, a watch or an owner.")
        silence = Silence(None, matcher, until, by, note, _future(until, now))
        with transaction(self._engine) as connection:
            add_silence(connection, self._environment, silence)
        return silence

    def unsilence(self, target: int | Matcher, by: str, note: str, now: float) -> list[Silence]:
        """End the silences of one alert, or those with exactly that matcher.

        Returns:
            Those that it has ended.

        Raises:
            SelectionError: there is no such alert, or no such silence.
        """
        with transaction(self._engine) as connection:
            if isinstance(target, int):
                self._existing(connection, [target])
            if not (ended := end_silences(connection, self._environment, target, now)):
                name = f"Alert {target}" if isinstance(target, int) else str(target)
                raise SelectionError(f"{name} has no silence of its own; flow alerts list shows those that there are.")
            if isinstance(target, int):
                note_event(connection, self._environment, target, AlertEvent(now, "unsilenced", by, note))
        return ended

    def _change(
        self,
        numbers: int | Sequence[int],
        event: AlertEvent,
        values: Mapping[str, Any],
        act: Callable[[Connection, AlertRow], None] = lambda connection, row: None,
    ) -> None:
        """Do the same to some alerts that are not resolved."""
        with transaction(self._engine) as connection:
            view = self._view(connection, event.at)
            for row in self._existing(connection, [numbers] if isinstance(numbers, int) else numbers):
                if row.resolved_at is not None:
                    raise AlertError(f"Alert {row.number} is resolved already; nothing was changed.")
                end: dict[str, Any] = {}
                if event.kind == "resolved":
                    end = {"resolved_at": max(event.at, row.seen_at), "is_by_hand": True, "is_dismissed": True}
                    end |= {"is_settled": False, "is_muted": view.alert(row).silenced_until is not None}
                if changed := {**values, **end}:
                    connection.execute(update(alerts).where(is_alert(self._environment, row.number)).values(**changed))
                act(connection, row)
                note_event(connection, self._environment, row.number, event)

    def _existing(self, connection: Connection, numbers: Sequence[int]) -> list[AlertRow]:
        rows = self._rows(connection, numbers)
        if unknown := sorted(set(numbers) - {row.number for row in rows}):
            named = ", ".join(map(str, unknown))
            raise SelectionError(f"There is no alert {named}; flow alerts list --all shows those that there are.")
        return rows

    def _rows(self, connection: Connection, numbers: Sequence[int]) -> list[AlertRow]:
        rows: list[AlertRow] = []
        for some in portions(sorted({number for number in numbers if abs(number) <= _GREATEST})):
            its = (alerts.c.environment == self._environment) & alerts.c.number.in_(some)
            rows.extend(connection.execute(select(alerts).where(its).order_by(alerts.c.number)))
        return rows

    def _view(self, connection: Connection, now: float | None) -> Viewpoint:
        moment = time.time() if now is None else now
        return Viewpoint.at(connection, self._environment, moment)


def _future(until: float, now: float | None) -> float:
    """When a silence begins.

    Raises:
        SelectionError: it would have ended by then.
    """
    at = time.time() if now is None else now
    if until <= at:
        raise SelectionError("A silence must end in the future; say --for 2h, or a later --until.")
    return at
