import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage

from flow_assets.materialization.skin import event_log, open_instance
from flow_assets.materialization.skin.event_log import BatchedEventLog, InstanceEventLog
from flow_assets_tests.materialization.skin.conftest import deploy
from flow_assets_tests.materialization.skin.recorded import ASKED, LINE, instance_of, readings, record, rows
from flow_assets_tests.sandbox import DAYS, Sandbox

ALL_DAYS = (DAYS[0], DAYS[-1])
RAW = dg.AssetKey("raw_readings")


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours sets it for its process; Dagster's own must be seen without."""
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "0")
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE")


@pytest.mark.slow
def test_rows_and_answers_are_those_of_dagsters_own(tmp_path: Path) -> None:
    """As a whole; every row and answer is also read from the other's files."""
    stock, ours = tmp_path / "stock", tmp_path / "ours"
    with instance_of(stock, is_stock=True) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        of_stock = record(instance)
        expected, answers = rows(stock, of_stock), readings(instance, of_stock)
    with instance_of(ours, is_stock=False) as instance:
        assert type(instance.event_log_storage) is BatchedEventLog
        of_ours = record(instance)
        found = rows(ours, of_ours)
        mine = readings(instance, of_ours)
    assert list(found) == list(expected)
    for table, expected_rows in expected.items():
        assert found[table] == expected_rows, table
    assert sum(map(len, found.values())) > 150
    with instance_of(ours, is_stock=True) as instance:
        assert readings(instance, of_ours) == mine
    with instance_of(stock, is_stock=False) as instance:
        assert readings(instance, of_stock) == answers
        more = record(instance)
    with instance_of(stock, is_stock=True) as instance:
        record(instance)
        assert len(instance.get_run_records()) == 18
        assert set(answers["partitions counted"]) == set(ASKED) - {ASKED[1]}
        assert len(instance.fetch_materializations(dg.AssetKey("stored"), limit=100).records) == 3 * len(ASKED)
        assert instance.get_records_for_run(more[0]).records


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[list[EventLogEntry]]:
    """What is stored from now on, each batch for itself."""
    found: list[list[EventLogEntry]] = []
    store = BatchedEventLog.store_event_batch

    def spy(log: BatchedEventLog, events: Sequence[EventLogEntry]) -> None:
        found.append(list(events))
        store(log, events)

    monkeypatch.setattr(BatchedEventLog, "store_event_batch", spy)
    return found


def kinds(batch: Sequence[EventLogEntry]) -> tuple[int, set[dg.DagsterEventType | None]]:
    return len(batch), {event.dagster_event_type for event in batch}


def test_what_is_planned_and_what_is_published_together_is_stored_together(
    sandbox: Sandbox, batches: list[list[EventLogEntry]]
) -> None:
    with deploy(sandbox) as deployment:
        assert deployment.materialize("raw_readings", "readings", days=ALL_DAYS).success
    stored = [kinds(batch) for batch in batches]
    planned = {dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED}
    assert (10 + 4, planned) in stored  # two checks a dataset, for all partitions
    assert stored.count((5, {dg.DagsterEventType.ASSET_MATERIALIZATION})) == 2
    assert len(stored) < 20 + 4  # the run's own events; of those for partitions none comes alone
    before = len(batches)
    with deploy(sandbox) as deployment:
        assert deployment.materialize("raw_readings", days=ALL_DAYS[:2]).success
    assert len(batches) - before == len(stored) - 5  # of one dataset less, whatever the number of days


def test_nothing_is_stored_of_a_partition_that_nobody_asked_for(sandbox: Sandbox) -> None:
    with deploy(sandbox) as deployment:
        deployment.materialize("raw_readings", "readings", days=ALL_DAYS)
        asked = deployment.materialize("trends", days=(DAYS[1], DAYS[3]))  # it reads days before
        log = deployment.instance.event_log_storage
        assert log.get_asset_partitions_for_run(asked.run_id) == {dg.AssetKey("trends"): set(DAYS[1:4])}
        nothing = deployment.materialize("meters_seen")  # it reads all days
        assert log.get_asset_partitions_for_run(nothing.run_id) == {dg.AssetKey("meters_seen"): {None}}


def test_the_run_reads_what_it_has_stored(sandbox: Sandbox) -> None:
    """Within one step, what is stored of one dataset is the provenance of the next."""
    with deploy(sandbox) as deployment:
        result = deployment.materialize("raw_readings", "readings", days=ALL_DAYS)
        events = deployment.events(result)
        (record,) = deployment.instance.get_asset_records([RAW])
        latest = str(record.asset_entry.last_materialization_storage_id)
    pointers = {events[f"readings {day}"].tags["dagster/input_event_pointer/raw_readings"] for day in DAYS}
    assert pointers == {latest}


def test_an_instance_that_was_moved_stores_where_it_lies_now(sandbox: Sandbox) -> None:
    home = sandbox.settings.dagster_home
    with deploy(sandbox) as deployment:
        deployment.materialize("raw_readings", days=ALL_DAYS)
    moved = home.rename(home.with_name("moved"))
    with open_instance(moved) as instance:
        assert instance.get_materialized_partitions(RAW) == set(DAYS)
        instance.report_runless_asset_event(dg.AssetMaterialization("by_hand"))
    assert not home.exists()
    with open_instance(moved) as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("by_hand"))


def test_the_folder_can_be_another(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text(
        "event_log_storage:\n"
        "  module: flow_assets.materialization.skin.event_log\n"
        "  class: BatchedEventLog\n"
        f"  config: {{base_dir: {tmp_path / 'elsewhere'}}}\n"
    )
    with open_instance(tmp_path / "home") as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("by_hand"))
    assert (tmp_path / "elsewhere" / "index.db").exists()
    assert not (tmp_path / "home" / "history" / "runs").exists()


def test_of_another_version_dagsters_own_is_used_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(event_log, "TESTED_VERSIONS", {"0.0.1": "a"})
    monkeypatch.setattr(event_log, "_told", set())
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        with open_instance(tmp_path / "home") as instance:
            log = instance.event_log_storage
            assert type(log) is InstanceEventLog
            assert type(log).store_event is SqliteEventLogStorage.store_event
            instance.report_runless_asset_event(dg.AssetMaterialization("by_hand"))
            assert instance.get_latest_materialization_event(dg.AssetKey("by_hand"))
    (said,) = [r.getMessage() for r in caplog.records if r.name == "flow_assets"]
    assert said.startswith(f"The event log of flow_assets is tested with Dagster 0.0.1, not with {dg.__version__}: ")
    assert said.endswith(" Upgrade flow_assets, or take event_log_storage out of dagster.yaml.")


def test_a_watcher_hears_of_what_another_stores_while_it_keeps_its_files_open(tmp_path: Path) -> None:
    heard: list[str] = []
    enough = threading.Event()

    def listen(entry: EventLogEntry, cursor: str) -> None:
        heard.append(entry.user_message)
        if len(heard) == 3:
            enough.set()

    run = "3f2a0e9c-0000-4000-8000-000000000001"
    with open_instance(tmp_path / "home") as writing, open_instance(tmp_path / "home") as watching:
        store(writing, run, "before")
        watching.watch_event_logs(run, None, listen)
        for message in ("one", "two"):
            store(writing, run, message)
        assert enough.wait(30), heard
        watching.end_watch_event_logs(run, listen)
        store(writing, run, "after")
    assert heard == ["before", "one", "two"]


def store(instance: dg.DagsterInstance, run: str, message: str) -> None:
    instance.handle_new_event(EventLogEntry(None, 10, message, run, 1.0, job_name="job"))


@pytest.mark.slow
def test_a_batch_that_cannot_be_stored_leaves_nothing_and_is_stored_event_by_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index, failed = BatchedEventLog._index, []

    def fail_with_batches(log: BatchedEventLog, connection: Any, events: Sequence[Any]) -> None:
        index(log, connection, events)
        if len(events) > 1:
            failed.append(len(events))
            raise OSError("no space")

    with instance_of(tmp_path / "whole", is_stock=False) as instance:
        expected = rows(tmp_path / "whole", record(instance))
    monkeypatch.setattr(BatchedEventLog, "_index", fail_with_batches)
    with instance_of(tmp_path / "halves", is_stock=False) as instance:
        found = rows(tmp_path / "halves", record(instance))
    assert failed
    assert "no space" in capsys.readouterr().err
    assert found == expected


def test_deleting_a_run_and_wiping_everything(tmp_path: Path) -> None:
    with instance_of(tmp_path, is_stock=False) as instance:
        runs = record(instance)
        instance.delete_run(runs[2])
        assert instance.get_records_for_run(runs[2]).records == []
        assert instance.get_materialized_partitions(dg.AssetKey("stored")) == set()
        instance.wipe_assets([dg.AssetKey("alone")])
        assert not instance.has_asset_key(dg.AssetKey("alone"))
        instance.wipe()
        assert list(instance.all_asset_keys()) == []
        left = {path.name for path in (tmp_path / "history" / "runs").glob("*.db")}
        assert left == {"index.db", ".db"}  # Dagster's own, too, leaves what belongs to no run
        record(instance)
        assert instance.get_materialized_partitions(dg.AssetKey("stored")) == set(ASKED)


def test_settings_of_the_first_version_are_replaced_and_a_line_taken_out_stays_out(tmp_path: Path) -> None:
    file = tmp_path / "dagster.yaml"
    file.write_text(
        "# Settings of the Dagster instance; written once, edit it as you like.\n"
        "telemetry:\n  enabled: false\nrun_retries:\n  enabled: true\n"
        "  retry_on_asset_or_op_failure: false  # a bad day must not rerun the year\n"
    )
    with open_instance(tmp_path) as instance:
        assert isinstance(instance.event_log_storage, BatchedEventLog)
    file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith(LINE)))
    with open_instance(tmp_path) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage


SPY = '''"""Loaded wherever the datasets are: tells how many events are stored together."""
from pathlib import Path

from flow_assets.materialization.skin.event_log import BatchedEventLog

store = BatchedEventLog.store_event_batch

def spy(log, events):
    with Path("stored").open("a") as file:
        file.write(f"{getattr(events[0].dagster_event, 'event_type_value', 'log')} {len(events)}\\n")
    store(log, events)

BatchedEventLog.store_event_batch = spy
'''


@pytest.mark.slow
def test_a_run_of_dagsters_own_command_stores_batches_too(sandbox: Sandbox) -> None:
    sandbox.write("spy.py", SPY)
    home = sandbox.settings.dagster_home
    with open_instance(home):
        pass
    command = ["asset", "materialize", "--select", "raw_readings", "-m", "flow_assets.definitions"]
    done = subprocess.run(
        [sys.executable, "-m", "dagster", *command, "--partition-range", "...".join(ALL_DAYS)],
        env=sandbox.environment(DAGSTER_HOME=str(home)),
        cwd=sandbox.root,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    stored = (sandbox.root / "stored").read_text().splitlines()
    of_partitions = [line for line in stored if line.startswith("ASSET_")]
    evaluated = ["ASSET_CHECK_EVALUATION 10", "ASSET_CHECK_EVALUATION 2"]  # and what two checks come to
    assert of_partitions == ["ASSET_MATERIALIZATION_PLANNED 7", "ASSET_MATERIALIZATION 5", *evaluated]
