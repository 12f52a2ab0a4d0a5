"""The warehouse: a DuckDB file with one schema a layer and one view a dataset over its current files.

It holds no data and nobody ever holds a write lock on it: it is built beside the old one and swapped in by a rename, so
that notebooks and dashboards may keep the old one open while a run publishes.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock

from flow_assets.declaration import Dataset, partition_keys
from flow_assets.errors import QueryError, StoreError
from flow_assets.materialization.project import Project


def build_warehouse(project: Project) -> Path:
    """Build the warehouse from what is published now and swap it in; returns its path.

    Raises:
        StoreError: it cannot be written.
    """
    path = project.settings.warehouse
    project.settings.scratch.mkdir(parents=True, exist_ok=True)
    new = project.settings.scratch / f"{path.name}.{os.getpid()}"
    try:
        with FileLock(project.settings.scratch / f"{path.name}.lock"):
            new.unlink(missing_ok=True)
            with duckdb.connect(str(new)) as connection:
                for statement in _statements(project):
                    connection.execute(statement)
            new.replace(path)
    except (OSError, duckdb.IOException) as error:
        raise StoreError(f"The warehouse {path} cannot be written: {error}. Check the disk's free space.") from error
    return path


def _statements(project: Project) -> Iterator[str]:
    for layer in sorted({dataset.layer for dataset in project.graph.datasets.values()}):
        yield f"CREATE SCHEMA IF NOT EXISTS {_name(layer)}"
    for dataset in project.graph.datasets.values():
        view = f"{_name(dataset.layer)}.{_name(dataset.name)}"
        yield f"CREATE VIEW {view} AS {_select(dataset, project)}"
        for column in dataset.schema.columns():
            yield f"COMMENT ON COLUMN {view}.{_name(column.name)} IS {_text(column.description)}"


def _select(dataset: Dataset, project: Project) -> str:
    held = project.holdings.current(dataset.name)
    blobs = (b for key in partition_keys(dataset.partitions) if key in held for b in held[key].blobs.split(";"))
    files = ", ".join(_text(str(project.store.local_path(blob.split(" ")[0]))) for blob in blobs)
    if files:
        return f"SELECT * FROM read_parquet([{files}], union_by_name = true)"
    empty = duckdb.from_arrow(dataset.schema.arrow_schema().empty_table())
    columns = zip(empty.columns, empty.types, strict=True)
    return f"SELECT {', '.join(f'NULL::{kind} AS {_name(name)}' for name, kind in columns)} WHERE false"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def query(path: Path, sql: str, limit: int) -> tuple[list[str], list[tuple[Any, ...]], bool]:
    """Ask the warehouse, read-only.

    Returns:
        Names of the columns, at most `limit` rows, and whether these are all.

    Raises:
        QueryError: there is no warehouse yet, or the query is wrong.
    """
    if not path.exists():
        raise QueryError(f"There is no warehouse at {path}; make it with: flow run")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            result = connection.execute(sql)
            rows = result.fetchmany(limit + 1)
            return [column[0] for column in result.description or ()], rows[:limit], len(rows) <= limit
    except duckdb.Error as error:
        raise QueryError(f"The query cannot be answered: {error}") from error
