"""Landed bytes to rows: every column as text (or as the file has it), and the number of the line."""

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Sequence
from pathlib import PurePath

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from flow_assets.declaration import ColumnDeclaration, Landed
from flow_assets.declaration.sources import JSON_FORMATS
from flow_assets.engines.json_lines import read_json_lines
from flow_assets.errors import LandedFileError

READER_VERSION = 1
"""Raise it when the same landed bytes would be read to other rows."""

LINE_NUMBER = "line_number"
_BLANK = b" \t\r\xef\xbb\xbf"
"""What leaves a line empty; a byte order mark too."""

Place = str | PurePath
"""Where a file lies; for messages only."""


def read_landed(data: bytes, source: Landed, place: Place, columns: Sequence[ColumnDeclaration]) -> pa.Table:
    """Parse the bytes of one landed file.

    Args:
        data: the whole file, as it landed.
        source: the declaration it landed for.
        place: where it lies.
        columns: the columns it must have, in any order.

    Returns:
        The columns in the order of `columns`, CSV fields as text with `null_values` as null, JSON values as text too,
        and `line_number`: int64, 1 for the first row of data.

    Raises:
        LandedFileError: the file is empty, truncated, not UTF-8, has other columns, or no rows where it must have some.
    """
    if not data and not (source.allow_empty and source.format in (".jsonl", ".ndjson")):
        raise _problem(place, "is empty")
    declared = [c for c in columns if c.name != LINE_NUMBER]
    names = [c.name for c in declared]
    content = _decompress(data, source.format, place)
    if source.format in JSON_FORMATS:
        table = _read_json(content, declared, place)
    elif source.format == ".parquet":
        table = _read_parquet(content, place)
    else:
        table = _read_csv(content, source, names, place)
    _require_columns(table.column_names, names, place)
    if not len(table) and not source.allow_empty:
        raise _problem(place, "has no rows (if that may be, declare `landed(..., allow_empty=True)`)")
    lines = pa.array(range(1, len(table) + 1), pa.int64())
    return table.select(names).append_column(LINE_NUMBER, lines)


def _decompress(data: bytes, name: str, place: Place) -> bytes:
    opening: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".bz2": bz2.decompress}
    decompress = opening.get(PurePath(name).suffix)
    try:
        return decompress(data) if decompress else data
    except (EOFError, ValueError, OSError, zlib.error) as error:
        raise _problem(place, f"cannot be decompressed ({error}); it is truncated or damaged") from error


def _read_json(data: bytes, columns: Sequence[ColumnDeclaration], place: Place) -> pa.Table:
    text = _text(data, "utf-8", place)
    try:
        return read_json_lines(text, columns)
    except LandedFileError as error:
        raise _problem(place, str(error)) from error


def _read_csv(data: bytes, source: Landed, names: Sequence[str], place: Place) -> pa.Table:
    """The columns `names` as text; what else the file has is not as it was written, for it is refused."""
    text = _text(data, source.encoding, place)
    if not text.strip():
        raise _problem(place, "is empty")
    data = data if source.encoding == "utf-8" else text.encode()
    if not data[: data.index(b"\n")].strip(_BLANK):
        raise _problem(place, "has no readable header (its first line is empty)")
    options = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=list(source.null_values),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    try:
        table = pa.csv.read_csv(
            io.BytesIO(data), pa.csv.ReadOptions(use_threads=False), parse_options=parsing, convert_options=options
        )
    except pa.ArrowInvalid as error:
        raise _problem(place, f"is no table of comma-separated values ({error})") from error
    if repeated := {c for c in table.column_names if table.column_names.count(c) > 1}:
        raise _problem(place, f"names column {_list(repeated)} more than once")
    _require_closed_quotes(table, data, place)
    return table


def _require_closed_quotes(table: pa.Table, data: bytes, place: Place) -> None:
    """Arrow takes all that follows a quote that is never closed, the last line's end too, for one value."""
    last = table.column(-1)[-1].as_py() if len(table) else None
    is_closed = data.rstrip(b"\r\n").endswith(b'"') and data.count(b'"') % 2 == 0
    if isinstance(last, str) and last.endswith("\n") and not is_closed:
        raise _problem(place, f"ends within quotes: the one before {last[:20]!r} is never closed; it is truncated")


def _text(data: bytes, encoding: str, place: Place) -> str:
    """The text of whole lines."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = "UTF-8" if encoding == "utf-8" else encoding
        raise _problem(place, f"is not {name}: line {line} holds the byte 0x{data[error.start]:02x}") from error
    if text and not text.endswith("\n"):
        raise _problem(place, "ends in the middle of a line; it is truncated")
    return text


def _read_parquet(data: bytes, place: Place) -> pa.Table:
    try:
        return pa.parquet.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise _problem(place, f"is no readable Parquet file ({error}); it is truncated or damaged") from error


def _require_columns(found: Sequence[str], columns: Sequence[str], place: Place) -> None:
    expected = set(columns)
    if missing := expected - set(found):
        raise _problem(place, f"lacks the column {_list(missing)}; it has {_list(found)}")
    if unknown := set(found) - expected:
        raise _problem(place, f"has the column {_list(unknown)}, which its dataset does not declare")


def _problem(place: Place, what: str) -> LandedFileError:
    return LandedFileError(f"{place} {what}. Land the file again, whole and as its dataset declares it.")


def _list(names: Sequence[str] | set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
