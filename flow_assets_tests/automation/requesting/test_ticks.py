"""The sensor and the schedule as Dagster evaluates them, on a real instance."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._core.definitions.sensor_definition import SensorExecutionData

from flow_assets.automation.requesting import REASON_TAG
from flow_assets.automation.requesting.memory import load
from flow_assets.automation.requesting.ticks import build_schedules
from flow_assets.declaration import find_datasets
from flow_assets.definitions import build_definitions
from flow_assets.errors import SettingsError, StoreError
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import open_instance
from flow_assets.settings import Settings
from flow_assets_tests.sandbox import DAYS, Sandbox

CHAIN = ["raw_readings", "readings", "trends"]
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


@dataclass
class Ticking:
    """The definitions as they were loaded, and the cursor that Dagster keeps."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    cursor: str | None = None

    def sensor(self) -> SensorExecutionData:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor, definitions=self.definitions)
        data = self.definitions.resolve_sensor_def("landing_folder").evaluate_tick(context)
        self.cursor = data.cursor
        return data

    def schedule(self) -> ScheduleExecutionData:
        context = dg.build_schedule_context(
            instance=self.instance, repository_def=self.definitions.get_repository_def()
        )
        return self.definitions.resolve_schedule_def("daily").evaluate_tick(context)

    def launch(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Carry a request out as the daemon would, in this process."""
        assert request.job_name in (None, "__ASSET_JOB")
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=list(request.asset_selection or ()),
            tags=dict(request.tags),
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


@contextmanager
def ticking(sandbox: Sandbox) -> Iterator[Ticking]:
    with sandbox.project() as project, open_instance(sandbox.settings.dagster_home) as instance:
        yield Ticking(build_definitions(project), instance)


def shown(requests: Any) -> list[tuple[list[str], tuple[str | None, ...]]]:
    return [
        (sorted(k.to_user_string() for k in r.asset_selection), tuple(r.tags.get(tag) for tag in RANGE))
        for r in requests
    ]


def test_the_sensor_asks_until_everything_is_up_to_date(sandbox: Sandbox) -> None:
    with ticking(sandbox) as ticks:
        first = ticks.sensor()
        assert shown(first.run_requests) == [(CHAIN, (DAYS[0], DAYS[4]))]
        (request,) = first.run_requests or []
        assert request.run_key is None  # a key would keep it from ever being asked for again
        assert request.tags["flow_assets/retry"] == "false"
        assert request.tags["dagster/max_retries"] == "0"
        assert request.tags[REASON_TAG].startswith("raw_readings, readings, trends 2024-03-01 .. 2024-03-05: raw_read")
        assert ticks.launch(request).success
        second = ticks.sensor()
        assert shown(second.run_requests) == [(["meters_seen"], (None, None))]
        assert ticks.launch(second.run_requests[0]).success
        last = ticks.sensor()
        assert (last.run_requests, last.skip_message) == ([], "Everything that can be made is up to date.")
        assert load(ticks.cursor) == ()


def test_a_tick_while_its_run_is_going_asks_for_nothing(sandbox: Sandbox) -> None:
    with ticking(sandbox) as ticks:
        (request,) = ticks.sensor().run_requests or []
        going = ticks.instance.create_run_for_job(
            ticks.definitions.resolve_implicit_global_asset_job_def(),
            asset_selection=frozenset(request.asset_selection or ()),
            tags=dict(request.tags),
        )
        for data in (ticks.sensor(), ticks.schedule()):
            assert not data.run_requests
            assert (data.skip_message or "").startswith(
                "Runs have in hand: raw_readings 2024-03-01 .. 2024-03-05 (5 part"
            )
        ticks.instance.report_run_failed(going)
        assert shown(ticks.sensor().run_requests) == [(CHAIN, (DAYS[0], DAYS[4]))]
        assert "asked for 2 times, and nothing came of it" in (ticks.sensor().skip_message or "")


def test_a_changed_file_and_after_a_reload_changed_code(done: Sandbox) -> None:
    with ticking(done) as ticks:
        assert not ticks.sensor().run_requests
        done.land(DAYS[4], "meter,watts,note\na,77,x\n")
        (request,) = ticks.sensor().run_requests or []
        assert shown([request]) == [(CHAIN, (DAYS[4], DAYS[4]))]
        assert "landed file changed" in request.tags[REASON_TAG]
        ticks.launch(request)
        ticks.launch((ticks.sensor().run_requests or [])[0])
        done.edit("helpers.py", "FACTOR = 10", "FACTOR = 1000")
        assert not ticks.sensor().run_requests  # the loaded code is still the old one
    with ticking(done) as ticks:
        (request,) = ticks.sensor().run_requests or []
        assert shown([request]) == [(["readings", "trends"], (DAYS[0], DAYS[4]))]
        assert "code meters.helpers.scaled -> FACTOR changed" in request.tags[REASON_TAG]


def test_new_days_are_seen_without_a_reload(sandbox: Sandbox) -> None:
    """The days of an open end are looked at in each tick, by us and by Dagster."""
    sandbox.edit("calendar.py", '"2024-03-01", end_date="2024-03-06"', '"2024-03-01"')
    for day in DAYS[2:]:
        (sandbox.data / "landing" / "readings" / f"{day}.csv").unlink()
    with pytest.MonkeyPatch.context() as patch, ticking(sandbox) as ticks:
        for today, last in (("2024-03-02", DAYS[0]), ("2024-03-03", DAYS[1])):
            patch.setattr("flow_assets.declaration.DailyPartitions._last_date", lambda _self, _now, today=today: today)
            (request,) = ticks.sensor().run_requests or []
            assert request.tags[RANGE[1]] == last
            assert ticks.launch(request).success
            ticks.launch((ticks.sensor().run_requests or [])[0])


def test_the_schedule_asks_for_the_same_and_its_runs_have_keys_within_the_tick(sandbox: Sandbox) -> None:
    (sandbox.data / "landing" / "readings" / f"{DAYS[1]}.csv").unlink()
    sandbox.edit("trends.py", '    ins={"readings": lookback(days=2)},\n', "")
    sandbox.edit("trends.py", "readings.day - 2 AND", "readings.day AND")
    with ticking(sandbox) as ticks:
        requests = ticks.schedule().run_requests or []
        assert shown(requests) == [(CHAIN, (DAYS[0], DAYS[0])), (CHAIN, (DAYS[2], DAYS[4]))]
        assert [r.run_key for r in requests] == ["0", "1"]
        assert all("dagster/max_retries" not in r.tags for r in requests)
        for request in requests:
            assert ticks.launch(request).success
        assert shown(ticks.schedule().run_requests) == [(["meters_seen"], (None, None))]


@pytest.mark.parametrize(
    ("automation", "sensor", "schedule"),
    [("sensor", "RUNNING", "STOPPED"), ("schedule", "STOPPED", "RUNNING"), ("off", "STOPPED", "STOPPED")],
)
def test_one_setting_says_what_runs_by_itself(sandbox: Sandbox, automation: str, sensor: str, schedule: str) -> None:
    sandbox.options = {"automation": automation, "sensor_seconds": 7}
    with sandbox.project() as project:
        definitions = build_definitions(project)
        assert definitions.resolve_sensor_def("landing_folder").default_status.value == sensor
        assert definitions.resolve_sensor_def("landing_folder").minimum_interval_seconds == 7
        assert definitions.resolve_schedule_def("daily").default_status.value == schedule


def test_the_schedule_is_at_six_where_the_days_begin(tmp_path: Path) -> None:
    flights = Project.open(Settings(data=tmp_path), find_datasets("flow_assets.datasets"))
    (daily,) = build_schedules(flights)
    assert (daily.cron_schedule, daily.execution_timezone) == ("*/10 6 * * *", "America/New_York")


def test_a_cron_line_that_is_none_is_told(sandbox: Sandbox) -> None:
    sandbox.options = {"schedule_cron": "at six"}
    with sandbox.project() as project, pytest.raises(SettingsError, match="FLOW_ASSETS_SCHEDULE_CRON: 'at six' is no"):
        build_definitions(project)


def test_a_ledger_that_cannot_be_read_is_one_sentence_and_asks_for_nothing(
    done: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with ticking(done) as ticks:
        done.land(DAYS[0], "meter,watts,note\na,77,x\n")
        done.settings.ledger.write_bytes(b"no database " * 1000)
        with pytest.raises(StoreError) as raised:
            ticks.sensor()
    assert "\n" not in str(raised.value)
    assert str(raised.value) in capsys.readouterr().err


def test_a_tick_leaves_a_file_that_landed_just_now_to_the_next(sandbox: Sandbox) -> None:
    sandbox.options["settle_seconds"] = 3600
    with ticking(sandbox) as ticks:
        for data in (ticks.sensor(), ticks.schedule()):
            assert shown(data.run_requests) == [(["meters_seen"], (None, None))]  # of the days there are: none
    sandbox.options["settle_seconds"] = 0
    with ticking(sandbox) as ticks:
        assert shown(ticks.sensor().run_requests) == [(CHAIN, (DAYS[0], DAYS[4]))]
