"""Several processes and threads on one event log, some of them killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry

from flow_assets.materialization.skin import open_instance
from flow_assets.materialization.skin.event_log import BatchedEventLog
from flow_assets_tests.materialization.skin.conftest import deploy
from flow_assets_tests.sandbox import DAYS, Sandbox

ASSET = dg.AssetKey("counted")
BATCH = 7
WRITER = f"""
import os, sys, threading
from pathlib import Path
import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from flow_assets.materialization.skin import open_instance

def entry(run, number):
    data = StepMaterializationData(
        dg.AssetMaterialization("counted", partition=f"{{run}} {{number}}", tags={{"dagster/data_version": "1"}})
    )
    event = DagsterEvent(DagsterEventType.ASSET_MATERIALIZATION.value, "job", event_specific_data=data)
    return EventLogEntry(None, 10, "", run, float(number), job_name="job", dagster_event=event)

def write(log, run, batches):
    for batch in range(batches):
        log.store_event_batch([entry(run, batch * {BATCH} + number) for number in range({BATCH})])
        log.get_materialized_partitions(dg.AssetKey("counted"))
        if batch == 0:
            print("ready", flush=True)

def main(home, name, threads, batches):
    with open_instance(Path(home)) as instance:
        work = [
            threading.Thread(target=write, args=(instance.event_log_storage, f"{{name}}-{{n % 2}}", int(batches)))
            for n in range(int(threads))
        ]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()

def fork(home):
    with open_instance(Path(home)) as instance:
        log = instance.event_log_storage
        write(log, "run", 1)
        child = os.fork()
        write(log, "run", 3)
        if child == 0:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        write(log, "run", 1)
        print("logs", len(log.get_logs_for_run("run")))

globals()[sys.argv[1]](*sys.argv[2:])
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with open_instance(tmp_path / "home"):
        pass
    return tmp_path / "home"


def writer(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def counts(home: Path, name: str) -> Counter[str]:
    """Rows by run, in one of the files."""
    with closing(sqlite3.connect(home / "history" / "runs" / f"{name}.db")) as connection:
        return Counter(dict(connection.execute("SELECT run_id, count(*) FROM event_logs GROUP BY run_id")))


@pytest.mark.slow
def test_what_processes_and_threads_store_at_once_is_all_there(home: Path) -> None:
    processes = [writer("main", home, f"run{number}", 4, 10) for number in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    expected = {f"run{number}-{half}": 2 * 10 * BATCH for number in range(3) for half in range(2)}
    assert counts(home, "index") == expected
    assert {run: counts(home, run)[run] for run in expected} == expected
    with closing(sqlite3.connect(home / "history" / "runs" / "index.db")) as connection:
        tags = connection.execute(
            "SELECT count(*), count(DISTINCT event_id) FROM asset_event_tags"
            " JOIN event_logs ON event_logs.id = event_id AND event_logs.timestamp = event_timestamp"
        ).fetchone()
        assert connection.execute("SELECT asset_key FROM asset_keys").fetchall() == [(ASSET.to_string(),)]
    assert tags == (sum(expected.values()),) * 2


def test_a_forked_child_opens_files_of_its_own(home: Path) -> None:
    process = writer("fork", home)
    found, errors = process.communicate(timeout=60)
    assert (process.returncode, found.split()[-2:]) == (0, ["logs", str(8 * BATCH)]), errors
    assert counts(home, "index") == {"run": 8 * BATCH}
    with closing(sqlite3.connect(home / "history" / "runs" / "index.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.6])
def test_of_a_killed_process_whole_batches_are_left_and_the_index_is_at_most_one_behind(
    home: Path, seconds: float
) -> None:
    process = writer("main", home, "run", 1, 100_000)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    process.kill()
    process.communicate(timeout=30)
    in_run, in_index = counts(home, "run-0")["run-0"], counts(home, "index")["run-0"]
    assert in_run % BATCH == in_index % BATCH == 0
    assert in_run - in_index in (0, BATCH)
    with open_instance(home) as instance:  # nobody holds a lock
        instance.report_runless_asset_event(dg.AssetMaterialization("by_hand"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_a_batch_ends_the_run_after_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    handle, sent = dg.DagsterInstance.handle_new_event, []

    def send(instance: dg.DagsterInstance, event: EventLogEntry, **options: object) -> None:
        kind = event.dagster_event_type
        if not sent and kind is dg.DagsterEventType.ASSET_MATERIALIZATION:
            sent.append(kind)
            os.kill(os.getpid(), number)
        handle(instance, event, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(dg.DagsterInstance, "handle_new_event", send)
    with deploy(sandbox) as deployment:
        assert isinstance(deployment.instance.event_log_storage, BatchedEventLog)
        assert not deployment.materialize("raw_readings", "readings", days=(DAYS[0], DAYS[-1])).success
        (run,) = deployment.instance.get_runs()
        assert run.status is dg.DagsterRunStatus.FAILURE
        assert deployment.instance.get_materialized_partitions(dg.AssetKey("raw_readings")) == set(DAYS)
        assert deployment.instance.get_materialized_partitions(dg.AssetKey("readings")) == set()
