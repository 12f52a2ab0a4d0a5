"""What `event_log.py` and `events.py` lean on in Dagster, each shown with Dagster's own storage.

The package that is installed carries no tests of its event log: `test_event_log.py` compares rows and answers instead.
Those in Dagster's source distribution (`dagster_tests/storage_tests`) were run against ours once for each version in
`event_log.TESTED_VERSIONS`; docs/adr/0007-event-log.md says how.
"""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage

from flow_assets.materialization.skin.event_log import TESTED_VERSIONS
from flow_assets.materialization.skin.events import store_together
from flow_assets_tests.materialization.skin.recorded import ASKED, DAILY, RANGE

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
PLANNED, MADE = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, dg.DagsterEventType.ASSET_MATERIALIZATION


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dg.DagsterEventType | None, int]]:
    """Kind and number of the events that come together; those that come alone are left out."""
    found = []

    def spy(log: SqliteEventLogStorage, events: Sequence[EventLogEntry]) -> None:
        found.append((events[0].dagster_event_type, len(events)))
        for event in events:
            log.store_event(event)

    monkeypatch.setattr(SqliteEventLogStorage, "store_event_batch", spy)
    return found


@dg.multi_asset(
    specs=[dg.AssetSpec("readings", partitions_def=DAILY, skippable=True)],
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def together(context: dg.AssetExecutionContext) -> Iterator[Any]:
    yield from store_together(context, [dg.AssetMaterialization("readings", partition=day) for day in ASKED])


def run(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = dg.Definitions(assets=[together]).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, tags=RANGE, run_config=QUIET)


def test_the_version_installed_is_one_that_was_tested() -> None:
    """If not: compare with Dagster's tests as ADR 7 says, then add the version to `TESTED_VERSIONS`."""
    assert dg.__version__ in TESTED_VERSIONS


def test_the_package_carries_no_tests_of_its_storages() -> None:
    assert find_spec("dagster_tests") is None


def test_the_variable_makes_batches_of_what_is_planned_and_of_what_names_its_batch(
    instance: dg.DagsterInstance,
    stored: list[tuple[dg.DagsterEventType | None, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
    assert run(instance).success
    assert stored == []
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "3")
    assert run(instance).success
    assert stored == [(PLANNED, 3), (MADE, 3)]  # the fourth of each came alone


def test_events_that_a_step_has_stored_and_yields_are_not_stored_again(instance: dg.DagsterInstance) -> None:
    result = run(instance)
    assert len(instance.get_records_for_run(result.run_id, of_type=MADE).records) == len(ASKED)
    assert len(result.asset_materializations_for_node("together")) == len(ASKED)


def test_a_batch_that_fails_is_stored_event_by_event(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(log: SqliteEventLogStorage, events: Sequence[EventLogEntry]) -> None:
        raise OSError("no space")

    monkeypatch.setattr(SqliteEventLogStorage, "store_event_batch", fail)
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "100")
    assert run(instance).success
    assert instance.get_materialized_partitions(dg.AssetKey("readings")) == set(ASKED)
    assert "no space" in capsys.readouterr().err


def test_an_instance_tells_its_event_log_where_it_lies(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    log = instance.event_log_storage
    assert isinstance(log, SqliteEventLogStorage)
    assert Path(log.path_for_shard("index")) == tmp_path / "history" / "runs" / "index.db"
    assert instance.root_directory == str(tmp_path)


def test_the_settings_name_the_event_log_alone_and_the_other_storages_stay(tmp_path: Path) -> None:
    text = "event_log_storage: {module: flow_assets.materialization.skin.event_log, class: BatchedEventLog}\n"
    (tmp_path / "dagster.yaml").write_text(text)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert type(instance.run_storage).__name__ == "SqliteRunStorage"
        assert type(instance.event_log_storage).__name__ == "BatchedEventLog"
    assert (tmp_path / "history" / "runs.db").exists()
