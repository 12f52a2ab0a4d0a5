"""Whether a rule on a partition can be asked of a dataset; what cannot is refused while datasets are loaded."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.declaration.constraints import Scope
from flow_assets.declaration.durations import duration
from flow_assets.declaration.partition_constraints import CompleteSequence, Fresh, NoDrift
from flow_assets.declaration.partitions import Partitions
from flow_assets.declaration.rules import Rule
from flow_assets.declaration.time_partitions import HourlyPartitions, TimePartitions
from flow_assets.declaration.type_names import type_name


def partition_misfit(rule: Rule, columns: Mapping[str, pa.DataType], partitions: Partitions | None) -> str | None:
    """Why `rule`, on a partition or its history, cannot be asked, and what to do; None where it can.

    That its columns are there was found before; whether a query can be answered is not looked at here.
    """
    constraint = rule.constraint
    is_of_time = isinstance(constraint, CompleteSequence) or rule.scope is Scope.HISTORY
    if is_of_time and not isinstance(partitions, TimePartitions):
        return "it needs hourly, daily or monthly partitions: only they have a range of time and others before them"
    if isinstance(constraint, CompleteSequence | Fresh | NoDrift):
        return _column_misfit(rule, columns, partitions)
    return None


def _column_misfit(rule: Rule, columns: Mapping[str, pa.DataType], partitions: Partitions | None) -> str | None:
    if len(rule.columns) != 1:
        return "it names no column; put it on one, in `column(..., rules=[...])`"
    (name,) = rule.columns
    kind, constraint = columns[name], rule.constraint
    problem = _uncomparable(constraint, kind) if isinstance(constraint, NoDrift) else _untimely(kind)
    if isinstance(constraint, CompleteSequence):
        problem = problem or _uncountable(constraint, kind, partitions)
        if constraint.by and not problem:
            name, kind = constraint.by, columns[constraint.by]
            problem = _ungrouped(constraint, kind)
    return f"{name} is {type_name(kind)}, and {problem}" if problem else None


def is_number(kind: pa.DataType) -> bool:
    """Whether values of the type are ordered numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _untimely(kind: pa.DataType) -> str | None:
    is_time = pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is not None)
    return None if is_time else "must be a `TimestampUtc` or a `Date`"


def _uncomparable(constraint: NoDrift, kind: pa.DataType) -> str | None:
    is_category = pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_string(kind)
    fits = {
        "psi": (is_category or is_number(kind), "`psi` compares numbers or categories; use `null_rate`"),
        "ks": (is_number(kind), "`ks` is a distance of numbers; use `psi` or `category_shares`"),
        "category_shares": (is_category, "its values are no categories; use `psi` or `ks`"),
    }
    is_fit, problem = fits.get(constraint.measure, (True, ""))
    return None if is_fit else problem


def _uncountable(constraint: CompleteSequence, kind: pa.DataType, partitions: Partitions | None) -> str | None:
    is_in_days = duration(constraint.every).is_of_calendar and not isinstance(partitions, HourlyPartitions)
    is_fit = is_in_days or not pa.types.is_date(kind)
    return None if is_fit else "a date has steps of days or weeks, in daily or monthly partitions"


def _ungrouped(constraint: CompleteSequence, kind: pa.DataType) -> str | None:
    try:
        pc.index_in(pa.array([], kind), pa.array(constraint.groups, kind))
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return f"cannot be one of the groups {', '.join(map(repr, constraint.groups)) or 'that are found'}"
    return None
