"""Alerts as the ledger keeps them, and as people see them at a moment."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Row, insert, select

from flow_assets.ledger.alert_tables import alert_events, alerts
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState, Finding
from flow_assets.ledger.silences import Silence, silences_at

AlertRow = Row[Any]
_RANKS = {severity: rank for rank, severity in enumerate(AlertSeverity)}
_LISTED_PARTS = 10
_FINDINGS = TypeAdapter(Finding)


@dataclass(frozen=True)
class AlertEvent:
    """Something that happened to an alert.

    Attributes:
        at: Unix time in seconds.
        kind: `opened`, `reopened`, `worsened`, `eased`, `acknowledged`, `silenced`, `unsilenced`, `resolved`,
            `delivered`, `failed`, `refused`, `dropped` or `given up`.
        who: who did it; empty if nobody did.
        note: what is to be said of it.
    """

    at: float
    kind: str
    who: str = ""
    note: str = ""


@dataclass(frozen=True)
class Viewpoint:
    """From where alerts are looked at: it decides which of them are silenced.

    Attributes:
        now: Unix time in seconds.
        silences: those that count.
    """

    now: float
    silences: Sequence[Silence]

    @classmethod
    def at(cls, connection: Connection, environment: str, now: float) -> Self:
        """The one of this moment."""
        return cls(now, silences_at(connection, environment, now))

    def silenced_until(self, row: AlertRow) -> float | None:
        """Until when an alert is not delivered; None if it is."""
        if not self.silences:
            return None
        finding, owners = unpack(row.finding), json.loads(row.owners)
        return max((s.until for s in self.silences if s.covers(row.number, finding, owners)), default=None)

    def alert(self, row: AlertRow) -> Alert:
        """What a row of the ledger says."""
        finding = with_parts(unpack(row.finding), json.loads(row.parts))
        silenced_until = None if row.resolved_at is not None else self.silenced_until(row)
        return Alert(
            number=row.number,
            finding=finding,
            state=_state(row, silenced_until),
            opened_at=row.opened_at,
            seen_at=row.seen_at,
            resolved_at=row.resolved_at,
            acknowledged_by=row.acknowledged_by,
            note=row.note,
            silenced_until=silenced_until,
            former=row.former,
        )


def _state(row: AlertRow, silenced_until: float | None) -> AlertState:
    if row.resolved_at is not None:
        return AlertState.RESOLVED
    if silenced_until is not None:
        return AlertState.SILENCED
    return AlertState.ACKNOWLEDGED if row.acknowledged_by else AlertState.OPEN


def rank(severity: AlertSeverity | str) -> int:
    """The worse, the higher."""
    return _RANKS[AlertSeverity(severity)]


def pack(finding: Finding) -> str:
    """A finding as text, for the ledger; numbers of any library as plain ones."""
    return json.dumps(asdict(finding), ensure_ascii=False, default=float)


def unpack(text: str) -> Finding:
    """The finding again."""
    return _FINDINGS.validate_python(json.loads(text))


def with_parts(finding: Finding, parts: Mapping[str, Mapping[str, str]]) -> Finding:
    """A finding whose evidence names what else was found that it is the cause of.

    Args:
        finding: the cause.
        parts: watch to identity to title of what it found.
    """
    titles = [title for of_watch in parts.values() for title in of_watch.values()]
    if not titles:
        return finding
    more = [f"and {len(titles) - _LISTED_PARTS} more"] if len(titles) > _LISTED_PARTS else []
    named = "; ".join(titles[:_LISTED_PARTS] + more)
    return replace(finding, evidence={**finding.evidence, "also_found": len(titles), "caused_by_this": named})


def note_event(connection: Connection, environment: str, number: int, event: AlertEvent) -> None:
    """Take down what happened to an alert."""
    connection.execute(insert(alert_events), [{"environment": environment, "number": number, **vars(event)}])


def is_alert(environment: str, number: int) -> ColumnElement[bool]:
    """The row of one alert."""
    return (alerts.c.environment == environment) & (alerts.c.number == number)


def unresolved(connection: Connection, environment: str) -> list[AlertRow]:
    """The alerts that are open, acknowledged or silenced, the oldest first."""
    query = select(alerts).where(alerts.c.environment == environment, alerts.c.resolved_at.is_(None))
    return list(connection.execute(query.order_by(alerts.c.number)))
