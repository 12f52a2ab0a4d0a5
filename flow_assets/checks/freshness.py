"""How old the newest value of a partition is."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.checks.facts import PartitionFacts
from flow_assets.checks.results import RuleResult
from flow_assets.declaration.durations import duration
from flow_assets.declaration.partition_constraints import Fresh


def inspect_freshness(constraint: Fresh, column: str, partition: PartitionFacts) -> RuleResult:
    """Compare the newest value with the end of the partition's window, or with now where it has none.

    A date stands for all of its day, in the partitions' time zone (UTC where there is none), so its age is counted from
    the day's end. A partition without a value is not fresh. What is newer than the end is fresh; whether it may be so
    is another rule's business.
    """
    values = partition.table.column(column)
    newest = pc.max(values.cast(pa.timestamp("us", "UTC"), safe=False) if _is_time(values) else values).as_py()
    if newest is None:
        return RuleResult(1, 1, "there is no value")
    end = partition.end
    known = _moment(newest, end)
    is_old = known < duration(constraint.within).after(end, -1)
    return RuleResult(
        int(is_old),
        1,
        f"the newest, {_named(newest)}, is {_age(end.astimezone(UTC) - known, partition.bounds is None)}",
    )


def _is_time(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_timestamp(values.type))


def _moment(newest: Any, end: datetime) -> datetime:
    if isinstance(newest, datetime):
        return newest
    return datetime.combine(newest + timedelta(days=1), time(), end.tzinfo).astimezone(UTC)


def _named(newest: date) -> str:
    return f"{newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if isinstance(newest, datetime) else newest.isoformat()


def _age(age: timedelta, is_of_now: bool) -> str:
    """How long ago, in the two largest units."""
    minutes = round(abs(age.total_seconds()) / 60)
    amounts = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    said = [f"{count} {unit}{'s' if count > 1 else ''}" for count, unit in amounts if count][:2]
    side = "after" if age < timedelta() else "before"
    if not said:
        return "of now" if is_of_now else "of the end"
    if is_of_now:
        return f"{' '.join(said)} {'old' if side == 'before' else 'ahead of now'}"
    return f"{' '.join(said)} {side} the end"
