"""Ticks that fail or hang, and daemons that are silent."""

from dataclasses import replace
from typing import Any

import pytest

from flow_assets.insight.watch.failures.look import failures
from flow_assets.insight.watch.orchestration import ObservedTick
from flow_assets_tests.insight.watch.looks import ago, situation
from flow_assets_tests.sandbox import Sandbox

SENSOR = ObservedTick("sensor", "landing_folder", "FAILURE", ago(2), "StoreError: no disk.", ago(300), 5)
SCHEDULE = ObservedTick("schedule", "daily", "FAILURE", ago(2), "KeyError: 'x'", ago(2))
DAY = 86_400


def test_a_sensor_that_fails_is_found_once(sandbox: Sandbox) -> None:
    with situation(sandbox, ticks=(SENSOR, replace(SENSOR, name="other", status="SKIPPED", error=""))) as seen:
        (finding,) = failures(seen)
    assert finding.title == "The sensor landing_folder fails: StoreError: no disk."
    assert "The last error: StoreError: no disk.\n" in finding.text
    assert (finding.severity, finding.since) == ("critical", ago(300))


def test_all_that_fail_of_the_same_are_one_finding_and_stay_the_same_one(sandbox: Sandbox) -> None:
    ticks = [replace(SENSOR, name=f"s{n}", error=f"StoreError: no disk for s{n}") for n in range(5)]
    for some in (ticks[:1], ticks):
        with situation(sandbox, ticks=tuple(some)) as seen:
            (finding,) = failures(seen)
        assert finding.identity == "ticks fail: StoreError: no disk for *"
    assert finding.title.startswith("The sensor s0, the sensor s1, the sensor s2 and 2 more fail: StoreError")


@pytest.mark.parametrize(
    ("tick", "changes", "is_found"),
    [
        (SENSOR, {"failed_since": ago(20)}, False),  # as while code is reloaded
        (SENSOR, {"at": ago(2000)}, False),  # switched off since
        (SENSOR, {"at": ago(2000), "failed_since": ago(4000), "interval_seconds": 600}, True),
        (SCHEDULE, {}, True),
        (SCHEDULE, {"at": ago(DAY), "failed_since": ago(DAY)}, True),
        (SCHEDULE, {"at": ago(9 * DAY)}, False),
        (SENSOR, {"status": "STARTED", "at": ago(100)}, False),
        (SENSOR, {"status": "STARTED", "at": ago(1000)}, True),
    ],
)
def test_when_a_tick_is_found(sandbox: Sandbox, tick: ObservedTick, changes: dict[str, Any], is_found: bool) -> None:
    with situation(sandbox, ticks=(replace(tick, **changes),)) as seen:
        assert len(failures(seen)) == is_found


@pytest.mark.parametrize(
    ("heartbeats", "identities"),
    [
        ({}, []),
        ({"SENSOR": 20, "BACKFILL": 100}, []),
        ({"SENSOR": 310, "BACKFILL": 1900}, ["daemon is down"]),
        ({"SENSOR": 20, "BACKFILL": 1900}, ["daemon BACKFILL is silent"]),
    ],
)
def test_daemons(sandbox: Sandbox, heartbeats: dict[str, float], identities: list[str]) -> None:
    with situation(sandbox, heartbeats={name: ago(seconds) for name, seconds in heartbeats.items()}) as seen:
        assert [finding.identity for finding in failures(seen)] == identities


def test_a_tick_that_was_under_way_when_the_daemon_died_is_no_second_finding(sandbox: Sandbox) -> None:
    tick = replace(SENSOR, status="STARTED", at=ago(1000), error="")
    with situation(sandbox, ticks=(tick,), heartbeats={"SENSOR": ago(1000)}) as seen:
        assert [finding.identity for finding in failures(seen)] == ["daemon is down"]
