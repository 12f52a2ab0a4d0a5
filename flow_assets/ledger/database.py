"""The connection to the ledger: one engine a process, write transactions that never interleave."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateColumn

from flow_assets.errors import StoreError
from flow_assets.ledger.alert_tables import METADATA

BUSY_SECONDS = 60

_LOCKED = f"Another process has been writing for {BUSY_SECONDS} seconds; try again when it has ended."


def open_database(path: Path) -> Engine:
    """Open the SQLite ledger at `path`, making its folder and tables where they are missing.

    Raises:
        StoreError: the file cannot be opened or is no ledger.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
        with engine.begin() as connection:
            METADATA.create_all(connection)
            _add_missing_columns(connection)
    except (OSError, DBAPIError) as error:
        raise _store_error(f"{path}", error) from error
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the ledger's one write lock from its beginning.

    Raises:
        StoreError: the ledger cannot be read or written; nothing of the transaction remains.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise _store_error(str(engine.url.database), error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that reads one consistent state and never waits for a writer."""
    try:
        with engine.connect().execution_options(is_reading=True) as connection:
            yield connection
    except DBAPIError as error:
        raise _store_error(str(engine.url.database), error) from error


def _add_missing_columns(connection: Connection) -> None:
    """Give the tables of an earlier version's ledger the columns that were added since, with their defaults."""
    inspector = inspect(connection)
    for table in METADATA.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(table.name)}
        for column in (column for column in table.columns if column.name not in there):
            added = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {added}")


def _on_connect(dbapi_connection: Any, _: Any) -> None:
    dbapi_connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_SECONDS * 1000}"):
        dbapi_connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("is_reading")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _store_error(place: str, error: Exception) -> StoreError:
    cause = getattr(error, "orig", None) or error
    advice = _LOCKED if "locked" in str(cause) else "Check the disk's free space and permissions."
    return StoreError(f"The ledger {place} cannot be used: {cause}. {advice}")
