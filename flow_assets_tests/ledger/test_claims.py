import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, select

from flow_assets.errors import StoreError
from flow_assets.ledger import Claims, Owner, claims, database, open_database, tables
from flow_assets.ledger.database import transaction

TAKER = """
import sys, time
from pathlib import Path
from flow_assets.ledger import Claims, open_database

with Claims(open_database(Path(sys.argv[1])), "local") as claims:
    print(sorted(claims.take("d", ["a", "b"])), flush=True)
    time.sleep(60)
"""


def owners(engine: Engine) -> set[str]:
    with transaction(engine) as connection:
        return {row.owner for row in connection.execute(select(tables.owners))}


@contextmanager
def expired(engine: Engine, of: Claims, **values: object) -> Iterator[None]:
    with transaction(engine) as connection:
        mine = tables.owners.c.owner == of.owner.owner
        connection.execute(tables.owners.update().where(mine).values(expires=time.time() - 1, **values))
    yield


def test_two_owners_share_partitions(engine: Engine) -> None:
    with Claims(engine, "local") as one, Claims(engine, "local") as other:
        assert one.take("d", ["a", "b"]) == {"a", "b"}
        assert other.take("d", ["b", "c"]) == {"c"}
        assert one.take("d", ["a", "c"]) == set()
        assert other.take("e", ["a"]) == {"a"}
        one.give_up("d", ["a", "c"])  # c is not its own
        assert other.take("d", ["a", "b", "c"]) == {"a"}
    with Claims(engine, "local") as third:
        assert third.take("d", ["a", "b", "c"]) == {"a", "b", "c"}
    assert owners(engine) == set()


def test_environments_do_not_share(engine: Engine) -> None:
    with Claims(engine, "local") as one, Claims(engine, "staging") as other:
        assert one.take("d", ["a"]) == other.take("d", ["a"]) == {"a"}


def test_many_owners_take_each_partition_once(path: Path, engine: Engine) -> None:
    taken: list[str] = []

    def take() -> None:
        with Claims(open_database(path), "local") as own:
            for number in range(10):
                taken.extend(own.take("d", [str(number), str(9 - number)]))
            barrier.wait()

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [str(number) for number in range(10)]


def test_a_killed_process_loses_its_claims_at_once(path: Path, engine: Engine) -> None:
    process = subprocess.Popen([sys.executable, "-c", TAKER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "['a', 'b']\n"
    with Claims(engine, "local") as own:
        assert own.take("d", ["a", "b"]) == set()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert own.take("d", ["a", "b"]) == {"a", "b"}


@pytest.mark.parametrize("values", [{}, {"host": "elsewhere"}, {"process_started": 1.0}, {"pid": 2**22 - 1}])
def test_who_lets_the_heart_stand_still_loses_claims(engine: Engine, values: dict[str, object]) -> None:
    with Claims(engine, "local") as one, Claims(engine, "local") as other:
        one.take("d", ["a"])
        with expired(engine, one, **values):
            assert other.take("d", ["a"]) == {"a"}


def test_a_heart_that_beats_on_another_host_keeps_claims(engine: Engine) -> None:
    with Claims(engine, "local") as one, Claims(engine, "local") as other:
        one.take("d", ["a"])
        with transaction(engine) as connection:
            connection.execute(tables.owners.update().values(host="elsewhere", pid=1))
        assert other.take("d", ["a"]) == set()


def test_who_was_taken_for_dead_but_lives_makes_claims_that_die_with_it(engine: Engine) -> None:
    with Claims(engine, "local") as other, Claims(engine, "local") as one:
        with expired(engine, one):
            other.take("d", ["a"])
        assert one.owner.owner not in owners(engine)
        assert one.take("d", ["b"]) == {"b"}
        assert one.owner.owner in owners(engine)
        with expired(engine, one):
            assert other.take("d", ["b"]) == {"b"}


def test_the_heart_beats_on_though_the_ledger_was_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    monkeypatch.setattr(claims, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    impatient = open_database(path)
    with Claims(impatient, "local") as own:
        with transaction(engine):  # holds the write lock
            with pytest.raises(StoreError, match="locked"):
                own.take("d", ["a"])
            time.sleep(0.1)
        with expired(engine, own):
            time.sleep(0.1)
        with Claims(impatient, "local") as other:
            assert own.owner.owner in owners(engine)
            assert other.take("d", ["b"]) == {"b"}


def test_a_clock_that_is_set_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    me = Owner()
    real = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: real(process) + 3600)
    assert me.is_alive(math.inf)
    assert Owner().process_started == me.process_started == float(str(me.process_started))


def test_a_process_that_nobody_has_waited_for_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        owner = Owner(pid=process.pid, process_started=claims._started(process.pid) or 0)
        assert owner.is_alive(math.inf)
        process.kill()
        deadline = time.monotonic() + 10
        while owner.is_alive(math.inf) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not owner.is_alive(math.inf)
        assert process.returncode is None
    finally:
        process.kill()
        process.communicate()
    assert not owner.is_alive(math.inf)


def test_without_linux_a_process_is_told_by_its_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(claims, "Path", lambda path: tmp_path / "no proc")
    assert Owner().is_alive(math.inf)
    assert Owner().process_started == psutil.Process().create_time()
    assert not Owner(pid=2**22 - 1).is_alive(math.inf)
