"""Batches hold every row once, in the stored order or shuffled, whatever their size."""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.errors import SelectionError
from flow_assets.lake import VersionedPartition
from flow_assets.materialization import batches as module
from flow_assets.materialization.loaded import LoadedDataset
from flow_assets_tests.sandbox import Sandbox

ROWS = 15


@pytest.fixture(scope="module")
def loaded(finished: Sandbox) -> LoadedDataset:
    assert len(finished.load()) == ROWS
    return finished.load()


def rows_of(batches: list[pa.RecordBatch]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def made_of(sizes: list[int], rows: int, seed: int | None) -> module.Batches:
    """Batches of partitions of these sizes, whose rows are numbered throughout."""
    starts = dict(enumerate(accumulate(sizes, initial=0)))
    partitions = [VersionedPartition(str(n), size, ()) for n, size in enumerate(sizes)]

    def read(some: Sequence[VersionedPartition]) -> pa.Table:
        numbers = [
            number for p in some for number in range(starts[int(p.partition)], starts[int(p.partition)] + p.rows)
        ]
        return pa.table({"number": pa.array(numbers, pa.int64())})

    return module.Batches(read, partitions, rows, sum(sizes), seed)


@given(
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=9),
    rows=st.integers(1, 30),
    portion=st.integers(1, 30),
    seed=st.none() | st.integers(0, 2**32),
)
def test_every_row_is_in_one_batch_of_the_size_asked_for(
    sizes: list[int], rows: int, portion: int, seed: int | None
) -> None:
    made, total = made_of(sizes, rows, seed), sum(sizes)
    with mock.patch.object(module, "PORTION_ROWS", portion):
        first, again = list(made), list(made)
    assert [len(batch) for batch in first] == [rows] * (total // rows) + [total % rows] * (total % rows > 0)
    assert len(made) == len(first)
    assert first == again
    numbers = [number for (number,) in rows_of(first)]
    assert sorted(numbers) == list(range(total))
    assert seed is not None or numbers == sorted(numbers)


@pytest.mark.parametrize(("rows", "portion", "seed"), [(1, 1, None), (4, 65_536, 7), (7, 4, 0), (15, 6, 1), (99, 1, 2)])
def test_batches_of_real_files_hold_every_row(loaded: LoadedDataset, rows: int, portion: int, seed: int | None) -> None:
    with mock.patch.object(module, "PORTION_ROWS", portion):
        batches = list(loaded.batches(rows, seed))
    assert all(batch.schema == loaded.schema for batch in batches)
    assert {len(batch) for batch in batches[:-1]} <= {rows}
    stored = [tuple(row.values()) for row in loaded.arrow().to_pylist()]
    assert Counter(rows_of(batches)) == Counter(stored)
    assert (rows_of(batches) == stored) == (seed is None)


def test_another_seed_gives_another_order(loaded: LoadedDataset) -> None:
    orders = {tuple(rows_of(list(loaded.batches(4, seed)))) for seed in range(5)}
    assert len(orders) == 5


def test_only_as_many_partitions_are_read_at_once_as_are_needed(loaded: LoadedDataset) -> None:
    read: list[int] = []

    def reading(partitions: Any) -> pa.Table:
        read.append(len(partitions))
        return made.read(partitions)

    made = loaded.batches(3, shuffle_seed=1)
    with mock.patch.object(module, "PORTION_ROWS", 6):
        watched = iter(module.Batches(reading, made.partitions, made.rows, made.total, made.shuffle_seed))
        next(watched)
        assert read == [2]
        assert len(list(watched)) == 4
    assert read == [2, 2, 1]


def test_no_rows_make_no_batch(finished: Sandbox) -> None:
    made = finished.load(where="false").batches(3)
    assert (len(made), list(made)) == (0, [])


@pytest.mark.parametrize(("rows", "seed"), [(0, None), (-1, 1), (1, -1)])
def test_sizes_and_seeds_that_cannot_be(loaded: LoadedDataset, rows: int, seed: int | None) -> None:
    with pytest.raises(SelectionError, match="rows must be 1 or more, and a seed 0 or more"):
        loaded.batches(rows, seed)


def test_many_small_partitions_are_gathered_in_linear_time() -> None:
    made = made_of([0] * 20_000, 1, None)
    start = time.process_time()
    assert list(made) == []
    assert time.process_time() - start < 2
