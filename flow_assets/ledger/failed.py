"""Which partitions could not be made, why, and how often the same has happened before."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from flow_assets.ledger import tables
from flow_assets.ledger.changes import Failure
from flow_assets.ledger.database import reading
from flow_assets.ledger.statements import insert_rows
from flow_assets.texts import first_line


class FailedPartition(NamedTuple):
    """A partition whose last attempt failed; see `Failure`. `at` is UTC, ISO 8601."""

    dataset: str
    partition: str
    error: str
    message: str
    is_retryable: bool
    at: str
    run_id: str


class FailedAttempt(NamedTuple):
    """One time that a partition could not be made; it stays in the ledger when the partition is mended.

    Attributes:
        line: first line of the message.
        at: UTC, ISO 8601.
    """

    dataset: str
    partition: str
    error: str
    line: str
    at: str
    run_id: str


class FailedPartitions:
    """Reads what failed in one environment; `Holdings` writes it."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment

    def current(self) -> list[FailedPartition]:
        """Those of all datasets that are failed now, those that failed first at the front."""
        table = tables.failures
        query = (
            select(*(table.c[name] for name in FailedPartition._fields))
            .where(table.c.environment == self._environment)
            .order_by(table.c.at, table.c.dataset, table.c.partition)
        )
        with reading(self._engine) as connection:
            return [FailedPartition._make(row) for row in connection.execute(query)]

    def attempts(self, dataset: str, most: int = 10_000) -> list[FailedAttempt]:
        """The last attempts at a dataset's partitions that failed, the newest first."""
        table = tables.failed_attempts
        query = (
            select(*(table.c[name] for name in FailedAttempt._fields))
            .where(table.c.environment == self._environment, table.c.dataset == dataset)
            .order_by(table.c.id.desc())
            .limit(most)
        )
        with reading(self._engine) as connection:
            return [FailedAttempt._make(row) for row in connection.execute(query)]


def keep_attempts(connection: Connection, environment: str, failures: Sequence[Failure], run_id: str, at: str) -> None:
    """Write that partitions could not be made, in the transaction of `connection`."""
    rows = [
        {
            "environment": environment,
            **FailedAttempt(f.dataset, f.partition, f.error, first_line(f.message), at, run_id)._asdict(),
        }
        for f in failures
    ]
    insert_rows(connection, tables.failed_attempts, rows)
