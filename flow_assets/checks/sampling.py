"""Sketches of the quantiles of large partitions from a share of their rows: a sketch of all costs as much as the rest.

The share is random, so that no pattern in the order of rows can mislead it, and the same each time. Of a million rows
the rank of an estimate is off by 0.05 % for the median, and by less towards the ends: far within the error of a sketch.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SAMPLED = "__is_sampled"
"""Column of a batch that says which rows the quantiles are sketched from, where it is not all."""

ENOUGH = 1 << 20
"""Rows, about, of a sample; a partition of fewer is taken whole."""


def with_sample(batch: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
    """The tables with a column `SAMPLED`, if one of them is large."""
    if all(len(table) <= ENOUGH for table in batch.values()):
        return batch
    return {partition: table.append_column(SAMPLED, _sample(len(table))) for partition, table in batch.items()}


def _sample(rows: int) -> pa.Array:
    if rows <= ENOUGH:
        return pa.repeat(True, rows)
    return pa.array(np.random.default_rng(rows).random(rows, np.float32) < ENOUGH / rows)


def with_all_weight(sketches: pa.Array, values: pa.Array) -> pa.Array:
    """Sketches that stand for all values of a column in each partition, instead of for those that were sampled.

    Args:
        sketches: structs of `count`, `min`, `max` and `centroids`, which are lists of `mean` and `weight`.
        values: how many values each partition has.
    """
    counts = _numbers(sketches.field("count"))
    wanted = np.where(counts > 0, _numbers(values), counts)  # a sketch of nothing stays one
    if np.array_equal(counts, wanted):
        return sketches
    centroids = sketches.field("centroids")
    factors = wanted / np.maximum(counts, 1)
    mean, weight = centroids.values.field("mean"), centroids.values.field("weight")
    weights = weight.to_numpy() * np.repeat(factors, np.diff(centroids.offsets.to_numpy()))
    weighed = pa.StructArray.from_arrays([mean, pa.array(weights)], fields=list(centroids.type.value_type))
    lists = pa.ListArray.from_arrays(centroids.offsets, weighed, type=centroids.type, mask=centroids.is_null())
    parts = [pa.array(wanted, pa.uint64()), sketches.field("min"), sketches.field("max"), lists]
    return pa.StructArray.from_arrays(parts, fields=list(sketches.type), mask=sketches.is_null())


def _numbers(values: pa.Array) -> npt.NDArray[np.int64]:
    numbers: npt.NDArray[np.int64] = pc.fill_null(values.cast(pa.int64()), 0).to_numpy()
    return numbers
