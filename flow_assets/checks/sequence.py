"""Whether time goes on without a gap: each step of a partition's window is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.checks.facts import PartitionFacts
from flow_assets.checks.results import RuleResult
from flow_assets.declaration.durations import Duration, duration
from flow_assets.declaration.partition_constraints import CompleteSequence

Steps = npt.NDArray[np.int64]
"""Microseconds since 1970 in UTC, or, of dates, days."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = pa.timestamp("us", "UTC")
_NAMED = 3


def inspect_sequence(constraint: CompleteSequence, column: str, partition: PartitionFacts) -> RuleResult:
    """Count the steps that `column` lacks, of those that are expected, in a partition that is a window of time.

    Steps are counted from the beginning of the window: hours, minutes and seconds as they pass, days and weeks on the
    clock of the partitions' time zone. A value that is there twice fills no gap; neither does one that is no step,
    which is mentioned. A row without a value or without a group is left out.
    """
    start, end = partition.bounds or (partition.end, partition.end)
    is_date = pa.types.is_date(partition.table.schema.field(column).type)
    steps = expected_steps(start, end, duration(constraint.every), is_date)
    values, codes, groups = _grouped(constraint, column, partition.table)
    is_there = np.zeros((len(groups), len(steps)), dtype=bool)
    positions = np.searchsorted(steps, values)
    is_step = np.append(steps, -1)[positions] == values
    is_step &= positions < len(steps)
    is_there[codes[is_step], positions[is_step]] = True
    gaps = _Gaps(~is_there, steps, groups, is_date)
    return RuleResult(gaps.count, is_there.size, gaps.told(int(np.count_nonzero(~is_step))))


def expected_steps(start: datetime, end: datetime, every: Duration, is_date: bool = False) -> Steps:
    """The steps from `start` until before `end`."""
    if is_date:
        first, last = (_ordinal(moment.date()) for moment in (start, end))
        return np.arange(first, last, every.seconds // 86_400, dtype=np.int64)
    if every.is_of_calendar:
        return np.fromiter(_calendar_steps(start, end, every), dtype=np.int64)
    return np.arange(_microseconds(start), _microseconds(end), every.seconds * 1_000_000, dtype=np.int64)


def _calendar_steps(start: datetime, end: datetime, every: Duration) -> Iterator[int]:
    times, step = 0, start
    while step.astimezone(UTC) < end:  # in one zone, readings of the clock would be compared
        yield _microseconds(step)
        times += 1
        step = every.after(start, times)


def _grouped(constraint: CompleteSequence, column: str, table: pa.Table) -> tuple[Steps, Steps, list[Any]]:
    """Values and the number of the group of each, and the groups; without `by` there is one, without a name."""
    values, groups = table.column(column), [None]
    codes = None
    if constraint.by is not None:
        named = table.column(constraint.by)
        found = pa.array(constraint.groups, named.type) if constraint.groups else _in_order(named)
        codes, groups = pc.index_in(named, found), found.to_pylist() or [None]
    has_nulls = values.null_count or (codes is not None and codes.null_count)
    if has_nulls:
        is_counted = values.is_valid() if codes is None else pc.and_(values.is_valid(), codes.is_valid())
        values = values.filter(is_counted)
        codes = None if codes is None else codes.filter(is_counted)
    numbers = np.zeros(len(values), dtype=np.int64) if codes is None else codes.to_numpy().astype(np.int64)
    return _integers(values), numbers, groups


def _in_order(named: pa.ChunkedArray) -> pa.Array:
    found = pc.unique(named).drop_null()
    return found.take(pc.array_sort_indices(found))


def _integers(values: pa.ChunkedArray) -> Steps:
    if pa.types.is_date(values.type):
        days: Steps = values.cast(pa.date32()).to_numpy().astype(np.int64)
        return days
    if values.type != _TIME:
        values = values.cast(_TIME, safe=False)
    microseconds: Steps = values.to_numpy().view(np.int64)
    return microseconds


def _ordinal(day: date) -> int:
    return day.toordinal() - _EPOCH.toordinal()


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class _Gaps:
    """The steps that are missing: a row of truth values for each group."""

    is_missing: npt.NDArray[np.bool_]
    steps: Steps
    groups: list[Any]
    is_date: bool

    @property
    def count(self) -> int:
        return int(np.count_nonzero(self.is_missing))

    def told(self, strays: int) -> str:
        """What is missing, the first of it by name, and that there are values which are no step."""
        named = list(islice(self._names(), _NAMED))
        rest = self.count - sum(count for _, count in named)
        missing = ", ".join(name for name, _ in named) + (f", ... and {rest} more" if rest else "")
        stray = f"{strays} values are no step" if strays else ""
        return "; ".join(part for part in (missing and f"missing: {missing}", stray) if part)

    def _names(self) -> Iterator[tuple[str, int]]:
        """Each gap and how many steps it has; a group that is missing entirely is one."""
        for group, is_missing in zip(self.groups, self.is_missing, strict=True):
            if len(self.steps) > 1 and is_missing.all():
                yield (f"all {len(self.steps)}" + ("" if group is None else f" of {group}")), len(self.steps)
            else:
                prefix = "" if group is None else f"{group} "
                yield from ((prefix + self._name(step), 1) for step in self.steps[is_missing])

    def _name(self, step: np.int64) -> str:
        if self.is_date:
            return date.fromordinal(int(step) + _EPOCH.toordinal()).isoformat()
        moment = _EPOCH + timedelta(microseconds=int(step))
        return f"{moment:%Y-%m-%d %H:%M}{f':{moment:%S}' if moment.second else ''} UTC"
