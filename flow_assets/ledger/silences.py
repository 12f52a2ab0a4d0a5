"""What is not to be told for a while: silences of one alert, or of all that a matcher fits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from flow_assets.ledger.alert_tables import silences
from flow_assets.ledger.findings import Finding


@dataclass(frozen=True)
class Matcher:
    """What fits an alert whose finding has all that is given here.

    Attributes:
        dataset: the one it is about; empty for any.
        watch: the one that found it; empty for any.
        owner: one of its dataset's owners; empty for any.
    """

    dataset: str = ""
    watch: str = ""
    owner: str = ""

    def fits(self, finding: Finding, owners: Sequence[str]) -> bool:
        """Whether it fits a finding about a dataset that has `owners`."""
        wanted = ((self.dataset, (finding.dataset,)), (self.watch, (finding.watch,)), (self.owner, owners))
        return all(not word or word in words for word, words in wanted)

    def __str__(self) -> str:
        """What it asks for, for people."""
        return " and ".join(f"{name} {value}" for name, value in vars(self).items() if value)


@dataclass(frozen=True)
class Silence:
    """Somebody's word that something is not to be delivered until a time.

    Attributes:
        number: the one alert it is for; None if `matcher` says which.
        until: its end, Unix time in seconds, as `at`.
        who: whose word it is.
        at: when they said so.
        ended_at: when somebody ended it; None while it lasts, or if nobody did.
    """

    number: int | None
    matcher: Matcher
    until: float
    who: str
    note: str
    at: float
    ended_at: float | None = None

    def covers(self, number: int, finding: Finding, owners: Sequence[str]) -> bool:
        """Whether it is for the alert with that number."""
        return self.number == number if self.number is not None else self.matcher.fits(finding, owners)


def silences_at(connection: Connection, environment: str, now: float) -> list[Silence]:
    """Those that have not ended, the oldest first."""
    query = select(silences).where(_is_active(environment, now)).order_by(silences.c.id)
    return [_silence(row) for row in connection.execute(query)]


def add_silence(connection: Connection, environment: str, silence: Silence) -> None:
    """From now on it counts."""
    values = {name: value for name, value in vars(silence).items() if name != "matcher"}
    connection.execute(insert(silences), [{"environment": environment, **values, **vars(silence.matcher)}])


def end_silences(connection: Connection, environment: str, target: int | Matcher, now: float) -> list[Silence]:
    """End those of one alert, or those with exactly that matcher.

    Returns:
        Those that have ended, the oldest first.
    """
    its: Iterable[ColumnElement[bool]]
    if isinstance(target, Matcher):
        its = (silences.c.number.is_(None), *(silences.c[name] == value for name, value in vars(target).items()))
    else:
        its = (silences.c.number == target,)
    ended = update(silences).where(_is_active(environment, now), *its).values(ended_at=now).returning(silences)
    return [_silence(row) for row in sorted(connection.execute(ended), key=lambda row: int(row.id))]


def _silence(row: Row[Any]) -> Silence:
    matcher = Matcher(row.dataset, row.watch, row.owner)
    return Silence(row.number, matcher, row.until, row.who, row.note, row.at, row.ended_at)


def _is_active(environment: str, now: float) -> ColumnElement[bool]:
    return (silences.c.environment == environment) & (silences.c.until > now) & silences.c.ended_at.is_(None)
