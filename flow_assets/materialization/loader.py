"""Published rows, read back: all rows of one key, from the one bucket a partition that holds them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.declaration import Dataset
from flow_assets.errors import LostObjectError, SelectionError
from flow_assets.lake import PartitionFile, bucket_of, read_bucket
from flow_assets.materialization.project import Project
from flow_assets.materialization.selection import select


def load_key(
    project: Project, name: str, value: Any, partitions: str | None = None, columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows of a bucketed dataset whose bucket column is `value`, opening one bucket of each partition.

    Args:
        project: whose dataset.
        name: a dataset that declares buckets.
        value: a key, of the column's type; None for rows without one.
        partitions: `A..B` or a single key; all published ones by default.
        columns: columns to return; all by default.

    Raises:
        SelectionError: there is no such dataset, partition or column, or it has no buckets.
        LostObjectError: a file is missing or damaged.
    """
    dataset = project.graph.get(name)
    if dataset.buckets is None:
        raise SelectionError(f"{name} has no buckets; declare `buckets=...`, or query the warehouse.")
    schema, key = dataset.schema.arrow_schema(), dataset.buckets.column
    wanted = list(columns if columns is not None else schema.names)
    if unknown := sorted(set(wanted) - set(schema.names)):
        raise SelectionError(f"{name} has no column {', '.join(unknown)}; it has {', '.join(schema.names)}.")
    files = list(_files(project, dataset, partitions))
    if not files:
        return schema.empty_table().select(wanted)
    found = read_bucket(files, bucket_of(value, dataset.buckets), list(dict.fromkeys([*wanted, key])))
    is_wanted = pc.is_null(found[key]) if value is None else pc.equal(found[key], value)
    return found.filter(is_wanted).select(wanted)


def _files(project: Project, dataset: Dataset, partitions: str | None) -> Iterator[tuple[Path, PartitionFile]]:
    held = project.holdings.current(dataset.name)
    for partition in select(project.graph, [dataset.name], partitions).get(dataset.name, ()):
        if partition in held:
            record = project.store.get_record(held[partition].key)
            if record is None:
                raise LostObjectError(
                    f"The record of {dataset.name} {partition} is lost; flow run {dataset.name} --force."
                )
            yield from ((project.store.local_path(file.hash), file) for file in record.files)
