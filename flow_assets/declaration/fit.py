"""Whether a rule on rows can be asked of the columns it is put on; what cannot is refused while datasets are loaded."""

import math
import re
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from numbers import Integral
from typing import Any

import pyarrow as pa

from flow_assets.declaration.constraints import (
    Compare,
    Constraint,
    InRange,
    IsIn,
    NotNull,
    PythonCheck,
    References,
    RowExpression,
    StrLength,
    StrMatches,
    Unique,
)
from flow_assets.declaration.partition_constraints import CompleteSequence
from flow_assets.declaration.rules import Rule, Severity
from flow_assets.declaration.type_names import type_name

_MODES = ("matches", "contains", "startswith", "endswith")
_SET_SHOWN = 3


def misfit(rule: Rule, columns: Mapping[str, pa.DataType]) -> str | None:
    """Why `rule` cannot be asked of `columns`, and what to do; None where it can.

    Args:
        rule: any rule; of those that do not look at rows only the columns' names are looked at.
        columns: the columns of the dataset.
    """
    groups = rule.constraint.by if isinstance(rule.constraint, CompleteSequence) else None
    named = [*rule.columns, *([groups] if groups else [])]
    if unknown := sorted({name for name in named if name not in columns}):
        return f"there is no column {', '.join(unknown)}; there are {', '.join(columns)}"
    ask = _QUESTIONS.get(type(rule.constraint))
    if ask is None:
        return None
    if not rule.columns and type(rule.constraint) not in _OF_THE_WHOLE_ROW:
        return "it names no column; put it on one, in `column(..., rules=[...])`"
    problems = (ask(rule.constraint, name, columns[name]) for name in rule.columns)
    return next((problem for problem in problems if problem), None)


def lenience(rule: Rule, required: Collection[str], sort_by: Sequence[str]) -> str | None:
    """Why `rule` cannot let pass what it lets pass, and what to do; None where it can.

    Args:
        rule: of a dataset.
        required: the columns that are not nullable.
        sort_by: the columns that identify a row.
    """
    is_strict = rule.severity is Severity.ERROR and not rule.tolerance
    if is_strict or rule.quarantine:
        return None
    if isinstance(rule.constraint, NotNull) and rule.columns[0] in required:
        return f"{rule.columns[0]} is not nullable, so no null can be tolerated: make it `nullable=True`, or quarantine"
    if isinstance(rule.constraint, Unique) and set(rule.columns) == set(sort_by):
        return "`sort_by` identifies a row, so no repetition can be tolerated: add a column to it, or quarantine"
    return None


def is_nested(kind: pa.DataType) -> bool:
    """Whether values of the type are made of others."""
    return bool(pa.types.is_nested(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether values of the type are texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _compared(constraint: Constraint, name: str, kind: pa.DataType) -> str | None:
    if problem := _uncomparable(name, kind):
        return problem
    values, is_equality = _values(constraint)
    problems = (_unfit(value, kind, is_equality) for value in values)
    return next((f"{name} is {type_name(kind)}, and {problem}" for problem in problems if problem), None)


def _values(constraint: Constraint) -> tuple[tuple[Any, ...], bool]:
    """What values are compared with, and whether only equality is asked."""
    if isinstance(constraint, IsIn):
        return constraint.values, True
    if isinstance(constraint, InRange):
        return (constraint.min_value, constraint.max_value), False
    assert isinstance(constraint, Compare)
    return (constraint.value,), constraint.operator in ("eq", "ne")


def _uncomparable(name: str, kind: pa.DataType) -> str | None:
    if is_nested(kind):
        return f"{name} is {type_name(kind)}: of lists, structs and maps only `not_null` and `python_rule` can be asked"
    is_known = (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or (pa.types.is_floating(kind) and kind != pa.float16())
        or pa.types.is_decimal128(kind)
        or is_text(kind)
        or pa.types.is_date32(kind)
        or pa.types.is_timestamp(kind)
    )
    return (
        None
        if is_known
        else f"{name} is {type_name(kind)}, whose values are not compared; use `row_rule` or `python_rule`"
    )


def _unfit(value: Any, kind: pa.DataType, is_equality: bool) -> str | None:
    """Why a column of this type cannot be compared with `value`."""
    if value is None:
        return "None is no value: whether nulls are allowed is said by `nullable` and `not_null`"
    if pa.types.is_timestamp(kind):
        if not isinstance(value, datetime):
            return f"{value!r} is no `datetime`; write {_as_time(value, kind)!r}"
        if (value.tzinfo is None) is not (kind.tz is None):
            has, needs = ("no time zone", "one") if value.tzinfo is None else ("a time zone", "none")
            return f"{value!r} has {has} where it needs {needs}"
    if pa.types.is_floating(kind):
        return _unfit_float(value, kind, is_equality)
    if _is_held(value, kind):
        return None
    instead = f"; write {_as_time(value, kind).date()!r}" if pa.types.is_date(kind) else ""
    return f"{value!r} is no value of that type{instead}"


def _as_time(value: Any, kind: pa.DataType) -> datetime:
    """What was meant by a text or a date, or an example where that cannot be told."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = datetime(2024, 1, 1)
    is_utc = pa.types.is_timestamp(kind) and kind.tz is not None
    return moment.replace(tzinfo=UTC if is_utc else None)


def _unfit_float(value: Any, kind: pa.DataType, is_equality: bool) -> str | None:
    """A bound on `float32` may be finer than its values; of equality it would be silently false."""
    if isinstance(value, bool) or not isinstance(value, Integral | float):
        return f"{value!r} is no number"
    if math.isnan(value):
        return "nothing equals NaN or is on one side of it; use `row_rule` with isnan(...)"
    return None if _is_held(value, kind if is_equality else pa.float64()) else f"{value!r} is no value of that type"


def _is_held(value: Any, kind: pa.DataType) -> bool:
    """Whether a column of this type can hold `value`, exactly and as the same kind of value."""
    if isinstance(value, bool) is not pa.types.is_boolean(kind):
        return False
    if pa.types.is_integer(kind) and not isinstance(value, Integral):
        return False
    if pa.types.is_date(kind) and isinstance(value, datetime):
        return False
    try:
        held = pa.scalar(value, kind).as_py()
    except (pa.ArrowException, OverflowError, TypeError, ValueError):  # ValueError: a text that is no UTF-8
        return False
    return bool(held == value)


def _textual(constraint: Constraint, name: str, kind: pa.DataType) -> str | None:
    if not is_text(kind):
        return f"{name} is {type_name(kind)}, and only a `String` has characters"
    if isinstance(constraint, StrLength):
        bounds = [bound for bound in (constraint.min_value, constraint.max_value) if bound is not None]
        is_fit = all(type(bound) is int and bound >= 0 for bound in bounds) and bounds == sorted(bounds)
        return None if is_fit else "its bounds must be whole numbers from 0, the smaller one first"
    assert isinstance(constraint, StrMatches)
    if constraint.mode not in _MODES:
        return f"{constraint.mode!r} is no mode; take one of {', '.join(_MODES)}"
    if not _is_held(constraint.pattern, pa.string()):
        return f"{constraint.pattern!r} is no text; flags are written into the pattern, as in (?i)"
    return _unfit_pattern(constraint.pattern) if constraint.mode in ("matches", "contains") else None


_READ_OTHERWISE = re.compile(r"\{,\d+\}|\[:\^?\w+:\]")
"""What RE2 and Python both accept and mean differently by: at most n times, and a class of characters by name."""


def _unfit_pattern(pattern: str) -> str | None:
    r"""Texts are matched by RE2 in pandera (Arrow) and in DuckDB; a pattern must be one to it and to Python.

    So `\d`, `\w`, `\s` and `\b` know ASCII only, and `$` is the very end, not also before a last line break.
    """
    instead = "write it otherwise, or use `python_rule` with `re`"
    if found := _READ_OTHERWISE.search(pattern):
        return f"{found[0]} means one thing to Python and another to RE2, which matches texts here; {instead}"
    try:
        with warnings.catch_warnings(action="error", category=FutureWarning):
            re.compile(pattern)
        pa.compute.match_substring_regex(pa.array([""]), f"^({pattern})")
    except (re.error, FutureWarning) as error:
        return f"{pattern!r} is no regular expression to Python: {error}"
    except pa.ArrowInvalid as error:
        return (
            f"{pattern!r} cannot be matched by RE2, which has no look-around and no backreferences ({error}); {instead}"
        )
    return None


def _countable(constraint: Constraint, name: str, kind: pa.DataType) -> str | None:
    del constraint
    return (
        f"{name} is {type_name(kind)}: lists, structs and maps identify nothing; leave it out"
        if is_nested(kind)
        else None
    )


def _anything(constraint: Constraint, name: str, kind: pa.DataType) -> None:
    del constraint, name, kind


_OF_THE_WHOLE_ROW = (RowExpression, PythonCheck)

_QUESTIONS: Mapping[type[Constraint], Callable[[Any, str, pa.DataType], str | None]] = {
    NotNull: _anything,
    Compare: _compared,
    InRange: _compared,
    IsIn: _compared,
    StrMatches: _textual,
    StrLength: _textual,
    Unique: _countable,
    References: _countable,
    RowExpression: _anything,
    PythonCheck: _anything,
}
