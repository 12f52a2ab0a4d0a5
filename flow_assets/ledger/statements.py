"""Statements over the rows of one environment, in portions that a database takes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, FromClause, Table, and_, delete, insert

PORTION = 500


class OfPartition(Protocol):
    """Something about one partition."""

    @property
    def dataset(self) -> str:
        """The name of its dataset."""

    @property
    def partition(self) -> str:
        """Its key."""


def is_of(table: Table, environment: str, dataset: str, partitions: Sequence[str] | None = None) -> ColumnElement[bool]:
    """The rows of a dataset, or of some of its partitions."""
    condition = and_(table.c.environment == environment, table.c.dataset == dataset)
    return condition if partitions is None else and_(condition, table.c.partition.in_(partitions))


def same_partition(table: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Whether rows of two tables are about the same partition."""
    return and_(*(table.c[name] == other.c[name] for name in ("environment", "dataset", "partition")))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, if there are any."""
    if rows:
        connection.execute(insert(table), rows)


def remove(connection: Connection, table: Table, environment: str, items: Iterable[OfPartition]) -> None:
    """Delete the rows of the partitions that `items` are about."""
    by_dataset: dict[str, list[str]] = {}
    for item in items:
        by_dataset.setdefault(item.dataset, []).append(item.partition)
    for dataset, partitions in by_dataset.items():
        for some in portions(partitions):
            connection.execute(delete(table).where(is_of(table, environment, dataset, some)))


def portions(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """`items`, as many at a time as one statement takes."""
    return (items[start : start + PORTION] for start in range(0, len(items), PORTION))
