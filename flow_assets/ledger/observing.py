"""What one look of a watch makes of the alerts: opens, refreshes and resolves, inside one transaction.

All times of an alert go forward only: where the clock was set back, the last time known of it counts. Until the clock
has come there again, what was found then is not resolved, and what was over is not opened again. A time later than the
last one known is that of a clock that was wrong, and holds up nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from flow_assets.ledger.alert_rows import (
    AlertEvent,
    AlertRow,
    Viewpoint,
    is_alert,
    note_event,
    pack,
    rank,
    unpack,
    unresolved,
)
from flow_assets.ledger.alert_tables import alerts
from flow_assets.ledger.findings import Finding
from flow_assets.ledger.statements import portions

REOPEN_SECONDS = 3600.0
"""What is found again so soon after it was resolved is the same alert."""

MOST_QUIET_SECONDS = 24 * 3600.0
"""So long at most an alert that keeps coming back must be gone before it is resolved."""

OVERLAP_SECONDS = 120.0
"""So long a look may take, and another may begin and end meanwhile; a clock that is further behind was set back."""

FOLLOWING = frozenset({"failures", "freshness"})
"""Watches that find in a dataset what its upstream's trouble makes of it."""


@dataclass
class Look:
    """What one watch found at one moment, being entered into the ledger.

    Attributes:
        last: the last time known, now or later; Unix time in seconds.
        owners: dataset to its owners.
        opened: numbers of the alerts that were opened, or opened again.
        worsened: of those whose severity has risen.
        resolved: of those that are no longer found.
        parts: number of an open alert to identity to title of what was found and has it for its cause.
    """

    connection: Connection
    environment: str
    watch: str
    view: Viewpoint
    last: float
    owners: Mapping[str, Sequence[str]]
    opened: list[int] = field(default_factory=list)
    worsened: list[int] = field(default_factory=list)
    resolved: list[int] = field(default_factory=list)
    parts: dict[int, dict[str, str]] = field(default_factory=dict)

    def enter(self, findings: Sequence[Finding]) -> None:
        """Bring the alerts of the watch in line with all that it finds now."""
        found = _the_worst_of_each(findings)
        last = self._last_alerts(list(found))
        self._let_go([row for row in self._watched() if row.identity not in found])
        stays = {identity for identity, row in last.items() if row.resolved_at is None or row.is_dismissed}
        for identity in sorted(stays & set(found)):
            self._refresh(last[identity], found[identity])
        over = {identity for identity, row in last.items() if self._is_over(row, found[identity])}
        fresh = {identity: finding for identity, finding in found.items() if identity not in stays | over}
        causes = self._causes(fresh)
        for finding in (finding for identity, finding in fresh.items() if identity not in causes):
            self._open(finding, last.get(finding.identity))
        self._join(fresh, causes)

    def numbers(self, findings: Sequence[Finding]) -> dict[str, int]:
        """Identity of what was entered to the number of the alert that tells of it: its own, or its cause's."""
        own = {
            row.identity: row.number for row in self._last_alerts([finding.identity for finding in findings]).values()
        }
        return own | {identity: number for number, titles in self.parts.items() for identity in titles}

    def _last_alerts(self, identities: Sequence[str]) -> dict[str, AlertRow]:
        """Identity to its last alert."""
        last = {}
        for some in portions(identities):
            its = self._mine() & alerts.c.identity.in_(some)
            newest = select(func.max(alerts.c.number)).where(its).group_by(alerts.c.identity)
            query = select(alerts).where(alerts.c.environment == self.environment, alerts.c.number.in_(newest))
            last.update({row.identity: row for row in self.connection.execute(query)})
        return last

    def _watched(self) -> list[AlertRow]:
        """The watch's alerts that a look can change: unresolved ones and those that somebody has dismissed."""
        query = select(alerts).where(self._mine(), alerts.c.resolved_at.is_(None) | alerts.c.is_dismissed)
        return list(self.connection.execute(query))

    def _refresh(self, row: AlertRow, finding: Finding) -> None:
        """What is still found: the same alert, with what is known now."""
        if self._is_overtaken(row.seen_at):
            return
        before = unpack(row.finding)
        is_worse = rank(finding.severity) > rank(before.severity)
        if row.resolved_at is not None and is_worse:  # it was dismissed, but not as bad as this
            self._set(row.number, is_dismissed=False)
            self._open(finding, row)
            return
        at = self._time_of(row)
        finding = replace(finding, since=min(before.since, finding.since))  # a watch may only know that it is so now
        self._set(row.number, **self._packed(finding), seen_at=at, unseen_since=None)
        if row.resolved_at is not None or finding.severity == before.severity:
            return
        change = f"from {before.severity} to {finding.severity}"
        self._note(row.number, "worsened" if is_worse else "eased", change, at)
        if is_worse:
            self._set(row.number, acknowledged_by="", note="")
            self.worsened.append(row.number)

    def _open(self, finding: Finding, former: AlertRow | None) -> None:
        if former is not None and not former.is_by_hand and self._is_soon_after(former):
            self._reopen(former, finding)
            return
        query = select(func.max(alerts.c.number)).where(alerts.c.environment == self.environment)
        number = (self.connection.scalar(query) or 0) + 1
        at = former.resolved_at if former and self._is_before(former.resolved_at) else self.view.now
        row: dict[str, Any] = {
            "environment": self.environment,
            "number": number,
            "watch": self.watch,
            "identity": finding.identity,
            **self._packed(finding),
            "opened_at": at,
            "seen_at": at,
            "former": former and former.number,
        }
        self.connection.execute(insert(alerts), [row])
        self._note(number, "opened", f"after alert {former.number}" if former else "", at)
        self.opened.append(number)

    def _is_soon_after(self, former: AlertRow) -> bool:
        resolved_at = former.resolved_at
        return self._is_before(resolved_at) or bool(0 <= self.view.now - resolved_at < REOPEN_SECONDS)

    def _reopen(self, row: AlertRow, finding: Finding) -> None:
        at = max(self.view.now, row.resolved_at)
        again: dict[str, Any] = {"resolved_at": None, "unseen_since": None, "acknowledged_by": "", "note": ""}
        again |= {"is_settled": False, "is_routed": False, "is_muted": False}
        self._set(row.number, **self._packed(finding), seen_at=at, reopenings=row.reopenings + 1, **again)
        self._note(row.number, "reopened", "", at)
        self.opened.append(row.number)

    def _let_go(self, rows: Iterable[AlertRow]) -> None:
        """What is no longer found."""
        for row in rows:
            if self._is_before(row.seen_at):
                continue
            if row.resolved_at is not None:
                self._set(row.number, is_dismissed=False)
            elif self._is_gone_for_good(row):
                self._resolve(row)

    def _is_over(self, row: AlertRow, finding: Finding) -> bool:
        """Whether what is found was over already at a later time than this; what began anew was not."""
        if row.resolved_at is None:
            return False
        is_same = finding.since == unpack(row.finding).since
        return self._is_overtaken(row.resolved_at) or (is_same and self._is_before(row.resolved_at))

    def _is_overtaken(self, at: float) -> bool:
        """Whether a look that began after this one has had its say at `at`: then what this one saw is old."""
        return self._is_before(at) and at - self.view.now <= OVERLAP_SECONDS

    def _is_before(self, at: float) -> bool:
        """Whether it is earlier now than `at`, which is no time of a clock that was wrong."""
        return self.view.now < at <= self.last

    def _time_of(self, row: AlertRow) -> float:
        """When what happens to an alert now does happen: not before it was found last, or else not before it opened."""
        return float(row.seen_at if self._is_before(row.seen_at) else max(self.view.now, row.opened_at))

    def _is_gone_for_good(self, row: AlertRow) -> bool:
        """Whether it is resolved at once, or after a while of quiet because it has come back before."""
        if row.reopenings == 0:
            return True
        now, quiet = self.view.now, min(REOPEN_SECONDS * 2 ** (row.reopenings - 1), MOST_QUIET_SECONDS)
        if row.unseen_since is None or row.unseen_since > now:  # the latter: the clock was set back
            self._set(row.number, unseen_since=now)
            return False
        return bool(now - row.unseen_since >= quiet)

    def _resolve(self, row: AlertRow) -> None:
        at, is_muted = self._time_of(row), self.view.silenced_until(row) is not None
        end: dict[str, Any] = {"seen_at": min(row.seen_at, at), "resolved_at": at, "unseen_since": None}
        self._set(row.number, **end, is_settled=False, is_muted=is_muted)
        self._note(row.number, "resolved", "no longer found", at)
        self.resolved.append(row.number)

    def _causes(self, fresh: Mapping[str, Finding]) -> dict[str, str | int]:
        """Identity of what is no alert of its own to its cause: an alert's number, or an identity in `fresh`.

        What somebody has dismissed is a cause, too: its followers are dismissed with it.
        """
        if self.watch not in FOLLOWING or not fresh:
            return {}
        is_known = alerts.c.resolved_at.is_(None) | alerts.c.is_dismissed
        query = select(alerts).where(alerts.c.environment == self.environment, is_known).order_by(alerts.c.number)
        rows = self.connection.execute(query)
        known: dict[str | int, Finding] = {row.number: unpack(row.finding) for row in rows}
        known.update(fresh)
        first: dict[str, str | int] = {}
        for identity, finding in fresh.items():
            cause = next((key for key, other in known.items() if key != identity and explains(other, finding)), None)
            if cause is not None:
                first[identity] = cause
        roots = {identity: _root(identity, first) for identity in first}
        return {identity: root for identity, root in roots.items() if root != identity}

    def _join(self, fresh: Mapping[str, Finding], causes: Mapping[str, str | int]) -> None:
        """Keep what is no alert of its own as part of its cause's alert."""
        numbers = {row.identity: row.number for row in self._watched() if row.resolved_at is None}
        for identity, cause in causes.items():
            number = cause if isinstance(cause, int) else numbers[cause]
            self.parts.setdefault(number, {})[identity] = fresh[identity].title
        for row in unresolved(self.connection, self.environment):
            before = json.loads(row.parts)
            after = {watch: titles for watch, titles in before.items() if watch != self.watch}
            if mine := self.parts.get(row.number):
                after[self.watch] = mine
            if after != before:
                self._set(row.number, parts=json.dumps(after, ensure_ascii=False))

    def _packed(self, finding: Finding) -> dict[str, str]:
        return {"finding": pack(finding), "owners": json.dumps(list(self.owners.get(finding.dataset, ())))}

    def _mine(self) -> Any:
        return (alerts.c.environment == self.environment) & (alerts.c.watch == self.watch)

    def _set(self, number: int, **values: Any) -> None:
        self.connection.execute(update(alerts).where(is_alert(self.environment, number)).values(**values))

    def _note(self, number: int, kind: str, note: str, at: float) -> None:
        note_event(self.connection, self.environment, number, AlertEvent(at, kind, note=note))


def explains(cause: Finding, finding: Finding) -> bool:
    """Whether `finding` is what `cause` makes of a dataset downstream: one of those affected, and in its partitions."""
    if finding.dataset not in cause.affected or finding.dataset in ("", cause.dataset):
        return False
    return not cause.partitions or not finding.partitions or not set(cause.partitions).isdisjoint(finding.partitions)


def _root(identity: str, first: Mapping[str, str | int]) -> str | int:
    """The last in a row of causes; where they lead round in a circle, the first by name is nobody's part."""
    seen: list[str] = []
    cause: str | int = identity
    while isinstance(cause, str) and cause in first:
        if cause in seen:
            return min(seen[seen.index(cause) :])
        seen.append(cause)
        cause = first[cause]
    return cause


def _the_worst_of_each(findings: Sequence[Finding]) -> dict[str, Finding]:
    """Identity to its finding; of several with one identity the worst."""
    found: dict[str, Finding] = {}
    for finding in findings:
        if finding.identity not in found or rank(finding.severity) > rank(found[finding.identity].severity):
            found[finding.identity] = finding
    return found
