"""Open SQLite files, few of them and each opened once: what the event log reads and writes through.

A transaction that is asked for inside another of the same file joins it. A forked child opens files of its own: SQLite
allows nobody to use a connection that another process has opened, nor to close it.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

BUSY_SECONDS = 30
OPEN_FILES = 16
"""A web server sees thousands of runs, each in a file of its own."""

Identity = tuple[int, int]


class _Shard(NamedTuple):
    engine: Engine
    identity: Identity | None


class Shards:
    """SQLite files in use by this process; one thread at a time is let in."""

    def __init__(self, limit: int = OPEN_FILES) -> None:
        self._limit = limit
        self._made: dict[Path, Identity | None] = {}
        self._start()
        _LIVING.add(self)

    def _start(self) -> None:
        self._lock = threading.RLock()
        self._open: OrderedDict[Path, _Shard] = OrderedDict()
        self._current: dict[Path, Connection] = {}

    @contextmanager
    def transaction(self, path: Path, make: Callable[[], None]) -> Iterator[Connection]:
        """A transaction on the file at `path`.

        Args:
            path: where the file lies.
            make: makes the file and its tables; called before its first use here, and if it was replaced since.
        """
        with self._lock:
            if joined := self._current.get(path):
                yield joined
                return
            with self._engine(path, make).begin() as connection:
                self._current[path] = connection
                try:
                    yield connection
                finally:
                    del self._current[path]

    def close(self) -> None:
        """Close every file; they are opened again when they are needed."""
        with self._lock:
            for path in list(self._open):
                self._close(path)

    def _engine(self, path: Path, make: Callable[[], None]) -> Engine:
        identity = _identity(path)
        shard = self._open.get(path)
        if shard and shard.identity == identity:
            self._open.move_to_end(path)
            return shard.engine
        if shard:  # the file was deleted or replaced
            self._close(path)
        if path not in self._made or self._made[path] != identity:
            make()
            self._made[path] = identity = _identity(path)
        self._open[path] = _Shard(_open_engine(path), identity)
        idle = [other for other in self._open if other not in self._current and other != path]
        for other in idle[: max(0, len(self._open) - self._limit)]:
            self._close(other)
        return self._open[path].engine

    def _close(self, path: Path) -> None:
        self._open.pop(path).engine.dispose()

    def _leave_to_parent(self) -> None:
        _PARENTS.extend(shard.engine for shard in self._open.values())
        self._start()


def _open_engine(path: Path) -> Engine:
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(f"sqlite:///{path}", poolclass=StaticPool, connect_args=arguments)
    event.listen(engine, "connect", _on_connect)
    return engine


def _on_connect(dbapi_connection: Any, _: Any) -> None:
    dbapi_connection.execute("PRAGMA synchronous=NORMAL").close()  # a commit survives the process, at no fsync


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


_LIVING: WeakSet[Shards] = WeakSet()
_PARENTS: list[Engine] = []
"""Kept from the garbage collector, which would close them."""


def _after_fork() -> None:
    for shards in list(_LIVING):
        shards._leave_to_parent()


os.register_at_fork(after_in_child=_after_fork)
