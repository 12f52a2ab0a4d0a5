"""Python values and names as DuckDB's SQL writes them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

_TIMESTAMPS = {"s": "TIMESTAMP_S", "ms": "TIMESTAMP_MS", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}
_INTEGERS = {
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
}


def identifier(name: str) -> str:
    """A column's or a table's name."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text; a null character cannot stand in SQL."""
    quoted = "'" + value.replace("'", "''") + "'"
    return "(" + quoted.replace("\0", "' || chr(0) || '") + ")" if "\0" in value else quoted


def literal(value: Any, kind: pa.DataType) -> str:
    """A value that a column of type `kind` is compared with, typed so that no value of the column is cast.

    But a `float32` is compared as a double, as pandera does: a bound of 0.1 is not one of its values.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return text(value)
    return f"'{_written(value)}'::{_type(kind)}"


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat(" ")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            return _TIMESTAMPS[kind.unit]
        return "TIMESTAMPTZ_NS" if kind.unit == "ns" else "TIMESTAMPTZ"
    if pa.types.is_decimal128(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    return "DATE" if pa.types.is_date32(kind) else _INTEGERS[kind]
