"""Batches hold every row once, in the stored order or shuffled, whatever their size."""

from collections import Counter
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets.errors import SelectionError
from flow_assets.materialization import batches as module
from flow_assets.materialization.loaded import LoadedDataset
from flow_assets_tests.sandbox import Sandbox

ROWS = 15
SEEDS = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def loaded(finished: Sandbox) -> LoadedDataset:
    assert len(finished.load()) == ROWS
    return finished.load()


def rows_of(batches: list[pa.RecordBatch]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


@settings(deadline=None, max_examples=20)
@given(rows=st.integers(1, ROWS + 2), portion=st.integers(1, ROWS + 2), seed=st.none() | SEEDS)
def test_every_row_is_in_one_batch_of_the_size_asked_for(
    loaded: LoadedDataset, rows: int, portion: int, seed: int | None
) -> None:
    with mock.patch.object(module, "PORTION_ROWS", portion):
        made = loaded.batches(rows, seed)
        first, again = list(made), list(made)
    assert [len(batch) for batch in first] == [rows] * (ROWS // rows) + [ROWS % rows] * (ROWS % rows > 0)
    assert len(made) == len(first)
    assert all(batch.schema == loaded.schema for batch in first)
    assert first == again
    stored = [tuple(row.values()) for row in loaded.arrow().to_pylist()]
    assert Counter(rows_of(first)) == Counter(stored)
    assert seed is not None or rows_of(first) == stored


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
