"""The sensor under Dagster's real daemon, with a code server and runs in processes of their own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.instigation_logger import get_instigation_log_records
from dagster._core.instance.ref import InstanceRef
from dagster._core.scheduler.instigation import InstigatorTick, TickStatus

from flow_assets.automation.requesting import REASON_TAG
from flow_assets.automation.requesting.in_hand import cells_of_run
from flow_assets.declaration import DatasetGraph
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import open_instance
from flow_assets_tests.daemon import daemon
from flow_assets_tests.sandbox import DAYS, Sandbox

BAD = "meter,watts,note\na,many,x\n"
CHAIN = ("raw_readings", "readings", "trends")


@dataclass
class Watched:
    """A deployment whose sensor is at work, seen from outside."""

    sandbox: Sandbox
    project: Project
    instance: dg.DagsterInstance
    log: Path

    def wait_for(self, what: Callable[[], bool], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, f"{self.said()}\n{self.log.read_text()[-3000:]}"
            time.sleep(0.2)

    def is_published(self, *days: str) -> bool:
        return all(set(days) <= set(self.project.holdings.current(name)) for name in CHAIN)

    def is_quiet(self) -> bool:
        """Whether the last tick found nothing to do, and no run is left."""
        return (self.said() or "").startswith("Everything that can be made") and all(r.is_finished for r in self.runs())

    def said(self) -> str | None:
        """What the last tick that has ended gave as its reason to ask for nothing."""
        ended = [tick for tick in self.ticks(5) if tick.status is not TickStatus.STARTED]
        return ended[0].skip_reason if ended else None

    def ticks(self, limit: int | None = None) -> list[InstigatorTick]:
        states = [s for s in self.instance.all_instigator_state() if s.instigator_name == "landing_folder"]
        return [t for s in states for t in self.instance.get_ticks(s.instigator_origin_id, s.selector_id, limit=limit)]

    def runs(self) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs())


@contextmanager
def watched(sandbox: Sandbox) -> Iterator[Watched]:
    environment = {"FLOW_ASSETS_AUTOMATION": "sensor", "FLOW_ASSETS_SENSOR_SECONDS": "1"}
    with (
        sandbox.project() as project,
        open_instance(sandbox.settings.dagster_home) as instance,
        daemon(sandbox, **environment) as log,
    ):
        yield Watched(sandbox, project, instance, log)


def assert_nothing_was_asked_for_twice_at_once(instance: dg.DagsterInstance, graph: DatasetGraph) -> None:
    for one, other in combinations(instance.get_run_records(), 2):
        earlier, later = sorted((one, other), key=lambda record: record.create_timestamp)
        overlap = set(cells_of_run(instance, one.dagster_run, graph)) & set(
            cells_of_run(instance, other.dagster_run, graph)
        )
        assert not overlap or (earlier.end_time or 0) <= later.create_timestamp.timestamp()


@pytest.mark.slow
def test_days_that_land_are_published_and_a_bad_one_fails_once(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    with watched(sandbox) as seen:
        sandbox.land(DAYS[0])
        seen.wait_for(lambda: seen.is_published(DAYS[0]))
        sandbox.land(DAYS[1])
        sandbox.land(DAYS[2], BAD)
        sandbox.land(DAYS[3])
        seen.wait_for(lambda: seen.is_published(DAYS[3]) and seen.is_quiet())
        runs, ticks = len(seen.runs()), len(seen.ticks())
        seen.wait_for(lambda: len(seen.ticks()) > ticks + 3)
        assert len(seen.runs()) == runs  # the bad day is left alone
        assert "raw_readings 2024-03-03 failed, and nothing has changed since" in (seen.said() or "")
        sandbox.land(DAYS[2])
        sandbox.land(DAYS[4])
        seen.wait_for(lambda: seen.is_published(*DAYS) and seen.is_quiet())
        assert sandbox.work() == {}
        assert all(run.tags.get("dagster/sensor_name") == "landing_folder" for run in seen.runs())
        assert all(run.tags[REASON_TAG] for run in seen.runs())
        failed = [run for run in seen.runs() if run.status is dg.DagsterRunStatus.FAILURE]
        assert len(failed) == 1
        assert_nothing_was_asked_for_twice_at_once(seen.instance, seen.project.graph)
        histories = [seen.project.holdings.history(name, day) for name in CHAIN for day in DAYS]
        assert all(len({entry.key for entry in history}) == len(history) for history in histories)
        asking = next(tick for tick in seen.ticks() if tick.run_ids)
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(sandbox.settings.dagster_home))) as instance:
        records = get_instigation_log_records(instance, asking.log_key or [])
    assert any("Asked for " in str(record["msg"]) for record in records)  # what the UI shows of such a tick
