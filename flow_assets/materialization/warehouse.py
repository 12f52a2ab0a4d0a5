"""The warehouse: a DuckDB file with one schema a layer and one view a dataset over its current files.

Beside the layers are the schemas `quarantine` and `blocked`: what is kept of a dataset and not published.

It holds no data and nobody ever holds a write lock on it: it is built beside the old one and swapped in by a rename, so
that notebooks and dashboards may keep the old one open while a run publishes.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock

from flow_assets.checks.literals import identifier, text
from flow_assets.checks.rows import VIOLATIONS
from flow_assets.declaration import Dataset, partition_keys
from flow_assets.errors import QueryError, StoreError
from flow_assets.lake import Blob
from flow_assets.materialization.project import Project
from flow_assets.materialization.set_apart import PARTITION, Files, blocked_files, quarantine_files, rows_sql

_PARTITION = (PARTITION, "VARCHAR")
_VIOLATIONS = (VIOLATIONS, "VARCHAR[]")


def build_warehouse(project: Project) -> Path:
    """Build the warehouse from what is published now, unless it is so already, and swap it in; returns its path.

    Raises:
        StoreError: it cannot be written, or a file in the store cannot be read.
    """
    path, scratch = project.settings.warehouse, project.settings.scratch
    new, content = scratch / f"{path.name}.new", scratch / f"{path.name}.sha256"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        with FileLock(scratch / f"{path.name}.lock"):
            statements = list(_statements(project))
            digest = hashlib.sha256("\n".join((duckdb.__version__, *statements)).encode()).hexdigest()
            if path.exists() and content.exists() and content.read_text() == digest:
                return path
            for leftover in scratch.glob(f"{new.name}*"):  # of a process that was killed; with its write-ahead log
                leftover.unlink()
            with duckdb.connect(str(new)) as connection:
                connection.begin()
                for statement in statements:
                    connection.execute(statement)
                connection.commit()
            content.unlink(missing_ok=True)
            new.replace(path)
            content.write_text(digest)
    except (OSError, duckdb.Error) as error:
        raise StoreError(
            f"The warehouse {path} cannot be built: {error}. Check the disk's free space; if it is a file in "
            f"{project.store.location} that is missing or damaged, `flow run` makes it again."
        ) from error
    return path


def _statements(project: Project) -> Iterator[str]:
    datasets = project.graph.datasets.values()
    for schema in sorted({dataset.layer for dataset in datasets} | {"quarantine", "blocked"}):
        yield f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}"
    for dataset in datasets:
        yield from _view(dataset, dataset.layer, _declared(dataset), _published_sql(dataset, project))
        left = quarantine_files(project, dataset)
        if left or any(rule.quarantine for rule in dataset.rules):
            yield from _view(dataset, "quarantine", _declared(dataset, _PARTITION, _VIOLATIONS), _sql(left))
        yield from _view(dataset, "blocked", _declared(dataset, _PARTITION), _sql(blocked_files(project, dataset)))


def _view(dataset: Dataset, schema: str, declared: str, rows: str) -> Iterator[str]:
    """A view that has every declared column, also where there are no files or they are older than its declaration."""
    view = f"{identifier(schema)}.{identifier(dataset.name)}"
    yield f"CREATE VIEW {view} AS {declared}{f' UNION ALL BY NAME {rows}' if rows else ''}"
    for column in dataset.schema.columns():
        yield f"COMMENT ON COLUMN {view}.{identifier(column.name)} IS {text(column.description)}"


def _declared(dataset: Dataset, *more: tuple[str, str]) -> str:
    """No rows of the declared columns, after `more`: names and types."""
    empty = duckdb.from_arrow(dataset.schema.arrow_schema().empty_table())
    columns = [*more, *zip(empty.columns, empty.types, strict=True)]
    return f"SELECT {', '.join(f'NULL::{kind} AS {identifier(name)}' for name, kind in columns)} WHERE false"


def _published_sql(dataset: Dataset, project: Project) -> str:
    held = project.holdings.current(dataset.name)
    blobs = (b for key in partition_keys(dataset.partitions) if key in held for b in held[key].references)
    paths = (project.store.local_path(Blob.parse(blob).hash) for blob in blobs)
    files = ", ".join(text(str(path)) for path in paths if path.exists())  # a lost one may be waiting for its source
    return f"FROM read_parquet([{files}], union_by_name = true)" if files else ""


def _sql(files: Files) -> str:
    return rows_sql(files) if files else ""


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
