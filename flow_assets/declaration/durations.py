"""Lengths of time as people write them: a number and a unit."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Self

from flow_assets.errors import DefinitionError

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_MOST_WEEKS = 5000
_TEXT = re.compile(rf"([1-9]\d{{0,8}}) ({'|'.join(_UNITS)})s?")


@dataclass(frozen=True)
class Duration:
    """So many seconds, minutes or hours that pass, or so many days or weeks of the calendar.

    A day of the calendar has as many hours as the time zone gives it.
    """

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `text` says, such as `36 hours` or `1 day`.

        Raises:
            DefinitionError: it is no number with a unit.
        """
        if not (found := _TEXT.fullmatch(str(text))):
            raise DefinitionError(f"{text!r} is no length of time; write a number and a unit, such as '36 hours'.")
        return cls(int(found[1]), found[2])

    @property
    def is_of_calendar(self) -> bool:
        """Whether it is counted in days or weeks."""
        return self.unit in ("day", "week")

    @property
    def seconds(self) -> int:
        """How long it is where no clock changes."""
        return self.count * _UNITS[self.unit]

    def after(self, moment: datetime, times: int = 1) -> datetime:
        """The moment so many times later, or earlier; days are counted on the clock of `moment`."""
        if self.is_of_calendar and times:  # of two equal readings of the clock, a sum is the first
            local = moment + timedelta(seconds=self.seconds * times)  # the clock's reading is moved, not the time
            return local.astimezone(UTC).astimezone(moment.tzinfo)
        return (moment.astimezone(UTC) + timedelta(seconds=self.seconds * times)).astimezone(moment.tzinfo)


@lru_cache(maxsize=64)
def duration(text: str) -> Duration:
    """What `text` says; see `Duration.parse`."""
    return Duration.parse(text)


def addable_duration(text: str) -> Duration:
    """What `text` says, where times are counted from now: at most 5000 weeks, so that the calendar goes as far.

    Raises:
        DefinitionError: it is no length of time, or a longer one.
    """
    found = duration(text)
    if found.seconds > _MOST_WEEKS * _UNITS["week"]:
        raise DefinitionError(f"{text!r} is too long; write at most '{_MOST_WEEKS} weeks'.")
    return found
