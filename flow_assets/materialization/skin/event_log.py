"""Dagster's event log in SQLite, made to keep up: files stay open, and a batch of events is one transaction.

The files, tables and rows are those of Dagster's own `SqliteEventLogStorage`, which can take over at any time. Named in
the instance's `dagster.yaml`; see docs/reference.md.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._config import Field, StringSource
from dagster._config.config_schema import UserConfigSchema
from dagster._core.event_api import EventHandlerFn
from dagster._core.events import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    EVENT_TYPE_TO_PIPELINE_RUN_STATUS,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import (
    AssetKeyTable,
    SqlEventLogStorageMetadata,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    SqliteEventLogStorage,
    SqliteEventLogStorageWatchdog,
)
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, inspect
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool
from watchdog.events import FileSystemEvent
from watchdog.observers import Observer

from flow_assets.materialization.skin.check_rows import Indexed, forget_planned, store_checks
from flow_assets.materialization.skin.event_texts import EventTexts
from flow_assets.materialization.skin.shards import Shards

TESTED_VERSIONS = {"1.13.27": "29b539ebc72a"}
"""Versions of Dagster whose own event log this one was compared with, row by row, and their revision of its tables."""

BATCH_SIZE = 1000
_BATCH_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"
_INDEX = "index"
_REVISION = "alembic_version"
_MIRRORED = {*ASSET_EVENTS, *ASSET_CHECK_EVENTS, *EVENT_TYPE_TO_PIPELINE_RUN_STATUS}
"""What the index holds too; everything else is in the file of its run alone."""

_logger = logging.getLogger("flow_assets")
_told: set[str] = set()


class InstanceEventLog(SqliteEventLogStorage):
    """Dagster's own event log, in the folder of the instance that uses it, wherever that was moved to."""

    def __init__(self, base_dir: str | None = None, inst_data: ConfigurableClassData | None = None) -> None:
        self._is_placed = base_dir is not None
        self._inst_data = inst_data
        if base_dir is not None:
            super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """`base_dir` is optional."""
        return {"base_dir": Field(StringSource, is_required=False)}

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """Settle in the folder of `instance`, if no other is configured."""
        if not self._is_placed:
            self._is_placed = True
            super().__init__(str(Path(instance.root_directory) / "history" / "runs"), self._inst_data)
        super().register_instance(instance)


class BatchedEventLog(InstanceEventLog):
    """See the module."""

    def __init__(self, base_dir: str | None = None, inst_data: ConfigurableClassData | None = None) -> None:
        self._shards = Shards()
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> InstanceEventLog:
        """This storage, or with a message Dagster's own where its version was never compared with this one."""
        if dg.__version__ in TESTED_VERSIONS:
            return cls(inst_data=inst_data, **config_value)
        if dg.__version__ not in _told:
            _told.add(dg.__version__)
            _logger.warning(
                "The event log of flow_assets is tested with Dagster %s, not with %s: Dagster's own, which is slower, "
                "is used. Upgrade flow_assets, or take event_log_storage out of dagster.yaml.",
                ", ".join(TESTED_VERSIONS),
                dg.__version__,
            )
        return InstanceEventLog(inst_data=inst_data, **config_value)

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """Also have Dagster hand over in batches what it plans for a run, which only this variable makes it do."""
        super().register_instance(instance)
        os.environ.setdefault(_BATCH_VARIABLE, str(BATCH_SIZE))

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._shards.transaction(Path(self.path_for_shard(shard)), lambda: self._make(shard)) as connection:
            yield connection

    def _make(self, shard: str) -> None:
        """Make the tables of a new file; Dagster's own way takes a tenth of a second, which a run's file need not."""
        arguments = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
        engine = create_engine(self.conn_string_for_shard(shard), poolclass=NullPool, connect_args=arguments)
        try:
            with engine.connect() as connection:
                tables = inspect(connection).get_table_names()
                if _REVISION in tables and connection.exec_driver_sql(f"SELECT 1 FROM {_REVISION}").first():
                    return
                if shard != _INDEX and not tables:
                    _make_tables(connection)
                    return
        except DatabaseError:
            pass  # another process makes them at the same time, or it is no database: Dagster knows what to do
        self._initdb(engine, for_index_shard=shard == _INDEX)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has that table; none is ever dropped."""
        if table_name not in self._tables:
            with self.index_connection() as connection:
                if not connection.dialect.has_table(connection, table_name):
                    return False
            self._tables.add(table_name)
        return True

    def store_event(self, event: EventLogEntry) -> None:
        """Store one event."""
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of any runs, those of each run in one transaction."""
        by_run: dict[str, list[EventLogEntry]] = {}
        for event in events:
            by_run.setdefault(event.run_id, []).append(event)
        for run_id, of_run in by_run.items():
            self._store(run_id, of_run)

    def _store(self, run_id: str, events: Sequence[EventLogEntry]) -> None:
        texts = EventTexts()
        rows = [self._row(event, texts.text(event)) for event in events]
        mirrored = [(event, row) for event, row in zip(events, rows, strict=True) if _is_mirrored(event)]
        statement = SqlEventLogStorageTable.insert()
        if not mirrored:
            with self.run_connection(run_id) as of_run:
                of_run.execute(statement, rows)
            return
        with self.index_connection() as index, self.run_connection(run_id) as of_run:  # committed from right to left
            of_run.execute(statement, rows)
            index.execute(statement, [row for _, row in mirrored])
            # SQLite numbers them one after the other, since nobody else writes meanwhile; reading back takes longer.
            last = int(index.exec_driver_sql("SELECT last_insert_rowid()").scalar_one())
            numbered = enumerate(mirrored, last - len(mirrored) + 1)
            self._index(index, [Indexed(event, number, row["event"]) for number, (event, row) in numbered])

    def _row(self, event: EventLogEntry, text: str | None) -> dict[str, Any]:
        """The row of an event; where its text is given, it is an evaluation or a materialization."""
        if text is None:
            return self._event_to_row(event)
        happened = event.get_dagster_event()
        asset_key = happened.asset_key  # none of evaluations: Dagster finds them by a table of their own
        return {
            "run_id": event.run_id,
            "event": text,
            "dagster_event_type": happened.event_type_value,
            "timestamp": self._event_insert_timestamp(event),  # type: ignore[no-untyped-call]
            "step_key": happened.step_key,
            "asset_key": asset_key.to_string() if asset_key else None,
            "partition": happened.partition,
        }

    def _index(self, index: Connection, events: Sequence[Indexed]) -> None:
        of_assets = [(event, number) for event, number, _ in events if event.dagster_event_type in ASSET_EVENTS]
        if of_assets:
            self._store_asset_event_tags(index, *zip(*of_assets, strict=True))
            self._store_assets(index, of_assets)
        of_checks = [indexed for indexed in events if indexed.event.dagster_event_type in ASSET_CHECK_EVENTS]
        store_checks(index, of_checks, self.store_asset_check_event)

    def forget_planned_checks(self, run_id: str, checks: Sequence[dg.AssetCheckKey]) -> None:
        """Forget of which partitions a run was to evaluate `checks` and did not.

        Once the run fails Dagster would show each of them as one whose evaluation failed, over what was found before.
        """
        with self.index_connection() as index:
            forget_planned(index, run_id, checks)

    def _store_assets(self, index: Connection, events: Sequence[tuple[EventLogEntry, int]]) -> None:
        """What the last event of each kind says of its asset: each overwrites what those of its kind said before."""
        last: dict[str, dict[Any, tuple[EventLogEntry, int]]] = {}
        for event, number in events:
            if asset_key := event.get_dagster_event().asset_key:
                kinds = last.setdefault(asset_key.to_string(), {})
                kinds.pop(event.dagster_event_type, None)
                kinds[event.dagster_event_type] = (event, number)
        has_columns = self._has_asset_key_index_cols_on_connection(index)
        for key, kinds in last.items():
            values: dict[str, Any] = {}
            for event, number in kinds.values():
                values |= self._get_asset_entry_values(event, number, has_columns)
            if values:
                statement = insert(AssetKeyTable).values(asset_key=key, **values)
                index.execute(statement.on_conflict_do_update(index_elements=["asset_key"], set_=values))

    def wipe(self) -> None:
        """Delete everything."""
        self._shards.close()
        super().wipe()

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call `callback` with each new event of a run, whichever process stores it."""
        observer: Any = self._obs
        if observer is None:
            self._obs = observer = Observer()  # type: ignore[assignment]
            observer.start()
        watchdog = _Watchdog(self, run_id, callback, cursor)
        watch = observer.schedule(watchdog, self._base_dir, recursive=True)
        self._watchers[run_id][callback] = (watchdog, watch)

    def dispose(self) -> None:
        """Close everything."""
        super().dispose()
        self._shards.close()


class _Watchdog(SqliteEventLogStorageWatchdog):
    """Looks at the write-ahead log too, into which events go while the file stays open."""

    @property
    def patterns(self) -> list[str]:
        return [self._log_path, f"{self._log_path}-wal"]

    def on_modified(self, event: FileSystemEvent) -> None:
        self._process_log()


def _make_tables(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    SqlEventLogStorageMetadata.create_all(connection)
    connection.exec_driver_sql(
        f"CREATE TABLE {_REVISION} (\n\tversion_num VARCHAR(32) NOT NULL, \n"
        f"\tCONSTRAINT {_REVISION}_pkc PRIMARY KEY (version_num)\n)"
    )
    connection.exec_driver_sql(f"INSERT INTO {_REVISION} VALUES (?)", (TESTED_VERSIONS[dg.__version__],))
    connection.commit()


def _is_mirrored(event: EventLogEntry) -> bool:
    return event.is_dagster_event and event.dagster_event_type in _MIRRORED
