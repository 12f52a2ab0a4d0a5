"""Published rows, read back: those of a version for a model, or all rows of one key from the buckets that hold them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.declaration import UNPARTITIONED, Dataset, DatasetGraph, find_datasets, partition_keys
from flow_assets.errors import LostObjectError, SelectionError, StoreError
from flow_assets.lake import (
    Blob,
    DatasetVersion,
    ObjectStore,
    PartitionFile,
    VersionedPartition,
    bucket_of,
    read_bucket,
)
from flow_assets.materialization.loaded import Choice, LoadedDataset
from flow_assets.materialization.project import Project
from flow_assets.materialization.selection import choose_keys, select
from flow_assets.settings import Settings, load_settings


def load(  # noqa: PLR0913  a question with many optional parts, each by its name
    name: str,
    *,
    partitions: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    where: str | None = None,
    version: str | None = None,
    settings: Settings | None = None,
    quiet: bool = False,
) -> LoadedDataset:
    """Rows of a dataset as Arrow, pandas, polars, DuckDB or batches, of what is published now or of an older version.

    Says on standard error what was loaded, and of which version. A version names the content of all published
    partitions of the dataset; whoever has its name and the store gets the same rows in the same order.

    Args:
        name: a dataset.
        partitions: `A..B`, a key, or a list of keys; all that are published by default.
        columns: which columns, in this order; all by default.
        where: a SQL condition on the dataset's columns, those left out by `columns` too; times are UTC.
        version: the beginning of a version's name; what is published now by default.
        settings: where the data lies; from the environment by default.
        quiet: say nothing.

    Raises:
        SelectionError: there is no such dataset, partition, column or version, or nothing is published.
        QueryError: `where` is no condition.
        LostObjectError: files of the version are missing or damaged.
        StoreError: there is no data here, or it cannot be read.

    Example:
        `flow_assets.load("delay_training_set", partitions="2013-01-01..2013-09-30", where="distance_miles > 500")`
    """
    settings = settings or load_settings()
    if not settings.root.is_dir():
        raise StoreError(
            f"There is no data at {settings.root}; make it with `flow run`, or name its folder in FLOW_ASSETS_DATA."
        )
    graph, store = find_datasets(settings.datasets), ObjectStore(settings.store)
    found = _published(settings, graph, name, store) if version is None else _version(store, name, version)
    chosen, absent = _chosen(found, graph.datasets.get(name), partitions)
    wanted = (columns,) if isinstance(columns, str) else columns
    choice = Choice(chosen, None if wanted is None else tuple(wanted), where, absent)
    loaded = LoadedDataset(store, found, choice, settings.duckdb_config)
    if not quiet:
        sys.stderr.write(f"flow_assets: {loaded}\n")
    return loaded


def _published(settings: Settings, graph: DatasetGraph, name: str, store: ObjectStore) -> DatasetVersion:
    """What is published now, kept as a version."""
    keys = partition_keys(graph.get(name).partitions)
    held = Project.open(settings, graph).holdings.current(name) if settings.ledger.exists() else {}
    partitions = []
    for key in keys:
        if key in held:
            blobs = map(Blob.parse, held[key].references)
            partitions.append(VersionedPartition(key, held[key].rows, tuple((b.hash, b.size) for b in blobs)))
    if not partitions:
        raise SelectionError(f"Nothing of {name} is published in {settings.root}; make it with: flow run {name}")
    version = DatasetVersion(name, tuple(partitions))
    store.put_version(version)
    return version


def _version(store: ObjectStore, name: str, asked: str) -> DatasetVersion:
    """The one version of `name` that begins with `asked`."""
    found = [digest for digest in store.list_versions() if digest.startswith(asked)]
    version = store.get_version(found[0]) if len(found) == 1 else None
    if version and version.dataset == name:
        return version
    if version:
        raise SelectionError(f"The version {asked} is one of {version.dataset}, not of {name}.")
    if found and asked:
        raise SelectionError(f"Several versions begin with {asked}: {', '.join(found)}; give more digits.")
    known = ", ".join(_names(store, name)) or "none; loading without `version` makes one of what is published"
    raise SelectionError(f"There is no version {asked!r} of {name} in {store.location}; there are: {known}.")


def _names(store: ObjectStore, name: str) -> Iterator[str]:
    for digest in store.list_versions():
        with suppress(StoreError):  # a damaged one
            version = store.get_version(digest)
            if version and version.dataset == name:
                yield version.name


def _chosen(
    version: DatasetVersion, dataset: Dataset | None, partitions: str | Sequence[str] | None
) -> tuple[tuple[VersionedPartition, ...], tuple[str, ...]]:
    """The partitions asked for, and the keys within a range that the version lacks."""
    if partitions is None:
        return version.partitions, ()
    held = {p.partition: p for p in version.partitions}
    declared = partition_keys(dataset.partitions) if dataset else ()
    is_in_order = tuple(key for key in declared if key in held) == tuple(held)
    known = declared if is_in_order else tuple(held)
    if known == (UNPARTITIONED,):
        raise SelectionError(f"{version.dataset} has no partitions; leave `partitions` out.")
    keys = choose_keys(version.dataset, known, partitions)
    absent = tuple(key for key in keys if key not in held)
    is_range = isinstance(partitions, str) and ".." in partitions
    if absent and not (is_range and len(absent) < len(keys)):
        raise SelectionError(
            f"{version.dataset}, version {version.name}: nothing of {', '.join(absent[:10])} is published; "
            f"make it with: flow run {version.dataset}"
        )
    return tuple(held[key] for key in keys if key in held), absent


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
