"""The partitions of a dataset as values, named and meant as Dagster's own."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flow_assets.errors import DefinitionError

UNPARTITIONED = ""
"""The partition key under which a dataset without partitions is kept."""


@dataclass(frozen=True)
class DailyPartitions:
    """One partition a calendar day of `timezone`, keyed `YYYY-MM-DD`.

    Args:
        start_date: the first day, `YYYY-MM-DD`.
        end_date: the day after the last one (exclusive, as in Dagster); without it, days are added as they end.
        timezone: IANA name of the time zone in which a day begins and ends.
    """

    start_date: str
    end_date: str | None = None
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        for value in filter(None, (self.start_date, self.end_date)):
            if not _is_date(value):
                raise DefinitionError(f"DailyPartitions: {value!r} is no date; write it as YYYY-MM-DD.")
        if self.end_date and self.end_date <= self.start_date:
            raise DefinitionError(
                f"DailyPartitions: end_date {self.end_date} is exclusive and must come after {self.start_date}."
            )
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise DefinitionError(
                f"DailyPartitions: there is no time zone {self.timezone!r}; name one as in 'America/New_York'."
            ) from error

    def keys(self, now: datetime | None = None) -> tuple[str, ...]:
        """All partition keys, in order; `now` bounds an open end (default: the present)."""
        return _days(self.start_date, self.end_date or self._today(now))

    def _today(self, now: datetime | None) -> str:
        zone = ZoneInfo(self.timezone)
        return (now or datetime.now(zone)).astimezone(zone).date().isoformat()


@dataclass(frozen=True, init=False)
class StaticPartitions:
    """A fixed list of partitions, in the order given."""

    partition_keys: tuple[str, ...]

    def __init__(self, partition_keys: list[str] | tuple[str, ...]) -> None:
        if len(set(partition_keys)) != len(partition_keys) or not all(partition_keys):
            raise DefinitionError(f"StaticPartitions: keys must differ and not be empty: {list(partition_keys)!r}.")
        if unfit := [key for key in partition_keys if "..." in key or not key.isprintable()]:
            raise DefinitionError(
                f"StaticPartitions: a key must not hold '...' or a control character, which Dagster refuses: {unfit!r}."
            )
        object.__setattr__(self, "partition_keys", tuple(partition_keys))

    def keys(self, now: datetime | None = None) -> tuple[str, ...]:
        """All partition keys, in order."""
        return self.partition_keys


Partitions = DailyPartitions | StaticPartitions


def partition_keys(partitions: Partitions | None, now: datetime | None = None) -> tuple[str, ...]:
    """All keys of `partitions`; a dataset without partitions has the one key `UNPARTITIONED`."""
    return (UNPARTITIONED,) if partitions is None else partitions.keys(now)


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        return False


@lru_cache(maxsize=64)
def _days(start: str, end: str) -> tuple[str, ...]:
    first = date.fromisoformat(start)
    count = (date.fromisoformat(end) - first).days
    return tuple((first + timedelta(days=n)).isoformat() for n in range(count))
