"""A run that hangs, under Dagster's real daemon with the sensors that ask for runs, watch and deliver.

Of the run it is only claimed, in Dagster's own records, that it began two hours earlier than it did.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorTick, TickStatus
from dagster._core.storage.runs.schema import RunsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage

from flow_assets.automation.watching.looking import WATCHES
from flow_assets.automation.watching.ticks import DELIVERY
from flow_assets.ledger.findings import AlertState
from flow_assets.materialization.skin import open_instance
from flow_assets_tests.automation.alerting.alertmanager import Alertmanager
from flow_assets_tests.automation.alerting.webhook import Webhook
from flow_assets_tests.daemon import daemon
from flow_assets_tests.lived.life import Life, write_routes
from flow_assets_tests.sandbox import DAYS, Sandbox

SENSORS = (*WATCHES, DELIVERY)
HANGING = """
from pathlib import Path
from time import sleep


def wait_for(path):
    Path(path).with_name("begun").touch()
    while not Path(path).exists():
        sleep(0.1)
"""


@dataclass
class Watched:
    """A deployment whose sensors are at work, seen from outside."""

    life: Life
    instance: dg.DagsterInstance
    log: Path

    def wait_for(self, what: Callable[[], bool], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.2)

    def ticks(self, name: str) -> list[InstigatorTick]:
        states = [s for s in self.instance.all_instigator_state() if s.instigator_name == name]
        return [t for s in states for t in self.instance.get_ticks(s.instigator_origin_id, s.selector_id)]

    def wait_for_looks(self, number: int = 2) -> None:
        """Wait until each sensor has ticked so many times more."""
        before = {name: len(self.ticks(name)) for name in SENSORS}
        self.wait_for(lambda: all(len(self.ticks(name)) > before[name] + number for name in SENSORS))

    def make_older(self, run: dg.DagsterRun, by: timedelta) -> None:
        """Let Dagster think that a run began earlier than it did."""
        record, storage = self.instance.get_run_record_by_id(run.run_id), self.instance.run_storage
        assert record is not None
        assert record.start_time is not None
        assert isinstance(storage, SqlRunStorage)
        times = {
            "start_time": record.start_time - by.total_seconds(),
            "create_timestamp": (record.create_timestamp - by).replace(tzinfo=None),
        }
        with storage.connect() as connection:
            connection.execute(RunsTable.update().where(RunsTable.c.run_id == run.run_id).values(**times))


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A deployment whose first function waits until it is let go on."""
    made = Sandbox(tmp_path)
    made.write("hanging.py", HANGING)
    made.edit(
        "raw_readings.py", "import pyarrow as pa\n", "import pyarrow as pa\nfrom meters.hanging import wait_for\n"
    )
    made.edit("raw_readings.py", "    return lines", f"    wait_for({str(tmp_path / 'go_on')!r})\n    return lines")
    return made


@contextmanager
def watched(sandbox: Sandbox, hook: Webhook, server: Alertmanager) -> Iterator[Watched]:
    routes = write_routes(sandbox.root, hook, server)
    environment = {
        "FLOW_ASSETS_ALERT_ROUTES": str(routes),
        "FLOW_ASSETS_WATCH_SECONDS": "1",
        "FLOW_ASSETS_AUTOMATION": "sensor",
        "FLOW_ASSETS_SENSOR_SECONDS": "1",
    }
    with open_instance(sandbox.settings.dagster_home) as instance, daemon(sandbox, **environment) as log:
        yield Watched(Life(sandbox, datetime.now(UTC), hook, server), instance, log)


@pytest.mark.slow
def test_a_run_that_hangs_is_told_once_and_so_is_its_end(
    sandbox: Sandbox, hook: Webhook, server: Alertmanager, tmp_path: Path
) -> None:
    with watched(sandbox, hook, server) as seen:
        life = seen.life
        sandbox.land(DAYS[0])
        seen.wait_for((tmp_path / "begun").exists)
        seen.wait_for_looks()
        assert life.alerts() == []
        (run,) = seen.instance.get_runs()
        seen.make_older(run, timedelta(hours=2))
        seen.wait_for(lambda: bool(life.told()))
        seen.wait_for_looks()
        assert life.open() == life.active() == [f"run {run.run_id}"]
        assert life.told() == {"opened 1": 1}
        assert life.titles()[0].startswith("CRITICAL: Hung run of ")
        (tmp_path / "go_on").touch()
        seen.wait_for(lambda: len(life.told()) > 1)
        seen.wait_for_looks()
        # The sensor asks for what reads it, too, as soon as it is there.
        seen.wait_for(lambda: all(run.status is dg.DagsterRunStatus.SUCCESS for run in seen.instance.get_runs()))
        assert life.open() == life.active() == []
        assert life.told() == {"opened 1": 1, "resolved 1": 1}
        assert [alert.state for alert in life.alerts()] == [AlertState.RESOLVED]
        failed = [tick.error for name in SENSORS for tick in seen.ticks(name) if tick.status is TickStatus.FAILURE]
        assert failed == []
