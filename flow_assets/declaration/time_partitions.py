"""Partitions that are windows of time: hours, days and months of a time zone, named and meant as Dagster's own."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flow_assets.errors import DefinitionError

_HOUR = 3600
_KEY_LENGTH = len("2013-01-01-00:00")


@dataclass(frozen=True)
class _TimePartitions:
    """What windows of time have in common.

    Args:
        start_date: where the first window begins.
        end_date: where the last one ends (exclusive, as in Dagster); without it, windows are added as they end.
        timezone: IANA name of the time zone in which a window begins and ends.
    """

    start_date: str
    end_date: str | None = None
    timezone: str = "UTC"

    unit: ClassVar[str]
    """What a lookback counts."""
    _form: ClassVar[str] = "YYYY-MM-DD"

    def __post_init__(self) -> None:
        name = type(self).__name__
        for value in (self.start_date, *([] if self.end_date is None else [self.end_date])):
            if not self._is_written_well(value):
                raise DefinitionError(f"{name}: {value!r} is no {self._what}; write it as {self._form}.")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
            raise DefinitionError(
                f"{name}: there is no time zone {self.timezone!r}; name one as in 'America/New_York'."
            ) from error
        if self.end_date is not None and self.end_date <= self.start_date:
            raise DefinitionError(
                f"{name}: end_date {self.end_date} is exclusive and must come after {self.start_date}."
            )

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    def start(self, key: str) -> datetime:
        """Where the window of `key` begins, in the partitions' time zone."""
        return local_time(key, self.zone)

    def keys(self, now: datetime | None = None) -> tuple[str, ...]:
        """All partition keys, in order: of the windows that have ended by `now` (default: the present)."""
        return self._keys_by((now or datetime.now(UTC)).astimezone(self.zone))

    def window(self, key: str) -> tuple[datetime, datetime]:
        """Where the window of `key` begins and where it ends, in UTC."""
        return self.start(key).astimezone(UTC), self._end(key).astimezone(UTC)

    def key_of(self, value: Any) -> str:
        """The key that a value of the partition column stands for."""
        return value.isoformat() if isinstance(value, date) else str(value)

    @property
    def _what(self) -> str:
        return "date"

    def _is_written_well(self, value: str) -> bool:
        try:
            return date.fromisoformat(value).isoformat() == value
        except (TypeError, ValueError):
            return False

    def _keys_by(self, now: datetime) -> tuple[str, ...]:
        raise NotImplementedError

    def _last_date(self, now: datetime) -> str:
        """The end date, or today's if that comes first."""
        today = now.date().isoformat()
        return min(self.end_date, today) if self.end_date else today

    def _end(self, key: str) -> datetime:
        raise NotImplementedError


@dataclass(frozen=True)
class DailyPartitions(_TimePartitions):
    """One partition a calendar day of `timezone`, keyed `YYYY-MM-DD`.

    Args:
        start_date: the first day, `YYYY-MM-DD`.
        end_date: the day after the last one (exclusive, as in Dagster); without it, days are added as they end.
        timezone: IANA name of the time zone in which a day begins and ends.
    """

    unit: ClassVar[str] = "days"

    def _keys_by(self, now: datetime) -> tuple[str, ...]:
        return _days(self.start_date, self._last_date(now))

    def _end(self, key: str) -> datetime:
        return self.start((date.fromisoformat(key) + timedelta(days=1)).isoformat())


@dataclass(frozen=True)
class MonthlyPartitions(_TimePartitions):
    """One partition a calendar month of `timezone`, keyed by its first day, `YYYY-MM-01`.

    Args:
        start_date: `YYYY-MM-DD`; the first month is the one that begins on that day or next after it.
        end_date: `YYYY-MM-DD`; the last month has ended by the beginning of that day. Without it, months are added as
            they end.
        timezone: IANA name of the time zone in which a month begins and ends.
    """

    unit: ClassVar[str] = "months"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.end_date and not _months(self.start_date, self.end_date):
            raise DefinitionError(f"MonthlyPartitions: no whole month lies in {self.start_date} to {self.end_date}.")

    def _keys_by(self, now: datetime) -> tuple[str, ...]:
        return _months(self.start_date, self._last_date(now))

    def _end(self, key: str) -> datetime:
        month = date.fromisoformat(key)
        return self.start(month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1).isoformat())


@dataclass(frozen=True)
class HourlyPartitions(_TimePartitions):
    """One partition an hour, keyed by the clock of `timezone` at its start: `YYYY-MM-DD-HH:MM`, as in Dagster.

    Where the clock is put back, the second of two hours with the same reading has its offset from UTC appended, as in
    `2013-11-03-01:00-0500`. Where the clock is put forward or back by less than an hour, the keys of Dagster's hours
    depend on the date on which the first one starts, so that is refused.

    Args:
        start_date: where the first hour begins, `YYYY-MM-DD-HH:00`.
        end_date: where the last one ends; without it, hours are added as they end.
        timezone: IANA name of the clock's time zone.
    """

    unit: ClassVar[str] = "hours"
    _form: ClassVar[str] = "YYYY-MM-DD-HH:00"

    def __post_init__(self) -> None:
        super().__post_init__()
        if day := _first_broken_hour(self.timezone, *self._span):
            raise DefinitionError(
                f"HourlyPartitions: from {day} on, hours in {self.timezone} no longer begin at full hours of its "
                "clock; use timezone='UTC'."
            )

    @property
    def has_double_hours(self) -> bool:
        """Whether the clock is put back between the first hour and the last, or, without an end, a year from now."""
        return _is_put_back(self.timezone, *self._span)

    @property
    def _span(self) -> tuple[int, int]:
        start = self.start(self.start_date)
        last = self.start(self.end_date) if self.end_date else max(start, datetime.now(UTC)) + timedelta(days=366)
        return int(start.timestamp()), int(last.timestamp())

    def start(self, key: str) -> datetime:
        """Where the hour of `key` begins, in the partitions' time zone."""
        if len(key) > _KEY_LENGTH:
            return datetime.strptime(key, "%Y-%m-%d-%H:%M%z").astimezone(self.zone)
        return local_time(f"{key[:10]}T{key[11:]}", self.zone)

    def key_of(self, value: Any) -> str:
        """The key of the hour that begins at `value`, a time in UTC; any other text or time is no key."""
        return _hour_key(value.astimezone(self.zone)) if isinstance(value, datetime) else str(value)

    @property
    def _what(self) -> str:
        return "full hour"

    def _is_written_well(self, value: str) -> bool:
        try:
            return datetime.strptime(value, "%Y-%m-%d-%H:00").strftime("%Y-%m-%d-%H:00") == value
        except (TypeError, ValueError):
            return False

    def _keys_by(self, now: datetime) -> tuple[str, ...]:
        first = int(self.start(self.start_date).timestamp())
        end = min(self.start(self.end_date), now) if self.end_date else now
        return _hours(first, max(0, int(end.timestamp()) - first) // _HOUR, self.timezone)

    def _end(self, key: str) -> datetime:
        return self.start(key).astimezone(UTC) + timedelta(hours=1)


TimePartitions = HourlyPartitions | DailyPartitions | MonthlyPartitions


def local_time(text: str, zone: tzinfo | None) -> datetime:
    """A clock's reading; one that the clock skips is taken for as much later, as Dagster does."""
    naive = datetime.fromisoformat(text).replace(tzinfo=zone)
    return naive.astimezone(UTC).astimezone(zone)


def _hour_key(local: datetime) -> str:
    text = local.isoformat("-", "microseconds" if local.second or local.microsecond else "minutes")
    plain, offset = text[: -len("+00:00")], text[-len("+00:00") :]
    return plain + offset.replace(":", "") if local.fold else plain


@lru_cache(maxsize=8)  # as many kinds of hours as a package may well have; a tuple can take megabytes
def _hours(first: int, count: int, timezone: str) -> tuple[str, ...]:
    """Keys of `count` hours from `first`, in seconds since 1970."""
    zone, read = ZoneInfo(timezone), datetime.fromtimestamp
    return tuple([_hour_key(read(first + number * _HOUR, zone)) for number in range(count)])


@lru_cache(maxsize=64)
def _first_broken_hour(timezone: str, first: int, last: int) -> str | None:
    """The first day on which the clock's hours begin at another second of UTC's hour than they did at first."""
    zone, day = ZoneInfo(timezone), 24 * _HOUR
    last_hour = first + (last - first) // _HOUR * _HOUR
    for second in range(first, last_hour + day, day):
        local = datetime.fromtimestamp(min(second, last_hour), zone)
        if (local.minute, local.second) != (0, 0):
            return local.date().isoformat()
    return None


@lru_cache(maxsize=64)
def _is_put_back(timezone: str, first: int, last: int) -> bool:
    """Whether the clock is put back between two times."""
    zone = ZoneInfo(timezone)
    days = [*range(first, last, 24 * _HOUR), last]
    offsets = [datetime.fromtimestamp(second, zone).utcoffset() or timedelta() for second in days]
    return any(later < earlier for earlier, later in pairwise(offsets))


@lru_cache(maxsize=64)
def _days(start: str, end: str) -> tuple[str, ...]:
    first = date.fromisoformat(start)
    count = (date.fromisoformat(end) - first).days
    return tuple((first + timedelta(days=n)).isoformat() for n in range(count))


@lru_cache(maxsize=64)
def _months(start: str, end: str) -> tuple[str, ...]:
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    numbers = range(first.year * 12 + first.month - (first.day == 1), last.year * 12 + last.month - 1)
    return tuple(date(number // 12, number % 12 + 1, 1).isoformat() for number in numbers)
