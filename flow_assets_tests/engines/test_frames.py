from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flow_assets.declaration import Frame
from flow_assets.engines import FrameLoader, arrow_of
from flow_assets.errors import ComputeError

SCHEMA = pa.schema(
    [
        pa.field("number", pa.int64()),
        pa.field("small", pa.int16()),
        pa.field("text", pa.string(), nullable=False),
        pa.field("at", pa.timestamp("us", "UTC")),
        pa.field("day", pa.date32()),
        pa.field("is_on", pa.bool_()),
        pa.field("ratio", pa.float64()),
    ]
)
ROWS = [
    {
        "number": 2**53 + 1,
        "small": 7,
        "text": "ä",
        "at": datetime(2024, 3, 1, 12, tzinfo=UTC),
        "day": date(2024, 3, 1),
        "is_on": True,
        "ratio": 0.1,
    },
    {"number": None, "small": None, "text": "", "at": None, "day": None, "is_on": None, "ratio": None},
    {"number": -(2**63), "small": -1, "text": "b", "at": None, "day": None, "is_on": False, "ratio": float("inf")},
]
TABLE = pa.Table.from_pylist(ROWS, schema=SCHEMA)


@pytest.fixture
def loader() -> Iterator[FrameLoader]:
    with duckdb.connect() as connection:
        yield FrameLoader(connection)


def write(folder: Path, *tables: pa.Table) -> list[Path]:
    paths = [folder / f"{number}.parquet" for number in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        pq.write_table(table, path)
    return paths


def rows_of(frame: Any) -> list[dict[str, Any]]:
    return arrow_of(frame, "d").select(SCHEMA.names).cast(SCHEMA).to_pylist()


@pytest.mark.parametrize("kind", Frame)
def test_each_kind_of_frame_keeps_values_and_nulls_exact(loader: FrameLoader, tmp_path: Path, kind: Frame) -> None:
    paths = write(tmp_path, TABLE.slice(0, 1), TABLE.slice(1))
    assert rows_of(loader.load_files(kind, paths, SCHEMA)) == ROWS
    assert rows_of(loader.load_table(kind, TABLE)) == ROWS


@pytest.mark.parametrize("kind", Frame)
def test_no_files_are_an_empty_frame_with_all_columns(loader: FrameLoader, kind: Frame) -> None:
    frame = loader.load_files(kind, [], SCHEMA)
    assert arrow_of(frame, "d").column_names == SCHEMA.names
    assert rows_of(frame) == []


@pytest.mark.parametrize("kind", Frame)
@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0,), (0, 0)])
def test_files_older_than_the_schema_lack_columns(
    loader: FrameLoader, tmp_path: Path, kind: Frame, order: tuple[int, ...]
) -> None:
    old = TABLE.slice(0, 1).drop_columns(["ratio"]).append_column("dropped", pa.array([1]))
    paths = write(tmp_path, old, TABLE.slice(2))
    frame = loader.load_files(kind, [paths[n] for n in order], SCHEMA)
    assert arrow_of(frame, "d").column_names == SCHEMA.names
    assert rows_of(frame) == [({**ROWS[0], "ratio": None}, ROWS[2])[n] for n in order]


def test_a_duckdb_relation_reads_nothing_until_it_is_used(loader: FrameLoader, tmp_path: Path) -> None:
    (path,) = write(tmp_path, TABLE)
    relation = loader.load_files(Frame.DUCKDB, [path], SCHEMA)
    pq.write_table(TABLE.slice(0, 1), path)
    assert len(arrow_of(relation, "d")) == 1


def test_pandas_frames_keep_arrow_types(loader: FrameLoader) -> None:
    frame = loader.load_table(Frame.PANDAS, TABLE)
    assert {str(kind) for kind in frame.dtypes[["number", "small"]]} == {"int64[pyarrow]", "int16[pyarrow]"}
    assert (frame["number"] + 1).tolist()[0] == 2**53 + 2


def test_times_are_utc_whatever_the_machine_says(loader: FrameLoader) -> None:
    relation = loader.load_table(Frame.DUCKDB, TABLE)
    assert relation.query("r", 'SELECT hour("at") FROM r LIMIT 1').fetchall() == [(12,)]


@pytest.mark.parametrize("wrong", [None, [1], {"a": [1]}, 1, pd.Series([1]), pa.array([1])])
def test_what_is_no_frame_is_refused(wrong: Any) -> None:
    with pytest.raises(ComputeError, match=f"d: its function returned {type(wrong).__name__}; return one of"):
        arrow_of(wrong, "d")
