"""Which kinds of columns there are for a profile, and what DuckDB gathers of each in one scan."""

from collections.abc import Sequence
from datetime import date, datetime, time
from enum import StrEnum

import pyarrow as pa

from flow_assets.checks.literals import text

TEXT_LENGTH = 64
"""Of a text, the least and the greatest keep so many characters, and so do categories."""

_COUNTED_APART = 16
"""Expected values of a column up to which counting each by itself is cheaper than a histogram."""

_SAFE_DIGITS = 28
"""Sums of decimals of more digits could overflow DuckDB's 128 bits within ten billion rows."""

_QUANTILES = "approx_quantile({c}, 0.5)"  # of which quantile does not matter to the state
_DISTINCT = "approx_count_distinct({c}) EXPORT_STATE"
_FINITE = "FILTER (isfinite({c}))"
_ENDS = {"least": "min({c})", "greatest": "max({c})"}
_TOTAL = {"total": "sum({c})"}


class Kind(StrEnum):
    """What can be said of a column's values besides how many there are."""

    WHOLE = "whole"
    DECIMAL = "decimal"
    REAL = "real"
    TEXT = "text"
    TRUTH = "truth"
    TIME = "time"
    OTHER = "other"


_PARTS: dict[Kind, dict[str, str]] = {
    Kind.WHOLE: {
        **_ENDS,
        "moments": "stddev_samp({c}) EXPORT_STATE",
        "approx_distinct": _DISTINCT,
        "quantiles": f"{_QUANTILES} EXPORT_STATE",
    },
    Kind.DECIMAL: {
        **_ENDS,
        "moments": "stddev_samp({c}::DOUBLE) EXPORT_STATE",
        "approx_distinct": _DISTINCT,
        "quantiles": "approx_quantile({c}::DOUBLE, 0.5) EXPORT_STATE",
    },
    Kind.REAL: {
        "nan": "count_if(isnan({c}))",
        "least": "min({c})",  # to DuckDB, NaN is the greatest
        "greatest": "max({c}) FILTER (NOT isnan({c}))",
        "moments": f"stddev_samp({{c}}) {_FINITE} EXPORT_STATE",
        "approx_distinct": _DISTINCT,
        "quantiles": f"{_QUANTILES} {_FINITE} EXPORT_STATE",
    },
    Kind.TEXT: {
        "least": f"left(min({{c}}), {TEXT_LENGTH})",
        "greatest": f"left(max({{c}}), {TEXT_LENGTH})",
        "approx_distinct": _DISTINCT,
    },
    Kind.TRUTH: {"trues": "count_if({c})"},
    Kind.TIME: {**_ENDS, "approx_distinct": _DISTINCT, "quantiles": f"{_QUANTILES} EXPORT_STATE"},
    Kind.OTHER: {},
}

_IS_KIND = (
    (pa.types.is_boolean, Kind.TRUTH),
    (pa.types.is_integer, Kind.WHOLE),
    (pa.types.is_decimal, Kind.DECIMAL),
    (pa.types.is_floating, Kind.REAL),
    (pa.types.is_string, Kind.TEXT),
    (pa.types.is_large_string, Kind.TEXT),
    (pa.types.is_string_view, Kind.TEXT),
    (pa.types.is_date, Kind.TIME),
    (pa.types.is_time, Kind.TIME),
    (pa.types.is_timestamp, Kind.TIME),
)


def kind_of(type_: pa.DataType) -> Kind:
    """The kind of a column of an Arrow type; nested, binary and all other types are of no kind of their own."""
    plain = plain_type(type_)
    return next((kind for is_kind, kind in _IS_KIND if is_kind(plain)), Kind.OTHER)


def plain_type(type_: pa.DataType) -> pa.DataType:
    """The type of the values themselves, where they are kept in a dictionary."""
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def parts_of(type_: pa.DataType, quoted: str) -> dict[str, str]:
    """What is gathered of a column besides its count: the part's name to its aggregate in SQL.

    Args:
        type_: the column's.
        quoted: the column's name as SQL has it.
    """
    kind = kind_of(type_)
    name = f"{quoted}::VARCHAR" if kind is Kind.TEXT and pa.types.is_dictionary(type_) else quoted
    parts = dict(_PARTS[kind])
    if kind is Kind.TIME and getattr(type_, "unit", None) == "ns":  # which DuckDB's sketch does not know
        parts["quantiles"] = f"approx_quantile({{c}}::{_microseconds_sql(type_)}, 0.5) EXPORT_STATE"
    if kind is Kind.WHOLE or (kind is Kind.DECIMAL and type_.precision <= _SAFE_DIGITS):
        parts.update(_TOTAL)
    return {part: sql.format(c=name) for part, sql in parts.items()}


def categories_of(type_: pa.DataType, quoted: str, expected: Sequence[str]) -> str:
    """SQL for how often each value of a column occurs, as a map; an expected one may be there with 0.

    A histogram costs as much as twenty comparisons, so that only texts that are not expected come into it.

    Args:
        type_: the column's.
        quoted: the column's name as SQL has it.
        expected: texts which most of its values are.
    """
    if kind_of(type_) is not Kind.TEXT or pa.types.is_dictionary(type_):
        return f"histogram(left({quoted}::VARCHAR, {TEXT_LENGTH}))"
    cut = f"CASE WHEN strlen({quoted}) > {TEXT_LENGTH} THEN left({quoted}, {TEXT_LENGTH}) ELSE {quoted} END"
    short = [text(value) for value in expected if len(value) < TEXT_LENGTH]
    if not short or len(short) > _COUNTED_APART:
        return f"histogram({cut})"
    counts = ", ".join(f"{value}: count_if({quoted} = {value})::UBIGINT" for value in short)
    others = f"{quoted} NOT IN (SELECT unnest([{', '.join(short)}]))"
    return f"map_concat(MAP {{{counts}}}, histogram({cut}) FILTER (WHERE {others}))"


def quantile_type(type_: pa.DataType) -> pa.DataType:
    """The type whose units the quantiles of a column of times are counted in."""
    if pa.types.is_date(type_):
        return pa.date32()
    return pa.time64("us") if pa.types.is_time(type_) else pa.timestamp("us", type_.tz)


def time_value(number: int, type_: pa.DataType) -> date | datetime | time | str:
    """The time that is `number` units of `type_`, to the microsecond; a text where Python has no such time."""
    if getattr(type_, "unit", None) == "ns":
        number, type_ = number // 1000, quantile_type(type_)
    is_short = pa.types.is_date32(type_) or pa.types.is_time32(type_)
    scalar = pa.scalar(number, pa.int32() if is_short else pa.int64()).cast(type_)
    try:
        value: date | datetime | time = scalar.as_py()
    except (OverflowError, ValueError):
        return f"{number} as {type_}"
    return value


def _microseconds_sql(type_: pa.DataType) -> str:
    if pa.types.is_time(type_):
        return "TIME"
    return "TIMESTAMPTZ" if type_.tz else "TIMESTAMP"
