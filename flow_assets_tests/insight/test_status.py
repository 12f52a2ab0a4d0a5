from pathlib import Path

from flow_assets.insight.status import DatasetStatus, Status, find_status
from flow_assets_tests.ruled import EXCESSIVE, GAPPY, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox


def status(sandbox: Sandbox) -> Status:
    with sandbox.project() as project:
        return find_status(project)


def counts(of: DatasetStatus) -> tuple[int, int, int, int, int]:
    return of.partitions, of.present, of.missing, of.stale, of.failed


def test_nothing_is_there(sandbox: Sandbox) -> None:
    found = status(sandbox)
    assert counts(found.datasets["readings"]) == (5, 0, 5, 0, 0)
    assert counts(found.datasets["meters_seen"]) == (1, 0, 1, 0, 0)
    assert found.datasets["readings"].published_at is None
    assert found.store_bytes == 0


def test_everything_is_there(done: Sandbox) -> None:
    found = status(done)
    readings = found.datasets["readings"]
    assert counts(readings) == (5, 5, 0, 0, 0)
    assert (readings.newest, readings.rows) == (DAYS[4], 15)
    assert (found.datasets["meters_seen"].newest, found.datasets["meters_seen"].rows) == (None, 3)
    assert found.store_bytes >= sum(of.bytes for of in found.datasets.values()) > 0
    assert readings.published_at
    assert readings.published_at.endswith("+00:00")


def test_what_failed_waits_or_is_stale(done: Sandbox) -> None:
    done.land(DAYS[0], b"")
    done.run()
    done.edit("readings.py", "    day = context", "    day = str(context)\n    day = context")
    done.edit("trends.py", "FROM readings\n", "FROM readings WHERE true\n")
    found = status(done)
    assert counts(found.datasets["raw_readings"]) == (5, 5, 0, 0, 1)
    assert counts(found.datasets["readings"]) == (5, 5, 0, 5, 0)
    assert counts(found.datasets["trends"]) == (5, 5, 0, 5, 0)
    bytes_before = found.store_bytes
    done.run()
    found = status(done)
    assert counts(found.datasets["readings"]) == (5, 5, 0, 1, 0)
    assert found.store_bytes == bytes_before  # the same rows are the same files
    assert counts(found.datasets["trends"]) == (5, 5, 0, 1, 0)


def test_what_has_not_landed_is_missing(sandbox: Sandbox) -> None:
    for day in DAYS[3:]:
        sandbox.land(day).unlink()
    sandbox.run("readings")
    found = status(sandbox)
    assert counts(found.datasets["readings"]) == (5, 3, 2, 0, 0)
    assert found.datasets["readings"].newest == DAYS[2]


def test_what_is_blocked_broken_warned_and_set_apart(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    sandbox.land_all()
    sandbox.run()
    for day, lines in zip(DAYS[1:4], (STRANGE, EXCESSIVE, GAPPY), strict=True):
        sandbox.land(day, lines)
    sandbox.run()
    readings = status(sandbox).datasets["readings"]
    assert counts(readings) == (5, 5, 0, 1, 0)  # the blocked day stays on its last good version
    assert (readings.blocked, readings.broken, readings.warned, readings.quarantined) == (1, 0, 2, 2)
    sandbox.edit("readings.py", "in_range(0, 1000)", "in_range(0, 70)")
    sandbox.run()
    readings = status(sandbox).datasets["readings"]
    assert (readings.blocked, readings.broken, readings.warned, readings.quarantined) == (1, 1, 2, 2)
    sandbox.edit("readings.py", "in_range(0, 70)", "in_range(0, 9000)")
    sandbox.run()
    found = status(sandbox).datasets
    assert (found["readings"].blocked, found["readings"].broken, found["readings"].warned) == (0, 0, 2)
    assert (found["trends"].blocked, found["trends"].quarantined) == (0, 0)
