"""What `orchestration.py` and `ticks.py` lean on in Dagster, each shown with Dagster alone."""

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import DagsterEventType, JobFailureData
from dagster._core.instance.ref import InstanceRef
from dagster._core.scheduler.instigation import InstigatorStatus, TickStatus
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._daemon import controller, daemon
from dagster._daemon.types import DaemonHeartbeat

from flow_assets.insight.watch.failures.standing_still import ALL_SILENT_SECONDS, ONE_SILENT_SECONDS


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))) as made:
        yield made


@dg.op
def fails() -> None:
    raise LookupError("gone\nfor good")


@dg.job(executor_def=dg.in_process_executor)
def failing() -> None:
    fails()


def test_how_long_a_silent_daemon_is_tolerated() -> None:
    """Each gives a sign every 30 seconds, and is unhealthy half an hour after the next one was due."""
    assert controller.DEFAULT_HEARTBEAT_INTERVAL_SECONDS == 30
    assert (
        controller.DEFAULT_HEARTBEAT_INTERVAL_SECONDS + controller.DEFAULT_DAEMON_HEARTBEAT_TOLERANCE_SECONDS
        == ONE_SILENT_SECONDS
    )
    assert 5 * controller.DEFAULT_HEARTBEAT_INTERVAL_SECONDS < ALL_SILENT_SECONDS


def test_all_daemons_of_a_process_have_its_id_and_give_a_sign_before_they_work() -> None:
    assert "self._daemon_uuid = str(uuid.uuid4())" in inspect.getsource(controller.DagsterDaemonController)
    loop = inspect.getsource(daemon.DagsterDaemon.run_daemon_loop)
    assert loop.index("self._check_add_heartbeat(") < loop.index("next(daemon_generator)")


def test_signs_of_life_are_one_a_daemon_with_the_process_that_gave_it(instance: dg.DagsterInstance) -> None:
    for at, process in ((1.0, "a"), (2.0, "b")):
        instance.add_daemon_heartbeat(DaemonHeartbeat(at, "SENSOR", process))
    beats = instance.get_daemon_heartbeats()
    assert {kind: (beat.timestamp, beat.daemon_id) for kind, beat in beats.items()} == {"SENSOR": (2.0, "b")}
    assert {"SENSOR", "SCHEDULER", "BACKFILL"} <= set(instance.get_required_daemon_types())


def test_a_failed_run_s_last_event_has_the_error_of_its_first_failed_step(instance: dg.DagsterInstance) -> None:
    result = failing.execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    (record,) = instance.get_records_for_run(result.run_id, of_type=DagsterEventType.RUN_FAILURE).records
    event = record.event_log_entry.dagster_event
    assert event
    data = event.event_specific_data
    assert isinstance(data, JobFailureData)
    assert data.error
    assert data.error.cls_name == "DagsterExecutionStepExecutionError"
    assert data.error.cause
    assert data.error.cause.cls_name == "LookupError"
    assert data.error.cause.message == "LookupError: gone\nfor good\n"


def test_a_run_reported_as_failed_has_a_message_and_no_error(instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(failing)
    instance.report_run_failed(run, "dead")
    (record,) = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.RUN_FAILURE).records
    event = record.event_log_entry.dagster_event
    assert event
    assert event.message == "dead"
    assert event.event_specific_data is None


def test_runs_are_found_by_their_last_update_the_newest_first(instance: dg.DagsterInstance) -> None:
    runs = [instance.create_run_for_job(failing) for _ in range(3)]
    for run in runs[:2]:
        instance.report_run_failed(run)
    ended = list(FINISHED_STATUSES)
    assert set(ended) == {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
    for shift, expected in ((-1, [runs[1].run_id, runs[0].run_id]), (1, [])):
        after = dg.RunsFilter(statuses=ended, updated_after=datetime.now(UTC) + timedelta(minutes=shift))
        assert [record.dagster_run.run_id for record in instance.get_run_records(after)] == expected


def test_a_sensor_that_only_skips_needs_no_job(instance: dg.DagsterInstance) -> None:
    sensor = dg.SensorDefinition(name="looks", evaluation_fn=lambda _: dg.SkipReason("Nothing is off."))
    definitions = dg.Definitions(sensors=[sensor])
    dg.Definitions.validate_loadable(definitions)
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, definitions=definitions))
    assert (data.run_requests, data.skip_message) == ([], "Nothing is off.")


def test_words_for_ticks_and_switches() -> None:
    assert {status.value for status in TickStatus} == {"STARTED", "SKIPPED", "SUCCESS", "FAILURE"}
    assert {status.value for status in InstigatorStatus} >= {"RUNNING", "STOPPED", "DECLARED_IN_CODE"}
