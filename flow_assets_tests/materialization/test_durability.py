import hashlib
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
import psutil
import pytest

from flow_assets.lake import Record
from flow_assets_tests.forked import Flow, flow, start_flow
from flow_assets_tests.sandbox import Sandbox

KILLS = 12
DAYS = [f"2024-03-{day:02}" for day in range(1, 9)]
PARTITIONS = 3 * len(DAYS) + 1


def deployment(root: Path) -> Sandbox:
    """Eight days, published in many small batches, so that a kill may come between any two."""
    root.mkdir()
    made = Sandbox(root)
    made.edit("calendar.py", '"2024-03-06"', '"2024-03-09"')
    made.edit("readings.py", "    day = context", "    import time\n\n    time.sleep(0.05)\n    day = context")
    for day in DAYS:
        made.land(day)
    return made


def contents(sandbox: Sandbox) -> dict[tuple[str, str], str]:
    with sandbox.project() as project:
        return {(n, p): h.content_hash for n in project.graph.datasets for p, h in project.holdings.current(n).items()}


def computations(sandbox: Sandbox) -> int:
    with sqlite3.connect(sandbox.settings.ledger) as connection:
        ((number,),) = connection.execute("SELECT count(*) FROM history WHERE change = 'computed'")
    connection.close()
    return int(number)


def assert_nothing_published_is_broken(sandbox: Sandbox) -> int:
    """Every partition the ledger holds has its record and whole files; returns how many there are."""
    with sandbox.project() as project:
        held = [h for name in project.graph.datasets for h in project.holdings.current(name).values()]
        for holding in held:
            record = project.store.get_record(holding.key)
            assert isinstance(record, Record)
            assert record.content_hash == holding.content_hash
            for file in record.files:
                data = project.store.local_path(file.hash).read_bytes()
                assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.hash)
    return len(held)


def runs(sandbox: Sandbox) -> list[dg.DagsterRun]:
    with dg.DagsterInstance.from_config(str(sandbox.settings.dagster_home)) as instance:
        return list(instance.get_runs())


@contextmanager
def repeating(action: Callable[[], None]) -> Iterator[list[BaseException]]:
    """Repeat `action` beside the test until it ends; what it raises is gathered."""
    raised: list[BaseException] = []
    stop = threading.Event()

    def loop() -> None:
        while not stop.wait(0.005) and not raised:
            try:
                action()
            except BaseException as error:  # noqa: BLE001  told to the test's own thread
                raised.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield raised
    finally:
        stop.set()
        thread.join()


def warehouse_reader(sandbox: Sandbox) -> Callable[[], None]:
    def read() -> None:
        if sandbox.settings.warehouse.exists():
            with duckdb.connect(str(sandbox.settings.warehouse), read_only=True) as connection:
                for dataset in ("raw_readings", "readings", "meters_seen", "trends"):
                    connection.execute(f"SELECT * FROM meters.{dataset}").fetchall()

    return read


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def is_computing(sandbox: Sandbox) -> bool:
    """Whether somebody has claimed partitions of `readings`."""
    return bool(claims(sandbox, "WHERE dataset = 'readings'"))


def claims(sandbox: Sandbox, where: str = "") -> list[tuple[str]]:
    if not sandbox.settings.ledger.exists():
        return []
    connection = sqlite3.connect(sandbox.settings.ledger, timeout=20)
    try:
        return connection.execute(f"SELECT partition FROM claims {where}").fetchall()
    except sqlite3.OperationalError:  # its tables are not there yet
        return []
    finally:
        connection.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[tuple[str, str], str], float]:
    """The contents of a deployment that nobody disturbed, and the seconds they took."""
    sandbox = deployment(tmp_path_factory.mktemp("undisturbed") / "deployment")
    start = time.monotonic()
    assert flow(sandbox, "run").code == 0
    return contents(sandbox), time.monotonic() - start


@pytest.mark.slow
def test_killed_at_any_moment_the_next_run_completes(
    tmp_path: Path, undisturbed: tuple[dict[tuple[str, str], str], float]
) -> None:
    expected, seconds = undisturbed
    assert len(expected) == PARTITIONS
    sandbox, delays = deployment(tmp_path / "deployment"), random.Random(20131231)
    published, codes = [0], []
    with repeating(warehouse_reader(sandbox)) as raised:
        for number in range(KILLS):
            running = start_flow(sandbox, "run", "--force" if number % 3 == 2 else "--retry")
            running.process.join(delays.uniform(0.1, seconds))
            running.process.kill()
            running.process.join()
            codes.append(running.code)
            published.append(assert_nothing_published_is_broken(sandbox))
        done = flow(sandbox, "run")
    assert codes.count(-signal.SIGKILL) >= KILLS // 2, codes
    assert not raised
    assert (done.code, published) == (0, sorted(published))
    assert contents(sandbox) == expected
    assert_nothing_published_is_broken(sandbox)
    before = computations(sandbox)
    assert "Nothing was computed" in flow(sandbox, "run").stdout
    assert computations(sandbox) == before
    with sandbox.project() as project, project.claims():
        assert not claims(sandbox)  # whoever claims next forgets those of the dead


def test_the_dead_hold_no_claims_and_their_dagster_runs_are_ended(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "    day = context", "    import time\n\n    time.sleep(0.2)\n    day = context")
    running = start_flow(sandbox, "run")
    wait_until(lambda: is_computing(sandbox))
    running.process.kill()
    running.process.join()
    assert [run.status for run in runs(sandbox)] == [dg.DagsterRunStatus.STARTED]
    start = time.monotonic()
    done = flow(sandbox, "run")
    assert done.code == 0, done.stderr
    assert time.monotonic() - start < 30  # a claim of another host would count for a minute
    killed = runs(sandbox)[-1]
    assert killed.status is dg.DagsterRunStatus.FAILURE
    with dg.DagsterInstance.from_config(str(sandbox.settings.dagster_home)) as instance:
        messages = [event.message for event in instance.all_logs(killed.run_id)]
    assert any("The process that carried this run out is dead." in message for message in messages)
    assert {run.status for run in runs(sandbox)[:-1]} == {dg.DagsterRunStatus.SUCCESS}


LONG_QUERY = "SELECT sum(hash(a.range * b.range) % 2)::BIGINT FROM range(1000000) a, range(1000000) b"


@pytest.mark.parametrize("busy", ["in Python", "in DuckDB"])
def test_interrupted_it_ends_at_once_and_the_next_run_completes(sandbox: Sandbox, busy: str) -> None:
    good = sandbox.files["readings.py"]
    if busy == "in DuckDB":
        sandbox.edit("readings.py", "AS deciwatts FROM", f"+ 0 * ({LONG_QUERY}) AS deciwatts FROM")
    else:
        sandbox.edit("readings.py", "    day = context", "    import time\n\n    time.sleep(30)\n    day = context")
    running = start_flow(sandbox, "run")
    wait_until(lambda: is_computing(sandbox))
    time.sleep(0.5)
    interrupt(running)
    assert "flow: interrupted; what was published stays, the next run goes on from there\n" in running.stderr
    assert "Traceback" not in running.stderr
    assert [run.status for run in runs(sandbox)] == [dg.DagsterRunStatus.FAILURE]
    assert not claims(sandbox)
    sandbox.write("readings.py", good)
    done = flow(sandbox, "run", "--json")
    assert done.code == 0, done.stdout + done.stderr
    assert assert_nothing_published_is_broken(sandbox) == 16


def interrupt(running: Flow) -> None:
    """Send what Ctrl-C sends, and see that the process ends promptly and leaves none behind."""
    children = psutil.Process(running.process.pid).children(recursive=True)
    assert running.process.pid
    psutil.Process(running.process.pid).send_signal(signal.SIGINT)
    start = time.monotonic()
    running.wait(20)
    assert time.monotonic() - start < 5
    assert running.code == 130, running.stderr
    assert not [child for child in children if child.is_running()]


def test_two_runs_at_once_share_the_work(tmp_path: Path, undisturbed: tuple[dict[tuple[str, str], str], float]) -> None:
    sandbox = deployment(tmp_path / "deployment")
    sandbox.edit("readings.py", "time.sleep(0.05)", "time.sleep(0.1)")
    both = [start_flow(sandbox, "run", "--json") for _ in range(2)]
    assert [running.wait().code for running in both] == [0, 0], [running.stderr for running in both]
    assert contents(sandbox) == undisturbed[0]
    assert computations(sandbox) == PARTITIONS
    assert_nothing_published_is_broken(sandbox)
    assert not claims(sandbox)


def test_readers_never_see_half_a_publication(tmp_path: Path) -> None:
    sandbox = deployment(tmp_path / "deployment")
    with sandbox.project() as project:

        def read_what_is_held() -> None:
            for name in project.graph.datasets:
                for holding in project.holdings.current(name).values():
                    for text in holding.blobs.split(";"):
                        digest, size, _ = text.split(" ")
                        assert project.store.local_path(digest).stat().st_size == int(size)
                    assert project.store.get_record(holding.key)

        with repeating(read_what_is_held) as raised, repeating(warehouse_reader(sandbox)) as raised_too:
            assert flow(sandbox, "run").code == 0
    assert (raised, raised_too) == ([], [])
