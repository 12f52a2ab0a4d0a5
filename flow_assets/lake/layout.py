"""How the rows of a partition lie in files: sorted by bucket, row groups ending at the buckets' borders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flow_assets.declaration import Buckets
from flow_assets.errors import LostObjectError, StoreError
from flow_assets.lake.buckets import bucket_numbers
from flow_assets.lake.records import BucketSpan, PartitionFile

ROW_GROUP_ROWS = 122_880
"""Most rows of a row group: DuckDB's own choice, because it reads row groups in parallel."""

_TINY_ROW_GROUP_ROWS = 500


@dataclass(frozen=True)
class EncodedFile:
    """A Parquet file in memory, and where its buckets lie."""

    data: bytes
    rows: int
    buckets: tuple[BucketSpan, ...]


@dataclass(frozen=True)
class _Slice:
    """Consecutive rows of the ordered table that become one row group."""

    bucket: int
    start: int
    rows: int


def encode_partition(
    table: pa.Table, buckets: Buckets | None, *, bucket_file_bytes: int = 128 << 20
) -> tuple[EncodedFile, ...]:
    """Write a partition's rows as Parquet: one file, and one more for each bucket that is large.

    Args:
        table: the rows, cast to the dataset's schema and sorted by its `sort_by`.
        buckets: how rows are divided; their order within a bucket stays.
        bucket_file_bytes: a bucket whose Arrow size exceeds this gets files of its own.

    Returns:
        At least one file; equal tables give equal bytes.
    """
    table = _canonical(table)
    if buckets is None:
        return (_encode(table, list(_row_groups(0, 0, table.num_rows)), bucketed=False),)
    numbers = bucket_numbers(table.column(buckets.column), buckets)
    table = table.take(np.argsort(numbers, kind="stable"))
    counts = np.bincount(numbers, minlength=buckets.count + 1).tolist()
    small: list[_Slice] = []
    files: list[EncodedFile] = []
    start = 0
    may_be_large = table.nbytes > bucket_file_bytes
    for bucket, rows in enumerate(counts):
        slices = list(_row_groups(bucket, start, rows))
        if may_be_large and table.slice(start, rows).nbytes > bucket_file_bytes:
            files.append(_encode(table, slices, bucketed=True))
        else:
            small.extend(slices)
        start += rows
    if small or not files:
        files.insert(0, _encode(table, small, bucketed=True))
    return tuple(files)


def read_bucket(
    paths_and_files: Sequence[tuple[Path, PartitionFile]], bucket: int, columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows of one bucket, in order, reading only the row groups that hold them.

    Args:
        paths_and_files: the files of one partition or of several of the same schema, in order.
        bucket: number of the bucket; `null_bucket` for rows whose key is null.
        columns: columns to read; all by default.

    Raises:
        LostObjectError: a file is missing or damaged.
        StoreError: no file is given.
    """
    if not paths_and_files:
        raise StoreError("read_bucket: give at least one file; a partition without rows has one too.")
    wanted = list(columns) if columns is not None else None
    holding = [(path, file) for path, file in paths_and_files if any(s.bucket == bucket for s in file.buckets)]
    return pa.concat_tables([_read(path, file, bucket, wanted) for path, file in holding or paths_and_files[:1]])


def _read(path: Path, file: PartitionFile, bucket: int, columns: list[str] | None) -> pa.Table:
    row_groups = [span.row_group for span in file.buckets if span.bucket == bucket]
    try:
        with pq.ParquetFile(path) as parquet:
            return parquet.read_row_groups(row_groups, columns=columns, use_threads=file.rows > ROW_GROUP_ROWS)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise LostObjectError(f"{path}: cannot be read ({reason}); its partition will be recomputed.") from error


def _canonical(table: pa.Table) -> pa.Table:
    # Metadata and the division into chunks are no part of a table's equality, but would be part of the bytes.
    fields = [pa.field(f.name, f.type, f.nullable) for f in table.schema]
    return pa.table([c.combine_chunks() for c in table.columns], schema=pa.schema(fields))


def _row_groups(bucket: int, start: int, rows: int) -> Iterator[_Slice]:
    for offset in range(0, rows, ROW_GROUP_ROWS):
        yield _Slice(bucket, start + offset, min(ROW_GROUP_ROWS, rows - offset))


def _encode(table: pa.Table, slices: Sequence[_Slice], *, bucketed: bool) -> EncodedFile:
    sink = pa.BufferOutputStream()
    rows = sum(s.rows for s in slices)
    with pq.ParquetWriter(sink, table.schema, **_options(table.schema, rows / max(len(slices), 1))) as writer:
        for part in slices:
            writer.write_table(table.slice(part.start, part.rows), row_group_size=ROW_GROUP_ROWS)
    spans = tuple(BucketSpan(s.bucket, n, s.rows) for n, s in enumerate(slices)) if bucketed else ()
    return EncodedFile(sink.getvalue().to_pybytes(), rows, spans)


def _options(schema: pa.Schema, rows_per_group: float) -> dict[str, Any]:
    strings = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    if rows_per_group < _TINY_ROW_GROUP_ROWS:
        # Starting zstd for each column of each row group takes longer than all the rest; statistics prune nothing.
        return {"use_dictionary": strings, "compression": "snappy", "write_statistics": False}
    return {"use_dictionary": strings, "compression": "zstd", "compression_level": 1}
