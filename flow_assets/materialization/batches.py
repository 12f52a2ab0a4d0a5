"""Rows in batches of one size, for a training loop: a few partitions at a time, in order or shuffled."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from flow_assets.lake import VersionedPartition

PORTION_ROWS = 65_536
"""Partitions are read together until they have so many rows, and shuffled rows mix within them."""


@dataclass(frozen=True)
class Batches:
    """Can be iterated over again and again, each time from the beginning and with the same batches.

    Attributes:
        read: gives the rows of partitions, in order.
        rows: how many rows a batch has; the last one may have fewer.
        total: rows of all batches.
        shuffle_seed: the same seed gives the same order; None keeps the stored one.
    """

    read: Callable[[Sequence[VersionedPartition]], pa.Table]
    partitions: Sequence[VersionedPartition]
    rows: int
    total: int
    shuffle_seed: int | None

    def __len__(self) -> int:
        return math.ceil(self.total / self.rows)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        rest: pa.Table | None = None
        for table in self._tables():
            joined = pa.concat_tables([rest, table]) if rest else table
            whole = len(joined) - len(joined) % self.rows
            for start in range(0, whole, self.rows):
                yield _batch(joined.slice(start, self.rows))
            rest = joined.slice(whole)
        if rest:
            yield _batch(rest)

    def _tables(self) -> Iterator[pa.Table]:
        if self.shuffle_seed is None:
            yield from map(self.read, _portions(self.partitions))
            return
        generator = np.random.default_rng(self.shuffle_seed)
        shuffled = [self.partitions[n] for n in generator.permutation(len(self.partitions))]
        for portion in _portions(shuffled):
            table = self.read(portion)
            yield table.take(generator.permutation(len(table)))


def _portions(partitions: Sequence[VersionedPartition]) -> Iterator[list[VersionedPartition]]:
    portion: list[VersionedPartition] = []
    rows = 0
    for partition in partitions:
        portion.append(partition)
        rows += partition.rows
        if rows >= PORTION_ROWS:
            yield portion
            portion, rows = [], 0
    if portion:
        yield portion


def _batch(table: pa.Table) -> pa.RecordBatch:
    columns = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)
