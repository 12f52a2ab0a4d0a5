"""The first rows of a table as a small Markdown table, for people who look at an event."""

import re
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 12
PREVIEW_LENGTH = 950
"""Dagster's UI shows Markdown of less than 1,000 characters at once, and longer one at a click."""

_CELL_LENGTH = 28
_SHOWN_BYTES = 8

_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""An underscore that is not within a word."""

_EPOCH = datetime(1970, 1, 1)
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

_LITERAL = str.maketrans(
    {chr(code): "\N{REPLACEMENT CHARACTER}" for code in range(32)}
    | {"\n": "⏎", "\r": " ", "\t": " ", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
    | {character: f"\\{character}" for character in "\\`*[]|~$"}
)
"""What a character would otherwise be to Markdown, or to a table's one line."""


def preview(table: pa.Table) -> str:
    """The first rows of `table` in Markdown, with as many of its columns as fit; equal for equal rows."""
    shown = table.select(range(min(PREVIEW_COLUMNS, table.num_columns))).slice(0, PREVIEW_ROWS)
    columns: list[tuple[str, ...]] = []
    room = PREVIEW_LENGTH
    for name, column in zip(shown.column_names, shown.columns, strict=True):
        cells = (literal(name), "-", *map(cell, _values(column)))
        room -= sum(map(len, cells)) + len(cells)
        if room < 0 and columns:
            break
        columns.append(cells)
    lines = "\n".join(f"|{'|'.join(cells)}|" for cells in zip(*columns, strict=True))
    hidden = table.num_columns - len(columns)
    return f"{lines}\n\n{hidden} more columns" if hidden else lines


def _values(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column as Python's; an instant as text in UTC, a tenth of what a datetime with a zone takes."""
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    ending, per_second = "Z" if column.type.tz else "", _PER_SECOND[column.type.unit]
    ticks = [tick for chunk in column.chunks for tick in chunk.view(pa.int64()).to_pylist()]
    return [None if tick is None else _instant(tick, per_second) + ending for tick in ticks]


def _instant(tick: int, per_second: int) -> str:
    try:
        return str(_EPOCH + timedelta(seconds=tick // per_second, microseconds=tick % per_second * 10**6 // per_second))
    except OverflowError:  # beyond the years that Python counts
        return f"{tick}/{per_second} s"


def cell(value: Any) -> str:
    """One value as a table shows it, cut where it is long; no value looks like a missing one."""
    if value is None:
        return "*null*"
    text = _text(value)
    return literal(text if len(text) <= _CELL_LENGTH else text[: _CELL_LENGTH - 1] + "…")


def literal(text: str) -> str:
    """A text of one line in which nothing is markup."""
    if text.isalnum():
        return text
    text = text.translate(_LITERAL)
    return _EMPHASIS.sub(r"\\_", text) if "_" in text else text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.10g}" if value == value else "NaN"
    if isinstance(value, bytes):
        return f"0x{value[:_SHOWN_BYTES].hex()}" + ("…" if len(value) > _SHOWN_BYTES else "")
    return str(value)
