"""A partition's rows come back from its files, whole and by bucket."""

import datetime as dt
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.declaration import hash_buckets
from flow_assets.errors import LostObjectError, StoreError
from flow_assets.lake import EncodedFile, PartitionFile, bucket_numbers, encode_partition, read_bucket
from flow_assets.lake.layout import ROW_GROUP_ROWS
from flow_assets.lake.objects import ObjectStore

BUCKETS = hash_buckets("tail_number", 8)
SCHEMA = pa.schema(
    [
        pa.field("n", pa.int64(), nullable=False),
        pa.field("tail_number", pa.string()),
        pa.field("at_utc", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("delay_minutes", pa.int32()),
        pa.field("share", pa.float64()),
        pa.field("is_late", pa.bool_()),
        pa.field("day", pa.date32(), nullable=False),
    ]
)


def flights(rows: int) -> pa.Table:
    n = np.arange(rows)
    start = dt.datetime(2013, 5, 5, tzinfo=dt.UTC)
    return pa.table(
        [
            n,
            pa.array([None if k % 7 == 3 else f"N{k * 37 % 41}" for k in n.tolist()], pa.string()),
            pa.array([start + dt.timedelta(seconds=k) for k in n.tolist()], pa.timestamp("us", "UTC")),
            pa.array((n * 31 % 200 - 20).astype("i4"), mask=n % 11 == 0),
            pa.array(n / 3, mask=n % 5 == 0),
            pa.array(n % 2 == 0, mask=n % 13 == 0),
            pa.array([start.date()] * rows, pa.date32()),
        ],
        schema=SCHEMA,
    )


def written(folder: Path, encoded: tuple[EncodedFile, ...]) -> list[tuple[Path, PartitionFile]]:
    store = ObjectStore(folder)
    blobs = [store.put_blob(file.data) for file in encoded]
    return [
        (store.local_path(blob.hash), PartitionFile(blob.hash, blob.size, file.rows, file.buckets))
        for blob, file in zip(blobs, encoded, strict=True)
    ]


def by_bucket(table: pa.Table) -> pa.Table:
    return table.take(np.argsort(bucket_numbers(table["tail_number"], BUCKETS), kind="stable"))


@pytest.mark.parametrize("rows", [0, 1, 2, 900, 5000])
@pytest.mark.parametrize("buckets", [None, BUCKETS], ids=["whole", "buckets"])
def test_rows_come_back_through_pyarrow_and_duckdb(tmp_path: Path, rows: int, buckets: object) -> None:
    table = flights(rows)
    ((path, file),) = written(tmp_path, encode_partition(table, BUCKETS if buckets else None))
    expected = by_bucket(table) if buckets else table
    assert file.rows == rows
    assert pq.read_table(path) == expected
    assert pq.read_schema(path) == SCHEMA
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        relation = connection.read_parquet(str(path))
        assert dict(zip(relation.columns, map(str, relation.types), strict=True)) == {
            "n": "BIGINT",
            "tail_number": "VARCHAR",
            "at_utc": "TIMESTAMP WITH TIME ZONE",
            "delay_minutes": "INTEGER",
            "share": "DOUBLE",
            "is_late": "BOOLEAN",
            "day": "DATE",
        }
        assert relation.to_arrow_table().cast(SCHEMA) == expected


@pytest.mark.parametrize("rows", [0, 1, 900])
def test_row_groups_end_at_the_borders_of_buckets(tmp_path: Path, rows: int) -> None:
    table = flights(rows)
    ((path, file),) = written(tmp_path, encode_partition(table, BUCKETS))
    metadata = pq.read_metadata(path)
    assert [s.row_group for s in file.buckets] == list(range(len(file.buckets)))
    assert sum(s.rows for s in file.buckets) == rows
    assert [s.bucket for s in file.buckets] == sorted({*bucket_numbers(table["tail_number"], BUCKETS).tolist()})
    for span in file.buckets:
        assert metadata.row_group(span.row_group).num_rows == span.rows


@pytest.mark.parametrize("bucket", range(9))
def test_a_bucket_holds_its_rows_in_their_order(tmp_path: Path, bucket: int) -> None:
    table = flights(900)
    files = written(tmp_path, encode_partition(table, BUCKETS))
    expected = table.filter(pa.array(bucket_numbers(table["tail_number"], BUCKETS) == bucket))
    assert expected.num_rows > 0
    assert read_bucket(files, bucket) == expected
    assert read_bucket(files, bucket, ["delay_minutes", "n"]) == expected.select(["delay_minutes", "n"])


def test_reading_a_bucket_touches_no_other(tmp_path: Path) -> None:
    table = flights(900)
    ((path, file),) = written(tmp_path, encode_partition(table, BUCKETS))
    wanted = file.buckets[4]
    expected = read_bucket([(path, file)], wanted.bucket)
    data = bytearray(path.read_bytes())
    metadata = pq.read_metadata(path)
    start, end = _extent(metadata, wanted.row_group)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    data[4:start] = b"\xff" * (start - 4)
    data[end:footer] = b"\xff" * (footer - end)
    path.write_bytes(data)
    assert read_bucket([(path, file)], wanted.bucket) == expected
    with pytest.raises(LostObjectError, match=f"{file.hash}.*will be recomputed"):
        read_bucket([(path, file)], file.buckets[5].bucket)


def _extent(metadata: pq.FileMetaData, row_group: int) -> tuple[int, int]:
    chunks = [metadata.row_group(row_group).column(c) for c in range(metadata.num_columns)]
    starts = [c.dictionary_page_offset or c.data_page_offset for c in chunks]
    return min(starts), max(s + c.total_compressed_size for s, c in zip(starts, chunks, strict=True))


def test_buckets_of_several_partitions_are_read_in_order(tmp_path: Path) -> None:
    days = [flights(300), flights(0), flights(200)]
    files = [entry for day in days for entry in written(tmp_path, encode_partition(day, BUCKETS))]
    parts = [day.filter(pa.array(bucket_numbers(day["tail_number"], BUCKETS) == 8)) for day in days]
    assert read_bucket(files, 8) == pa.concat_tables(parts)


def test_a_bucket_that_no_file_holds_is_empty_with_the_schema(tmp_path: Path) -> None:
    files = written(tmp_path, encode_partition(flights(0), BUCKETS))
    assert read_bucket(files, 3) == SCHEMA.empty_table()
    assert read_bucket(files, 3, ["n"]).schema == pa.schema([SCHEMA.field("n")])


def test_a_large_bucket_has_a_file_of_its_own(tmp_path: Path) -> None:
    usual, large = flights(400), flights(3000)
    large = large.set_column(1, SCHEMA.field(1), pa.array(["N14228"] * 3000))
    table = pa.concat_tables([usual, large])
    encoded = encode_partition(table, BUCKETS, bucket_file_bytes=50_000)
    assert [sorted({s.bucket for s in file.buckets}) for file in encoded] == [[1, 2, 3, 4, 5, 6, 7, 8], [0]]
    files = written(tmp_path, encoded)
    for bucket in range(9):
        expected = table.filter(pa.array(bucket_numbers(table["tail_number"], BUCKETS) == bucket))
        assert read_bucket(files, bucket) == expected
    # Nothing but large buckets: no file for the others.
    assert len(encode_partition(large, BUCKETS, bucket_file_bytes=50_000)) == 1


def test_a_large_bucket_is_divided_into_row_groups(tmp_path: Path) -> None:
    rows = ROW_GROUP_ROWS + 10
    table = pa.table({"n": np.arange(rows), "tail_number": pa.array(["N14228"] * rows)})
    (file,) = encode_partition(table, BUCKETS, bucket_file_bytes=1000)
    assert [(s.bucket, s.row_group, s.rows) for s in file.buckets] == [(0, 0, ROW_GROUP_ROWS), (0, 1, 10)]
    assert read_bucket(written(tmp_path, (file,)), 0) == table
    (whole,) = encode_partition(table, None)
    assert whole.buckets == ()
    assert pq.read_metadata(pa.BufferReader(whole.data)).num_row_groups == 2


@given(st.lists(st.integers(0, 900), max_size=4).map(sorted))
def test_equal_tables_give_equal_bytes(cuts: list[int]) -> None:
    table = flights(900)
    bounds = [0, *cuts, 900]
    pieces = [table.slice(a, b - a) for a, b in pairwise(bounds)]
    other = pa.concat_tables(pieces).replace_schema_metadata({"pandas": "{}"})
    for buckets in (None, BUCKETS):
        assert encode_partition(other, buckets) == encode_partition(table, buckets)


def test_nullability_is_kept_and_enforced() -> None:
    (file,) = encode_partition(flights(10), None)
    parquet = pq.ParquetFile(pa.BufferReader(file.data)).schema
    assert [parquet.column(c).max_definition_level for c in range(len(SCHEMA))] == [0, 1, 0, 1, 1, 1, 0]


def test_keys_that_are_all_null_lie_in_the_last_bucket() -> None:
    table = flights(5).set_column(1, SCHEMA.field(1), pa.nulls(5, pa.string()))
    (file,) = encode_partition(table, BUCKETS)
    assert [(s.bucket, s.rows) for s in file.buckets] == [(8, 5)]


def test_missing_and_truncated_files_are_lost(tmp_path: Path) -> None:
    ((path, file),) = written(tmp_path, encode_partition(flights(100), BUCKETS))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LostObjectError, match="will be recomputed"):
        read_bucket([(path, file)], 0)
    path.unlink()
    with pytest.raises(LostObjectError, match="will be recomputed"):
        read_bucket([(path, file)], 0)
    with pytest.raises(StoreError, match="at least one file"):
        read_bucket([], 0)


def test_types_that_parquet_lacks_come_back() -> None:
    table = pa.table(
        {"took": pa.array([1, None], pa.duration("us")), "at": pa.array([1, 2], pa.timestamp("us", "Asia/Tokyo"))}
    )
    (file,) = encode_partition(table, None)
    assert pq.read_table(pa.BufferReader(file.data)) == table
