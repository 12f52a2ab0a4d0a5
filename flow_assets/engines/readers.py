"""Landed bytes to rows: every column as text (or as the file has it), and the number of the line."""

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from flow_assets.declaration import Landed
from flow_assets.errors import LandedFileError

READER_VERSION = 1
"""Raise it when the same landed bytes would be read to other rows."""

LINE_NUMBER = "line_number"


def read_landed(data: bytes, source: Landed, path: Path, columns: Sequence[str]) -> pa.Table:
    """Parse the bytes of one landed file.

    Args:
        data: the whole file, as it landed.
        source: the declaration it landed for.
        path: where it lies; for messages only.
        columns: the names its header must have, in any order.

    Returns:
        The columns in the order of `columns`, CSV fields as text with `null_values` as null, and `line_number`: int64,
        1 for the first row of data.

    Raises:
        LandedFileError: the file is empty, truncated, not UTF-8, has other columns, or no rows where it must have some.
    """
    if not data:
        raise _problem(path, "is empty")
    parse = _read_parquet if source.format == ".parquet" else _read_csv
    table = parse(_decompress(data, source.format, path), source, path)
    _require_columns(table.column_names, columns, path)
    if not len(table) and not source.allow_empty:
        raise _problem(path, "has a header but no rows (if that may be, declare `landed(..., allow_empty=True)`)")
    lines = pa.array(range(1, len(table) + 1), pa.int64())
    return table.select([c for c in columns if c != LINE_NUMBER]).append_column(LINE_NUMBER, lines)


def _decompress(data: bytes, name: str, path: Path) -> bytes:
    opening: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".bz2": bz2.decompress}
    decompress = opening.get(Path(name).suffix)
    try:
        return decompress(data) if decompress else data
    except (EOFError, ValueError, OSError, zlib.error) as error:
        raise _problem(path, f"cannot be decompressed ({error}); it is truncated or damaged") from error


def _read_csv(data: bytes, source: Landed, path: Path) -> pa.Table:
    _require_utf8(data, path)
    if not data.strip():
        raise _problem(path, "is empty")
    if not data.endswith(b"\n"):
        raise _problem(path, "ends in the middle of a line; it is truncated")
    header = _header(data, path)
    options = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()),
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
        raise _problem(path, f"is no table of comma-separated values ({error})") from error
    _require_closed_quotes(table, data, path)
    return table


def _require_closed_quotes(table: pa.Table, data: bytes, path: Path) -> None:
    """Arrow takes all that follows a quote that is never closed, the last line's end too, for one value."""
    last = table.column(-1)[-1].as_py() if len(table) else None
    is_closed = data.rstrip(b"\r\n").endswith(b'"') and data.count(b'"') % 2 == 0
    if last and last.endswith("\n") and not is_closed:
        raise _problem(path, f"ends within quotes: the one before {last[:20]!r} is never closed; it is truncated")


def _header(data: bytes, path: Path) -> list[str]:
    first_line = data[: data.index(b"\n") + 1]
    try:
        header = pa.csv.read_csv(io.BytesIO(first_line), pa.csv.ReadOptions(use_threads=False)).column_names
    except pa.ArrowInvalid as error:
        raise _problem(path, f"has no readable header ({error})") from error
    if repeated := {c for c in header if header.count(c) > 1}:
        raise _problem(path, f"names column {_list(repeated)} more than once")
    return list(header)


def _require_utf8(data: bytes, path: Path) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _problem(path, f"is not UTF-8: line {line} holds the byte 0x{data[error.start]:02x}") from error


def _read_parquet(data: bytes, source: Landed, path: Path) -> pa.Table:
    try:
        return pa.parquet.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise _problem(path, f"is no readable Parquet file ({error}); it is truncated or damaged") from error


def _require_columns(found: Sequence[str], columns: Sequence[str], path: Path) -> None:
    expected = set(columns) - {LINE_NUMBER}
    if missing := expected - set(found):
        raise _problem(path, f"lacks the column {_list(missing)}; it has {_list(found)}")
    if unknown := set(found) - expected:
        raise _problem(path, f"has the column {_list(unknown)}, which its dataset does not declare")


def _problem(path: Path, what: str) -> LandedFileError:
    return LandedFileError(f"{path} {what}. Land the file again, whole and as its dataset declares it.")


def _list(names: Sequence[str] | set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
