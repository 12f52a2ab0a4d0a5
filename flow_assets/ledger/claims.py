"""Who is computing what: claims that two runs share work by, and that die with the process that made them."""

import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from sqlalchemy import Connection, Engine, delete, insert, select

from flow_assets.errors import StoreError
from flow_assets.ledger import tables
from flow_assets.ledger.database import transaction

EXPIRY_SECONDS = 60.0
HEARTBEAT_SECONDS = 10.0


@dataclass(frozen=True)
class Owner:
    """One run of one process, known by the process so that its death is noticed at once on the same host."""

    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    process_started: float = field(default_factory=lambda: _started(os.getpid()) or 0.0)

    @property
    def is_running(self) -> bool | None:
        """Whether its process runs; None if that cannot be seen, because it is another host's."""
        return _started(self.pid) == self.process_started if self.host == socket.gethostname() else None

    def is_alive(self, expires: float) -> bool:
        """Whether its claims count: its heart beat lately, or it is a process of this host that still runs."""
        return self.is_running is not False and expires > time.time()


class Claims:
    """The claims of one owner in one environment; a context manager whose thread keeps them alive."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self.owner = Owner()
        self._engine = engine
        self._environment = environment
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="claims-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        with transaction(self._engine) as connection:
            _forget_the_dead(connection)
            self._register(connection)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        with transaction(self._engine) as connection:
            _forget(connection, [self.owner.owner])

    def take(self, dataset: str, partitions: Sequence[str]) -> set[str]:
        """Claim those of `partitions` that nobody else alive has claimed.

        Returns:
            The partitions that are now this owner's.
        """
        table = tables.claims
        with transaction(self._engine) as connection:
            _forget_the_dead(connection)
            self._register(connection)
            query = select(table.c.partition).where(
                table.c.environment == self._environment, table.c.dataset == dataset
            )
            taken = {row.partition for row in connection.execute(query)}
            won = [p for p in partitions if p not in taken]
            row = {"environment": self._environment, "dataset": dataset, "owner": self.owner.owner}
            if won:
                connection.execute(insert(table), [{**row, "partition": p} for p in won])
        return set(won)

    def give_up(self, dataset: str, partitions: Sequence[str]) -> None:
        """Release claims without a result."""
        table = tables.claims
        with transaction(self._engine) as connection:
            for start in range(0, len(partitions), 500):
                some = partitions[start : start + 500]
                connection.execute(
                    delete(table).where(
                        table.c.owner == self.owner.owner, table.c.dataset == dataset, table.c.partition.in_(some)
                    )
                )

    def _register(self, connection: Connection) -> None:
        """Say that this owner lives, also if others took it for dead and forgot it."""
        table = tables.owners
        connection.execute(delete(table).where(table.c.owner == self.owner.owner))
        connection.execute(insert(table), [{**vars(self.owner), "expires": time.time() + EXPIRY_SECONDS}])

    def _beat(self) -> None:
        table = tables.owners
        while not self._stop.wait(HEARTBEAT_SECONDS):
            mine = table.c.owner == self.owner.owner
            # A ledger that cannot be written for a while costs a beat; whoever publishes is told.
            with suppress(StoreError), transaction(self._engine) as connection:
                connection.execute(table.update().where(mine).values(expires=time.time() + EXPIRY_SECONDS))


def _started(pid: int) -> float | None:
    """Tells a process from any other that had or will have its id; None if it has ended.

    On Linux in clock ticks since the boot, plus a number for the boot, because a clock that is set moves the time since
    1970 at which a process started.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:  # it has ended, or this is no Linux
        with suppress(psutil.Error):
            return psutil.Process(pid).create_time()
        return None
    return None if state == "Z" else _boot() + float(fields[18])


@cache
def _boot() -> float:
    """A multiple of more ticks than a machine ever runs; with them, still a whole number that a float can hold."""
    return int(Path("/proc/sys/kernel/random/boot_id").read_text()[:4], 16) * 1e11


def _forget_the_dead(connection: Connection) -> None:
    table = tables.owners
    dead = [
        row.owner
        for row in connection.execute(select(table))
        if not Owner(row.owner, row.host, row.pid, row.process_started).is_alive(row.expires)
    ]
    if dead:
        _forget(connection, dead)


def _forget(connection: Connection, owners: Sequence[str]) -> None:
    for table in (tables.claims, tables.owners):
        connection.execute(delete(table).where(table.c.owner.in_(owners)))
