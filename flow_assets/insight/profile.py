"""What a dataset holds over any range of its partitions, from what was kept when they were made.

No row is read, unless states of a partition are missing or were made by another version of DuckDB: then its files are,
once.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flow_assets.checks.profile import Profile, merge
from flow_assets.checks.states import category_columns, encode, is_readable, state_expressions
from flow_assets.declaration import UNPARTITIONED, ColumnDeclaration, Dataset, partition_keys
from flow_assets.errors import LostObjectError, SelectionError
from flow_assets.lake import Blob
from flow_assets.ledger import Holding
from flow_assets.materialization.project import Project
from flow_assets.materialization.selection import choose_keys

_AT_ONCE = 256
"""Partitions whose files one query reads."""


@dataclass(frozen=True)
class DatasetProfile:
    """A profile, and what it was made from.

    Attributes:
        partitions: the keys of those that are in it, in order; `""` for a dataset without partitions.
        absent: keys that were asked for and are not published.
        reread: how many had to be read from their files.
        merge_seconds: how long fetching and merging the states took, without the reading.
    """

    dataset: str
    profile: Profile
    partitions: tuple[str, ...]
    absent: tuple[str, ...]
    reread: int
    merge_seconds: float


def profile_dataset(project: Project, name: str, partitions: str | Sequence[str] | None = None) -> DatasetProfile:
    """The profile of what is published of a dataset; what had to be read for it is kept for the next time.

    Args:
        project: whose dataset.
        name: the dataset.
        partitions: `A..B`, a key, or a list of keys; all by default.

    Raises:
        SelectionError: there is no such dataset or partition, or nothing of it is published.
        LostObjectError: a file that has to be read is missing or damaged.
    """
    dataset = project.graph.get(name)
    asked = _asked(dataset, partitions)
    held = {key: found for key, found in project.holdings.current(name).items() if key in set(asked)}
    present = tuple(key for key in asked if key in held)
    if not present:
        which = "" if partitions is None else " of what was asked for"
        raise SelectionError(f"Nothing of {name} is published{which}; make it with: flow run {name}")
    start = time.perf_counter()
    stored = project.states.current(name, None if len(present) == len(held) else present)
    known = {key: stored[key] for key in present if key in stored and is_readable(stored[key])}
    fetched = time.perf_counter()
    reread = _reread(project, dataset, {key: held[key] for key in present if key not in known})
    read = time.perf_counter()
    with duckdb.connect(config={**project.settings.duckdb_config, "threads": 1}) as connection:
        profile = merge(connection, [known.get(key) or reread[key] for key in present])
    seconds = time.perf_counter() - read + fetched - start
    absent = tuple(key for key in asked if key not in held)
    return DatasetProfile(name, profile, present, absent, len(reread), seconds)


def _asked(dataset: Dataset, partitions: str | Sequence[str] | None) -> tuple[str, ...]:
    keys = partition_keys(dataset.partitions)
    if partitions is None:
        return keys
    if keys == (UNPARTITIONED,):
        raise SelectionError(f"{dataset.name} has no partitions; leave --partitions out.")
    return choose_keys(dataset.name, keys, partitions)


def _reread(project: Project, dataset: Dataset, held: Mapping[str, Holding]) -> dict[str, bytes]:
    """The states of partitions from their files; they are kept as well."""
    if not held:
        return {}
    files = {key: [Blob.parse(blob) for blob in found.references] for key, found in held.items()}
    paths = {key: [str(project.store.local_path(blob.hash)) for blob in blobs] for key, blobs in files.items()}
    by_schema: dict[pa.Schema, list[str]] = {}
    for key, blobs in files.items():
        for blob in blobs:
            project.store.verify_blob(blob.hash, blob.size)
        by_schema.setdefault(pq.read_schema(paths[key][0]).remove_metadata(), []).append(key)
    found: dict[str, bytes] = {}
    with duckdb.connect(config=project.settings.duckdb_config) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for schema, keys in by_schema.items():
            columns = [ColumnDeclaration(field.name, field.type, field.nullable, "") for field in schema]
            for some in (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE)):
                table = _scan(connection, [paths[key] for key in some], columns, category_columns(dataset))
                found.update(zip(some, encode(table, columns), strict=True))
    project.states.keep(dataset.name, {key: (held[key].content_hash, states) for key, states in found.items()})
    return found


def _scan(
    connection: duckdb.DuckDBPyConnection,
    paths: Sequence[Sequence[str]],
    columns: Sequence[ColumnDeclaration],
    categories: Mapping[str, Sequence[str]],
) -> pa.Table:
    """One row of states a partition, whose files are given; a row of nulls for one without rows."""
    pairs = [(path, number) for number, files in enumerate(paths) for path in files]
    gathered = ", ".join(f"{sql} AS {alias}" for alias, sql in state_expressions(columns, categories))
    # Partitions of the same content share a file.
    sql = f"""
        SELECT flow_assets_number, {gathered}
        FROM read_parquet($distinct, filename = 'flow_assets_path')
        JOIN (SELECT unnest($paths) AS flow_assets_path, unnest($numbers) AS flow_assets_number)
        USING (flow_assets_path) GROUP BY flow_assets_number
    """
    given = {
        "paths": [path for path, _ in pairs],
        "numbers": [number for _, number in pairs],
        "distinct": list(dict.fromkeys(path for path, _ in pairs)),
    }
    try:
        found = connection.sql(sql, params=given).to_arrow_table()
    except duckdb.IOException as error:
        raise LostObjectError(f"A file that has to be profiled cannot be read: {error}") from error
    rows = {number: row for row, number in enumerate(found["flow_assets_number"].to_pylist())}
    return found.take(pa.array([rows.get(number) for number in range(len(paths))], pa.int64()))
