"""How old the newest value of a partition is."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.checks.facts import PartitionFacts
from flow_assets.checks.kinds import time_value
from flow_assets.checks.results import RuleResult
from flow_assets.declaration.durations import duration
from flow_assets.declaration.partition_constraints import Fresh
from flow_assets.time_words import duration_in_words, moment_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_LEAST, _GREATEST = (
    (day - _EPOCH) // timedelta(microseconds=1)
    for day in (datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC))
)
"""Microseconds to the ends of Python's calendar, where a day more or another time zone does no harm."""


def inspect_freshness(constraint: Fresh, column: str, partition: PartitionFacts) -> RuleResult:
    """Compare the newest value with the end of the partition's window, or with now where it has none.

    A date stands for all of its day, in the partitions' time zone (UTC where there is none), so its age is counted from
    the day's end. A partition without a value is not fresh. What is newer than the end is fresh; whether it may be so
    is another rule's business.
    """
    newest = pc.max(partition.table.column(column))
    if not newest.is_valid:
        return RuleResult(1, 1, "there is no value")
    end = partition.end
    known = _moment(newest, end)
    is_old = known < _oldest(constraint.within, end)
    return RuleResult(
        int(is_old),
        1,
        f"the newest, {_named(newest)}, is {_age(end.astimezone(UTC) - known, partition.bounds is None)}",
    )


def _moment(newest: pa.Scalar, end: datetime) -> datetime:
    """What a time is, or the end of a date's day on the clock of `end`."""
    if pa.types.is_timestamp(newest.type):
        return _at(newest.value * 1_000_000 // _A_SECOND[newest.type.unit])
    days = newest.cast(pa.date32()).value
    return _at((days + 1) * 86_400_000_000).replace(tzinfo=end.tzinfo).astimezone(UTC)


def _at(microseconds: int) -> datetime:
    """So long after 1970; what lies beyond Python's calendar is brought in."""
    return _EPOCH + timedelta(microseconds=min(max(microseconds, _LEAST), _GREATEST))


def _oldest(within: str, end: datetime) -> datetime:
    try:
        return duration(within).after(end, -1)
    except OverflowError:
        return _at(_LEAST)


def _named(newest: pa.Scalar) -> str:
    is_time = pa.types.is_timestamp(newest.type)
    value = time_value(newest.value, pa.timestamp(newest.type.unit, "UTC") if is_time else newest.type)
    return moment_text(value) if isinstance(value, datetime) else str(value)


def _age(age: timedelta, is_of_now: bool) -> str:
    """How long before now or the end, or after it."""
    if round(age / timedelta(minutes=1)) == 0:
        return "of now" if is_of_now else "of the end"
    before, after = ("old", "ahead of now") if is_of_now else ("before the end", "after the end")
    return f"{duration_in_words(abs(age.total_seconds()))} {before if age > timedelta() else after}"
