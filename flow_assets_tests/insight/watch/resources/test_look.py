from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from flow_assets.insight.watch.resources.look import bytes_per_day, resources, written_by_day
from flow_assets.insight.watch.resources.machine import Disk, Machine, find_disks, look_at_machine, memory_limit_bytes
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import AlertSeverity
from flow_assets.settings import Settings
from flow_assets_tests.insight.watch.ledger_history import DAY, START, History
from flow_assets_tests.sandbox import Sandbox

GIB = 1024**3
ROOMY = Machine(64 * GIB)


def disk(free: float, total: float = 100, holds: tuple[str, ...] = ("store", "ledger")) -> Disk:
    return Disk(holds, Path("/data"), int(total * GIB), int(free * GIB))


def watch(history: History, now, *disks: Disk, memory: int = 64 * GIB):
    return resources(Situation(history.project, now), Machine(memory, disks))


def written_daily(history: History, days: int, gib: float, begin=START):
    for number in range(days):
        history.add(begin + number * DAY, {"readings": 1.0}, kpi={"bytes_out": int(gib * GIB)})
    return begin + days * DAY


@pytest.mark.parametrize(
    ("share", "severity"), [(0.89, None), (0.91, AlertSeverity.WARNING), (0.951, AlertSeverity.CRITICAL)]
)
def test_peak_memory_near_its_limit(history: History, share: float, severity: AlertSeverity | None) -> None:
    history.add(START, {"readings": 1.0}, kpi={"peak_memory_bytes": GIB // 2})
    run = history.add(START + DAY, {"readings": 1.0}, kpi={"peak_memory_bytes": int(share * GIB)})
    found = watch(history, START + DAY, memory=GIB)
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    for finding in found:
        assert (finding.identity, finding.run_id, finding.link) == ("memory near its limit", run, f"/runs/{run}")
        assert finding.evidence["share"] == pytest.approx(share, abs=0.001)
        assert "GiB" in finding.text


def test_the_dataset_that_reached_the_peak_is_named(history: History) -> None:
    high = {"peak_memory_bytes": int(0.97 * GIB)}  # a process's peak stays: what is computed afterwards has it too
    low = {"peak_memory_bytes": GIB // 3}
    history.add(START, {"raw_readings": 1.0}, kpi={**low, "run_id": "one"})
    history.add(START + timedelta(seconds=5), {"trends": 1.0}, kpi={**high, "run_id": "one"})
    history.add(START + timedelta(seconds=9), {"meters_seen": 1.0}, kpi={**high, "run_id": "one"})
    (finding,) = watch(history, START + DAY, memory=GIB)
    assert (finding.dataset, finding.run_id) == ("trends", "one")


def test_memory_is_resolved_by_a_leaner_run_and_forgotten_after_a_week(history: History) -> None:
    history.add(START, {"readings": 1.0}, kpi={"peak_memory_bytes": GIB})
    assert watch(history, START + 6 * DAY, memory=GIB)
    assert not watch(history, START + 8 * DAY, memory=GIB)
    history.add(START + DAY, {"readings": 1.0}, kpi={"peak_memory_bytes": GIB // 2})
    assert not watch(history, START + 2 * DAY, memory=GIB)


@pytest.mark.parametrize(
    ("free", "severity"),
    [(50, None), (10, None), (9.9, AlertSeverity.WARNING), (4.9, AlertSeverity.CRITICAL)],
)
def test_a_disk_with_little_left(history: History, free: float, severity: AlertSeverity | None) -> None:
    found = watch(history, START, disk(free))
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    for finding in found:
        assert finding.identity == "disk of store and ledger"
        assert "full_on" not in finding.evidence  # nothing is known of how it grows


@pytest.mark.parametrize(
    ("free", "full_on", "severity"),
    [
        (61, None, None),  # more than two weeks
        (40, "2024-06-23", AlertSeverity.WARNING),
        (8, "2024-06-15", AlertSeverity.CRITICAL),
    ],
)
def test_the_date_when_the_disk_will_be_full(history: History, free, full_on, severity) -> None:
    now = written_daily(history, 10, 4.0)
    found = watch(history, now, disk(free))
    assert [(f.evidence["full_on"], f.severity) for f in found] == ([(full_on, severity)] if full_on else [])
    for finding in found:
        assert full_on in finding.title
        assert finding.chart is not None
        assert len(finding.chart.values) == 10


def test_one_day_on_which_all_was_computed_is_no_trend(history: History) -> None:
    now = written_daily(history, 10, 0.1)
    history.add(START + 4 * DAY, {"trends": 1.0}, kpi={"bytes_out": 50 * GIB})
    written = written_by_day(history.project, now)
    assert written["2024-06-07"] == pytest.approx(50.1 * GIB, rel=0.01)
    rate = bytes_per_day(written, now)
    assert rate is not None
    assert rate < GIB
    assert not watch(history, now, disk(20))


def test_days_without_a_run_count(history: History) -> None:
    for number in (0, 4, 8):
        history.add(START + number * DAY, {"readings": 1.0}, kpi={"bytes_out": 4 * GIB})
    rate = bytes_per_day(written_by_day(history.project, START + 9 * DAY), START + 9 * DAY)
    assert rate == pytest.approx(12 / 9 * GIB)


def test_a_disk_of_the_ledger_alone_has_no_trend(history: History) -> None:
    now = written_daily(history, 10, 4.0)
    found = watch(history, now, disk(20, holds=("ledger",)), disk(8, holds=("store",)))
    assert [finding.identity for finding in found] == ["disk of store"]


def test_the_real_machine(finished: Sandbox, tmp_path: Path) -> None:
    machine = look_at_machine(finished.settings)
    assert 0 < machine.memory_bytes <= psutil.virtual_memory().total
    (one,) = machine.disks
    assert one.holds == ("store", "ledger")
    assert 0 <= one.free_bytes <= one.total_bytes
    assert look_at_machine(Settings(data=tmp_path / "nothing")).disks == ()
    (tmp_path / "ledger.sqlite").touch()
    (only,) = find_disks({"store": tmp_path / "store", "ledger": tmp_path / "ledger.sqlite"})
    assert (only.holds, only.path) == (("ledger",), tmp_path)


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({}, None),
        ({"sys/fs/cgroup/memory.max": "max\n"}, None),
        ({"sys/fs/cgroup/memory.max": "1048576\n"}, 1048576),
        (
            {
                "proc/self/cgroup": "0::/pods/mine\n",
                "sys/fs/cgroup/pods/memory.max": "2097152\n",
                "sys/fs/cgroup/pods/mine/memory.max": "max\n",
            },
            2097152,
        ),
        ({"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        (
            {
                "proc/self/cgroup": "5:cpu:/\n4:memory:/docker/abc\n",
                "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "4194304\n",
            },
            4194304,
        ),
    ],
    ids=["none", "unlimited", "version 2", "group above", "unlimited version 1", "version 1"],
)
def test_the_limit_of_control_groups(tmp_path: Path, files: dict[str, str], limit: int | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert memory_limit_bytes(tmp_path) == (limit or psutil.virtual_memory().total)
