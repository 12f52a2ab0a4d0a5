"""The distributions of columns, out of the states that are kept of each partition."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.checks.drift import ColumnDistribution


def distributions(states: pa.Table, columns: Sequence[str]) -> list[dict[str, ColumnDistribution]]:
    """The distributions of `columns` in each partition, those of them that it has.

    Args:
        states: of one partition after the other; see `states.decode`.
        columns: names, each once.
    """
    partition = np.cumsum(pc.equal(states["name"], "").to_numpy()) - 1
    is_wanted = pc.is_in(states["name"], pa.array(columns, pa.string()))
    wanted = states.select(["name", "rows", "count", "quantiles", "categories"]).filter(is_wanted)
    found: list[dict[str, ColumnDistribution]] = [{} for _ in range(int(partition[-1]) + 1)] if len(partition) else []
    owners = partition[is_wanted.to_numpy()]
    for owner, name, distribution in zip(owners, wanted["name"].to_pylist(), _each(wanted), strict=True):
        found[owner][name] = distribution
    return found


def _each(states: pa.Table) -> list[ColumnDistribution]:
    rows = states["rows"].to_numpy()
    nulls = rows - states["count"].to_numpy()
    borders, centroids = _flattened(pc.struct_field(states["quantiles"], "centroids"))
    means, weights = (pc.struct_field(centroids, part).to_numpy() for part in ("mean", "weight"))
    ends, counted = _flattened(states["categories"])
    values, counts = (pc.struct_field(counted, part).to_pylist() for part in ("value", "count"))
    is_counted = states["categories"].is_valid().to_pylist()
    return [
        ColumnDistribution(
            int(rows[n]),
            int(nulls[n]),
            means[borders[n] : borders[n + 1]],
            weights[borders[n] : borders[n + 1]],
            dict(zip(values[ends[n] : ends[n + 1]], counts[ends[n] : ends[n + 1]], strict=True)) if known else None,
        )
        for n, known in enumerate(is_counted)
    ]


def _flattened(lists: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Where each list begins among the items of all, and these; a null has none."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))), pc.list_flatten(lists).combine_chunks()
