"""What is gathered from a real Dagster instance."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorType
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from dagster_shared.error import SerializableErrorInfo

from flow_assets.automation.watching.orchestration import observe
from flow_assets.definitions import build_definitions
from flow_assets.insight.watch.orchestration import ObservedRun, Orchestration
from flow_assets.materialization.skin import open_instance
from flow_assets_tests.sandbox import DAYS, Sandbox

NOW = time.time()
RANGE = {"dagster/asset_partition_range_start": DAYS[0], "dagster/asset_partition_range_end": DAYS[1]}
WEEK = 7 * 86_400


@dataclass
class Home:
    """An instance in which ticks and signs of life are written as the daemon does."""

    instance: dg.DagsterInstance
    known: dict[str, ObservedRun] = field(default_factory=dict)

    def seen(self, **options: Any) -> Orchestration:
        return observe(self.instance, NOW, known=self.known, **options)

    def beat(self, kind: str, seconds_ago: float, process: str = "a") -> None:
        self.instance.add_daemon_heartbeat(DaemonHeartbeat(NOW - seconds_ago, kind, process))

    def sensor(self, name: str, status: InstigatorStatus = InstigatorStatus.DECLARED_IN_CODE) -> InstigatorState:
        location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="flow_assets.definitions"))
        origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
        data = SensorInstigatorData(min_interval=5, sensor_type=SensorType.STANDARD)
        return self.instance.add_instigator_state(InstigatorState(origin, InstigatorType.SENSOR, status, data))

    def tick(
        self,
        sensor: InstigatorState,
        status: TickStatus,
        seconds_ago: float,
        error: SerializableErrorInfo | None = None,
    ) -> None:
        if status is TickStatus.FAILURE and error is None:
            error = error_of("ValueError", "no")
        self.instance.create_tick(
            TickData(
                sensor.instigator_origin_id,
                sensor.instigator_name,
                InstigatorType.SENSOR,
                status,
                NOW - seconds_ago,
                error=error,
                selector_id=sensor.selector_id,
            )
        )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with open_instance(tmp_path / "dagster") as instance:
        yield Home(instance)


def error_of(name: str, message: str, cause: SerializableErrorInfo | None = None) -> SerializableErrorInfo:
    return SerializableErrorInfo(message=message, stack=[], cls_name=name, cause=cause)


def run_of(home: Home, sandbox: Sandbox, *names: str, **tags: str) -> dg.ExecuteInProcessResult:
    with sandbox.project() as project:
        return (
            build_definitions(project)
            .resolve_implicit_global_asset_job_def()
            .execute_in_process(
                instance=home.instance,
                asset_selection=[dg.AssetKey(name) for name in names],
                tags={**RANGE, **tags},
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        )


def test_runs_with_what_they_were_for_and_failed_of(home: Home, sandbox: Sandbox) -> None:
    good = run_of(home, sandbox, "raw_readings", "readings", **{"dagster/sensor_name": "landing_folder"})
    sandbox.edit("trends.py", "    return readings", "    1 / 0\n    return readings")
    bad = run_of(home, sandbox, "trends", **{"dagster/backfill": "abc"})
    second, first = home.seen().runs
    assert (first.run_id, first.status, first.error) == (good.run_id, "SUCCESS", "")
    assert (first.datasets, first.partitions) == (("raw_readings", "readings"), (DAYS[0], DAYS[1]))
    assert (first.origin, second.origin) == ("landing_folder", "backfill abc")
    assert (second.run_id, second.status, second.error) == (bad.run_id, "FAILURE", "Failure: 2 partitions failed:")
    assert first.started_at
    assert first.ended_at
    assert first.created_at <= first.started_at <= first.ended_at


def test_a_killed_run_says_what_dagster_said_of_it_and_is_read_once(home: Home, sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        job = build_definitions(project).resolve_implicit_global_asset_job_def()
        run = home.instance.create_run_for_job(job, tags=RANGE, asset_selection=frozenset([dg.AssetKey("trends")]))
    (queued,) = home.seen().runs
    assert (queued.status, queued.ended_at, queued.error) == ("NOT_STARTED", None, "")
    home.instance.report_run_failed(run, "The process is dead.\nMore.")
    (killed,) = home.seen().runs
    assert (killed.status, killed.error, killed.is_retried) == ("FAILURE", "The process is dead.", False)
    assert list(home.known) == [run.run_id]
    home.known[run.run_id] = replace(home.known[run.run_id], error="as it was read before")
    home.known["long ago"] = killed
    assert home.seen().runs[0].error == "as it was read before"
    assert list(home.known) == [run.run_id]


def test_a_run_in_whose_place_another_was_made_is_retried(home: Home, sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        job = build_definitions(project).resolve_implicit_global_asset_job_def()
        run = home.instance.create_run_for_job(job)
        home.instance.report_run_failed(run)
        again = home.instance.create_run_for_job(job, parent_run_id=run.run_id, root_run_id=run.run_id)
    assert {seen.run_id: seen.is_retried for seen in home.seen().runs} == {run.run_id: True, again.run_id: False}


def test_runs_of_long_ago_are_left_out_unless_they_are_still_going(home: Home, sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        job = build_definitions(project).resolve_implicit_global_asset_job_def()
        going, ended = (home.instance.create_run_for_job(job) for _ in range(2))
        home.instance.report_run_failed(ended)
    later = observe(home.instance, NOW + WEEK + 7200)
    assert [run.run_id for run in later.runs] == [going.run_id]


def test_the_last_tick_that_ended_and_since_when_it_fails(home: Home) -> None:
    sensor = home.sensor("landing_folder")
    for seconds, status in ((500, TickStatus.FAILURE), (400, TickStatus.SKIPPED)):
        home.tick(sensor, status, seconds)
    (good,) = home.seen().ticks
    assert (good.kind, good.name, good.status, good.failed_since) == ("sensor", "landing_folder", "SKIPPED", None)
    assert good.interval_seconds == 5
    cause = error_of("StoreError", "flow_assets.errors.StoreError: The disk is full.\n")
    wrapped = error_of("SensorExecutionError", "Error occurred", cause)
    for seconds in (300, 200, 100):
        home.tick(sensor, TickStatus.FAILURE, seconds, wrapped)
    home.tick(sensor, TickStatus.STARTED, 1)
    (bad,) = home.seen().ticks
    assert (bad.status, bad.at, bad.error) == ("FAILURE", NOW - 100, "StoreError: The disk is full.")
    assert bad.failed_since == NOW - 300


def test_a_tick_that_has_not_ended_for_long_is_the_last(home: Home) -> None:
    sensor = home.sensor("landing_folder")
    home.tick(sensor, TickStatus.SKIPPED, 2000)
    home.tick(sensor, TickStatus.STARTED, 1000)
    assert [tick.status for tick in home.seen().ticks] == ["STARTED"]


def test_what_is_switched_off_or_has_never_ticked_is_left_out(home: Home) -> None:
    home.tick(home.sensor("off", InstigatorStatus.STOPPED), TickStatus.FAILURE, 10)
    home.sensor("new")
    assert home.seen().ticks == ()


def test_only_the_last_process_signs_of_life_count(home: Home) -> None:
    assert home.seen().heartbeats == {}
    home.beat("SENSOR", 100)
    home.beat("BACKFILL", 130)
    home.beat("SOMETHING_ELSE", 20)
    assert home.seen().heartbeats == {"SENSOR": NOW - 100, "BACKFILL": NOW - 130}
    home.beat("SENSOR", 5, "b")
    assert home.seen().heartbeats == {"SENSOR": NOW - 5}


def test_whoever_asks_from_within_the_daemon_lives(home: Home) -> None:
    home.beat("SENSOR", 4000)
    home.beat("BACKFILL", 4000)
    assert home.seen(is_within_daemon=True).heartbeats == {"SENSOR": NOW}  # it has begun just now
    home.beat("BACKFILL", 20)
    assert home.seen(is_within_daemon=True).heartbeats == {"SENSOR": NOW, "BACKFILL": NOW - 20}
