"""The sensors that watch, as Dagster evaluates them on a real instance."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg
import pytest

from flow_assets.automation.alerting.routes import WATCHES as ROUTED
from flow_assets.automation.watching import looking
from flow_assets.automation.watching.looking import WATCHES
from flow_assets.automation.watching.outside import WATCH
from flow_assets.automation.watching.ticks import build_watch_sensors
from flow_assets.definitions import build_resources
from flow_assets.errors import StoreError, WatchError
from flow_assets.materialization.skin import build_assets, open_instance
from flow_assets_tests.automation.watching.kept import Kept
from flow_assets_tests.sandbox import DAYS, Sandbox

BAD = "meter,watts,note\na,many,x\n"


@dataclass
class Watching:
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    kept: Kept
    delivered: list[float] = field(default_factory=list)

    def tick(self, name: str) -> str | None:
        context = dg.build_sensor_context(instance=self.instance, definitions=self.definitions)
        data = self.definitions.resolve_sensor_def(name).evaluate_tick(context)
        assert not data.run_requests
        return data.skip_message


@contextmanager
def watching(sandbox: Sandbox, kept: Kept) -> Iterator[Watching]:
    delivered: list[float] = []

    def deliver(now: float) -> str:
        delivered.append(now)
        return "1 delivered."

    with sandbox.project() as project, open_instance(sandbox.settings.dagster_home) as instance:
        definitions = dg.Definitions(
            assets=build_assets(project),
            resources=build_resources(project.settings),
            executor=dg.in_process_executor,
            sensors=build_watch_sensors(project, kept, deliver),
        )
        yield Watching(definitions, instance, kept, delivered)


def test_routes_may_name_every_watch() -> None:
    assert set(ROUTED) == {*WATCHES, WATCH}


def test_they_run_by_themselves_and_dagster_loads_them(sandbox: Sandbox) -> None:
    sandbox.options = {"watch_seconds": 7}
    with watching(sandbox, Kept()) as seen:
        sensors = list(seen.definitions.sensors or ())
        assert {sensor.name for sensor in sensors} >= {"quality", "failures", "alert_delivery"}
        for sensor in sensors:
            assert isinstance(sensor, dg.SensorDefinition)
            assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
            assert sensor.minimum_interval_seconds == 7
            assert sensor.description
        dg.Definitions.validate_loadable(dg.Definitions(sensors=sensors))


def test_a_failure_is_told_once_and_its_end_too(sandbox: Sandbox) -> None:
    kept = Kept()
    sandbox.land(DAYS[2], BAD)
    sandbox.run()
    with watching(sandbox, kept) as seen:
        first, again = seen.tick("failures"), seen.tick("failures")
    assert (first or "").startswith(f"1 finding; 1 opened: raw_readings {DAYS[2]} failed: ")
    assert (again or "").startswith(f"1 finding; raw_readings {DAYS[2]} failed: ")
    sandbox.land(DAYS[2])
    sandbox.run()
    with watching(sandbox, kept) as seen:
        assert (seen.tick("failures") or "").startswith(f"Nothing is off; 1 resolved: raw_readings {DAYS[2]} failed: ")
        assert seen.tick("failures") == seen.tick("quality") == "Nothing is off."
    assert kept.looks == ["failures"] * 4 + ["quality"]


def test_a_watch_that_raises_fails_alone_and_clearly(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(situation: object) -> list[object]:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setitem(looking.WATCHES, "quality", broken)  # type: ignore[index]
    with watching(sandbox, Kept()) as seen:
        with pytest.raises(WatchError, match="The watch quality cannot look: ZeroDivisionError: division by zero"):
            seen.tick("quality")
        assert seen.tick("failures") == "Nothing is off."
        assert seen.kept.looks == ["failures"]


def test_a_ledger_that_cannot_be_read_is_one_sentence(done: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    with watching(done, Kept()) as seen:
        done.settings.ledger.write_bytes(b"no database " * 1000)
        with pytest.raises(StoreError) as raised:
            seen.tick("failures")
    assert "\n" not in str(raised.value)
    assert str(raised.value) in capsys.readouterr().err


def test_delivery_is_a_sensor_of_its_own(sandbox: Sandbox) -> None:
    with watching(sandbox, Kept()) as seen:
        assert seen.tick("alert_delivery") == "1 delivered."
        assert len(seen.delivered) == 1


def test_a_crash_of_a_real_run_is_found_and_mended(sandbox: Sandbox) -> None:
    with watching(sandbox, Kept()) as seen:
        job = seen.definitions.resolve_implicit_global_asset_job_def()
        keys = [dg.AssetKey(name) for name in ("raw_readings", "readings", "trends")]
        tags = {f"dagster/asset_partition_range_{end}": DAYS[0] for end in ("start", "end")}
        run = seen.instance.create_run_for_job(job, asset_selection=frozenset(keys), tags=tags)
        seen.instance.report_run_failed(run, "The process is dead.")
        assert "1 opened: A run of raw_readings, readings, trends failed once" in (seen.tick("failures") or "")
    sandbox.run()
    with watching(sandbox, seen.kept) as seen:
        assert "1 resolved" in (seen.tick("failures") or "")
