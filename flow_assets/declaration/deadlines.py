"""By when a partition should be there, once its period has ended."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flow_assets.declaration.arguments import require_counts
from flow_assets.declaration.durations import addable_duration, duration
from flow_assets.declaration.partitions import Partitions, StaticPartitions
from flow_assets.declaration.time_partitions import TimePartitions, local_time
from flow_assets.errors import DefinitionError

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Within:
    """So long after the period's end; see `within` for the meaning of each field."""

    length: str
    is_critical: bool = False

    def due(self, end: datetime) -> datetime:
        """When what ended at `end`, a time on the partitions' clock, should be there."""
        return duration(self.length).after(end)

    def __str__(self) -> str:
        return f"within {self.length}"


@dataclass(frozen=True)
class By:
    """When the clock of the partitions' time zone says so; see `by` for the meaning of each field."""

    clock: str
    days_later: int = 0
    is_critical: bool = False

    def due(self, end: datetime) -> datetime:
        """When what ended at `end`, a time on the partitions' clock, should be there."""
        day = end.date() + timedelta(days=self.days_later + (end.time() > time.fromisoformat(self.clock)))
        return local_time(f"{day.isoformat()}T{self.clock}", end.tzinfo)

    def __str__(self) -> str:
        later = f", {self.days_later} day{'s' if self.days_later > 1 else ''} later" if self.days_later else ""
        return f"by {self.clock}{later}"


Deadline = Within | By


def within(length: str, *, is_critical: bool = False) -> Within:
    """So long after a partition's period has ended, or after the last publication of a dataset without partitions.

    Args:
        length: a number and a unit, such as `6 hours`; a day has as many hours as the partitions' clock gives it.
        is_critical: whether somebody should be woken at once, and not only when it is twice as late.

    Raises:
        DefinitionError: `length` is no length of time, or longer than 5000 weeks.
    """
    addable_duration(length)
    return Within(length, _truth(f"within({length!r})", is_critical))


def by(clock: str, *, days_later: int = 0, is_critical: bool = False) -> By:
    """When the clock of the partitions' time zone shows `clock` for the first time after the period has ended.

    A reading that the clock skips counts as much later, and of two equal ones the first.

    Args:
        clock: such as `08:00`.
        days_later: so many days after that.
        is_critical: whether somebody should be woken at once, and not only when it is twice as late.

    Raises:
        DefinitionError: `clock` is no reading of a clock, or `days_later` no number of days.
    """
    if not _CLOCK.fullmatch(str(clock)):
        raise DefinitionError(f"by({clock!r}) is no reading of a clock; write hours and minutes, such as by('08:00').")
    require_counts(f"by({clock!r})", days_later=days_later)
    if days_later not in range(367):
        raise DefinitionError(f"by({clock!r}): days_later={days_later} must be 0 to 366.")
    return By(clock, days_later, _truth(f"by({clock!r})", is_critical))


def as_deadline(given: str | Deadline | None) -> Deadline | None:
    """What is meant by the argument of `dataset`: a text is a length of time.

    Raises:
        DefinitionError: a text is no length of time, or one longer than 5000 weeks.
    """
    return within(given) if isinstance(given, str) else given


def deadline_misfit(deadline: Deadline | None, partitions: Partitions | None) -> str | None:
    """Why partitions of this kind can have no such deadline; None if they can."""
    if deadline is None or isinstance(partitions, TimePartitions):
        return None
    if isinstance(partitions, StaticPartitions):
        return "`deadline` needs partitions that are hours, days or months: others have no end that it could count from"
    if isinstance(deadline, By):
        return (
            f"`deadline` {deadline} needs partitions that are hours, days or months; without partitions, say how old "
            'what is published may become: `deadline="1 week"`'
        )
    return None


def _truth(call: str, is_critical: Any) -> bool:
    if not isinstance(is_critical, bool):
        raise DefinitionError(f"{call}: is_critical={is_critical!r} must be True or False.")
    return is_critical
