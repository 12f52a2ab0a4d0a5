"""The warehouse: a DuckDB file with one schema a layer and one view a dataset over its current files.

Beside the layers are the schemas `quarantine` and `blocked`: what is kept of a dataset and not published; and `ops`:
what making it cost.

But for these figures it holds no data, and nobody ever holds a write lock on it: it is built beside the old one and
swapped in by a rename, so that notebooks and dashboards may keep the old one open while a run publishes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock

from flow_assets.checks.literals import identifier, text
from flow_assets.checks.rows import VIOLATIONS
from flow_assets.declaration import Dataset, partition_keys
from flow_assets.errors import LostObjectError, QueryError, StoreError, sentence
from flow_assets.lake import Blob, ObjectStore
from flow_assets.materialization.operations import copy_operations, operations_state
from flow_assets.materialization.project import Project
from flow_assets.materialization.set_apart import (
    IS_BLOCKED,
    PARTITION,
    Kept,
    blocked_files,
    blocked_sql,
    quarantine_files,
    quarantine_sql,
)

_PARTITION = (PARTITION, "VARCHAR")
_IS_BLOCKED = (IS_BLOCKED, "BOOLEAN")
_VIOLATIONS = (VIOLATIONS, "VARCHAR[]")


def build_warehouse(project: Project) -> Path:
    """Build the warehouse from what is published now, unless it is so already, and swap it in; returns its path.

    What is damaged in the store is set aside and left out, as what is missing is.

    Raises:
        StoreError: it cannot be written.
    """
    path, scratch = project.settings.warehouse, project.settings.scratch
    new, content = scratch / f"{path.name}.new", scratch / f"{path.name}.sha256"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        with FileLock(scratch / f"{path.name}.lock"):
            statements, state = list(_statements(project)), operations_state(project)
            if path.exists() and content.exists() and content.read_text() == _digest([*statements, state]):
                return path
            try:
                _build(new, statements, project)
            except duckdb.Error:
                if not _set_damaged_aside(project):
                    raise
                statements = list(_statements(project))
                _build(new, statements, project)
            content.unlink(missing_ok=True)
            new.replace(path)
            content.write_text(_digest([*statements, state]))
    except (OSError, duckdb.Error) as error:
        raise StoreError(
            f"The warehouse {path} cannot be built: {sentence(str(error))} Check the disk's free space, and whether "
            f"the files in {project.store.location} can be read."
        ) from error
    return path


def _digest(statements: Iterable[str]) -> str:
    return hashlib.sha256("\n".join((duckdb.__version__, *statements)).encode()).hexdigest()


def _build(new: Path, statements: Iterable[str], project: Project) -> None:
    for leftover in new.parent.glob(f"{new.name}*"):  # of a process that was killed; with its write-ahead log
        leftover.unlink()
    with duckdb.connect(str(new)) as connection:
        connection.begin()
        for statement in statements:
            connection.execute(statement)
        copy_operations(project, connection)
        connection.commit()


def _set_damaged_aside(project: Project) -> bool:
    """Read every file that the warehouse names, and move those away that are damaged; whether there were any."""
    found = False
    for dataset in project.graph.datasets.values():
        blobs = [
            (kept.hash, kept.size) for kept in (*quarantine_files(project, dataset), *blocked_files(project, dataset))
        ]
        blobs += [(blob.hash, blob.size) for blob in _published(dataset, project)]
        for digest, size in dict.fromkeys(blobs):
            try:
                project.store.verify_blob(digest, size)
            except LostObjectError:
                found = True
                project.store.set_aside(digest)
    return found


def _statements(project: Project) -> Iterator[str]:
    datasets = project.graph.datasets.values()
    for schema in sorted({dataset.layer for dataset in datasets} | {"quarantine", "blocked"}):
        yield f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}"
    for dataset in datasets:
        yield from _view(dataset, dataset.layer, _declared(dataset), _published_sql(dataset, project))
        left = quarantine_files(project, dataset)
        if left or any(rule.quarantine for rule in dataset.rules):
            declared = _declared(dataset, _PARTITION, _IS_BLOCKED, _VIOLATIONS)
            there = _existing(left, project.store)
            yield from _view(dataset, "quarantine", declared, f"({quarantine_sql(there)})" if there else "")
        there = _existing(blocked_files(project, dataset), project.store)
        yield from _view(dataset, "blocked", _declared(dataset, _PARTITION), blocked_sql(there) if there else "")


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


def _published(dataset: Dataset, project: Project) -> Iterator[Blob]:
    held = project.holdings.current(dataset.name)
    return (Blob.parse(b) for key in partition_keys(dataset.partitions) if key in held for b in held[key].references)


def _published_sql(dataset: Dataset, project: Project) -> str:
    paths = (project.store.local_path(blob.hash) for blob in _published(dataset, project))
    files = ", ".join(text(str(path)) for path in paths if path.exists())  # a lost one may be waiting for its source
    return f"FROM read_parquet([{files}], union_by_name = true)" if files else ""


def _existing(files: Sequence[Kept], store: ObjectStore) -> list[tuple[Kept, Path]]:
    found = ((kept, kept.path(store)) for kept in files)
    return [(kept, path) for kept, path in found if path.exists()]


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
