import bz2
import gzip
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flow_assets import landed
from flow_assets.declaration import ColumnDeclaration
from flow_assets.engines import read_landed
from flow_assets.errors import LandedFileError

GOOD = b"meter,note\na,x\nb,\n"
NAMES = ["meter", "note", "line_number"]
COLUMNS = [ColumnDeclaration(name, pa.string(), True, "A column") for name in NAMES]


def read(data: bytes, name: str = "r.csv", **options: Any) -> pa.Table:
    return read_landed(data, landed(name, **options), Path("/in") / name, COLUMNS)


def parquet(**columns: list[str]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "rows"),
    [
        (GOOD, "r.csv", [("a", "x", 1), ("b", None, 2)]),
        (gzip.compress(GOOD), "r.csv.gz", [("a", "x", 1), ("b", None, 2)]),
        (gzip.compress(GOOD[:11]) + gzip.compress(GOOD[11:]), "r.csv.gz", [("a", "x", 1), ("b", None, 2)]),
        (bz2.compress(GOOD), "r.csv.bz2", [("a", "x", 1), ("b", None, 2)]),
        (parquet(note=["x"], meter=["a"]), "r.parquet", [("a", "x", 1)]),
        (b"note,meter\nx,a\n", "r.csv", [("a", "x", 1)]),
        (b"meter,note\r\na,x\r\n", "r.csv", [("a", "x", 1)]),
        (b"\xef\xbb\xbfmeter,note\na,x\n", "r.csv", [("a", "x", 1)]),  # a byte order mark is left out
        (b'meter,note\na,"two\nlines"\nb,"a ""word"""\n', "r.csv", [("a", "two\nlines", 1), ("b", 'a "word"', 2)]),
        (b'meter,note\na,"ends with a line\n"\n', "r.csv", [("a", "ends with a line\n", 1)]),
        (b'meter,note\na,5" pipe\n', "r.csv", [("a", '5" pipe', 1)]),
        ("meter,note\nä,Zürich\n".encode(), "r.csv", [("ä", "Zürich", 1)]),
        (b'meter,note\na,""\nb,NA\n', "r.csv", [("a", "", 1), ("b", "NA", 2)]),
        (b"meter,note\n007,1e3\n", "r.csv", [("007", "1e3", 1)]),
    ],
)
def test_rows_come_as_they_landed(data: bytes, name: str, rows: list[tuple[object, ...]]) -> None:
    table = read(data, name)
    assert table.column_names == NAMES
    assert [tuple(row.values()) for row in table.to_pylist()] == rows
    assert table.schema.field("line_number").type == pa.int64()


def test_a_file_without_rows_may_be_declared_a_delivery() -> None:
    assert read(b"meter,note\n", allow_empty=True).num_rows == 0


def test_only_the_declared_texts_mean_null() -> None:
    assert read(b'meter,note\nNA,-\n"NA",\n', null_values=("NA", "-")).column("meter").to_pylist() == [None, "NA"]
    assert read(b"meter,note\nNA,-\n,\n", null_values=("NA", "-")).column("note").to_pylist() == [None, ""]


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "r.csv", "is empty"),
        (b"\n", "r.csv", "is empty"),
        (
            b"meter,note\n",
            "r.csv",
            "has no rows (if that may be, declare `landed(..., allow_empty=True)`)",
        ),
        (parquet(meter=[], note=[]), "r.parquet", "has no rows"),
        (b"", "r.csv.gz", "is empty"),
        (gzip.compress(b""), "r.csv.gz", "is empty"),
        (b"", "r.parquet", "is empty"),
        (gzip.compress(GOOD)[:-9], "r.csv.gz", "cannot be decompressed"),
        (gzip.compress(GOOD)[:5], "r.csv.gz", "cannot be decompressed"),
        (gzip.compress(GOOD) + b"garbage", "r.csv.gz", "cannot be decompressed"),
        (gzip.compress(GOOD)[:15] + b"\0\0\0" + gzip.compress(GOOD)[18:], "r.csv.gz", "cannot be decompressed"),
        (b"garbage", "r.csv.gz", "cannot be decompressed"),
        (bz2.compress(GOOD)[:-9], "r.csv.bz2", "cannot be decompressed"),
        (b"garbage", "r.csv.bz2", "cannot be decompressed"),
        (GOOD[:-1], "r.csv", "ends in the middle of a line"),
        (b'meter,note\na,"x\nb,y\n', "r.csv", "ends within quotes: the one before 'x"),
        (b"meter,note\na\n", "r.csv", "is no table of comma-separated values"),
        (b"meter,note\na,x,y\n", "r.csv", "is no table of comma-separated values"),
        (b"meter\na\n", "r.csv", "lacks the column `note`; it has `meter`"),
        (b"\nmeter,note\na,x\n", "r.csv", "has no readable header"),
        (b"\xef\xbb\xbf\r\nmeter,note\na,x\n", "r.csv", "has no readable header"),
        (b"meter,watts\na,1\n", "r.csv", "lacks the column `note`; it has `meter`, `watts`"),
        (b"meter;note\na;x\n", "r.csv", "lacks the column `meter`, `note`"),
        (b"meter,note,watts\na,x,1\n", "r.csv", "has the column `watts`, which its dataset does not declare"),
        (b"meter,note,note\na,x,y\n", "r.csv", "names column `note` more than once"),
        (b"meter,note\na,x\nb,caf\xe9\n", "r.csv", "is not UTF-8: line 3 holds the byte 0xe9"),
        ("meter,note\n".encode("utf-16"), "r.csv", "is not UTF-8: line 1 holds the byte 0xff"),
        (parquet(meter=["a"], note=["x"])[:-7], "r.parquet", "is no readable Parquet file"),
        (parquet(meter=["a"], note=["x"])[:40], "r.parquet", "is no readable Parquet file"),
        (b"PAR1" + b"\0" * 60 + b"PAR1", "r.parquet", "is no readable Parquet file"),
        (parquet(meter=["a"]), "r.parquet", "lacks the column `note`"),
        (parquet(meter=["a"], note=["x"], watts=["1"]), "r.parquet", "has the column `watts`"),
    ],
)
def test_a_bad_file_is_told_by_name_problem_and_remedy(data: bytes, name: str, said: str) -> None:
    with pytest.raises(LandedFileError) as error:
        read(data, name)
    assert str(error.value).startswith(f"/in/{name} {said}")
    assert str(error.value).endswith("Land the file again, whole and as its dataset declares it.")


def test_a_csv_file_may_have_another_encoding() -> None:
    assert read("meter,note\nä,€\n".encode("cp1252"), encoding="cp1252")["note"].to_pylist() == ["€"]
    assert read("meter,note\nä,x\n".encode("utf-16"), encoding="utf-16")["meter"].to_pylist() == ["ä"]
    with pytest.raises(LandedFileError, match="is not ascii: line 2 holds the byte 0xc3"):
        read("meter,note\nä,x\n".encode(), encoding="ascii")
