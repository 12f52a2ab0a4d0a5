"""Which kinds of columns there are for a profile, and what DuckDB gathers of each in one scan."""

from datetime import date, datetime, time
from enum import StrEnum

import pyarrow as pa

TEXT_LENGTH = 64
"""Of a text, the least and the greatest keep so many characters, and so do categories."""

_SAFE_DIGITS = 28
"""Sums of decimals of more digits could overflow DuckDB's 128 bits within ten billion rows."""

_DISTINCT = "approx_count_distinct({c}) EXPORT_STATE"
_FINITE = "CASE WHEN isfinite({c}) THEN {c} END"  # cheaper than a filter
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
        "quantiles": "{c}",
    },
    Kind.DECIMAL: {
        **_ENDS,
        "moments": "stddev_samp({c}::DOUBLE) EXPORT_STATE",
        "approx_distinct": _DISTINCT,
        "quantiles": "{c}::DOUBLE",
    },
    Kind.REAL: {
        "nan": "count_if(isnan({c}))",
        "least": "min({c})",  # to DuckDB, NaN is the greatest
        "greatest": "max(nullif({c}, 'nan'))",
        "moments": f"stddev_samp({_FINITE}) EXPORT_STATE",
        "approx_distinct": _DISTINCT,
        "quantiles": _FINITE,
    },
    Kind.TEXT: {
        "least": f"left(min({{c}}), {TEXT_LENGTH})",
        "greatest": f"left(max({{c}}), {TEXT_LENGTH})",
        "approx_distinct": _DISTINCT,
    },
    Kind.TRUTH: {"trues": "count_if({c})"},
    Kind.TIME: {**_ENDS, "approx_distinct": _DISTINCT, "quantiles": "{c}"},
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


def parts_of(type_: pa.DataType, quoted: str, sampled: str | None = None) -> dict[str, str]:
    """What is gathered of a column besides its count: the part's name to its aggregate in SQL.

    Args:
        type_: the column's.
        quoted: the column's name as SQL has it.
        sampled: in SQL, whether a row belongs to those of which quantiles are sketched; all do by default.
    """
    kind = kind_of(type_)
    name = f"{quoted}::VARCHAR" if kind is Kind.TEXT and pa.types.is_dictionary(type_) else quoted
    parts = dict(_PARTS[kind])
    if kind is Kind.TIME and getattr(type_, "unit", None) == "ns":  # which DuckDB's sketch does not know
        parts["quantiles"] = f"{{c}}::{_microseconds_sql(type_)}"
    if kind is Kind.WHOLE or (kind is Kind.DECIMAL and type_.precision <= _SAFE_DIGITS):
        parts.update(_TOTAL)
    if values := parts.get("quantiles"):
        of_these = f"CASE WHEN {sampled} THEN {values} END" if sampled else values
        parts["quantiles"] = f"approx_quantile({of_these}, 0.5) EXPORT_STATE"  # the state is of all quantiles
    return {part: sql.format(c=name) for part, sql in parts.items()}


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
