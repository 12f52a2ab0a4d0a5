import os
import time
from pathlib import Path

import pytest

from flow_assets.ledger import Holdings, open_database
from flow_assets.memo import landing
from flow_assets.memo.landing import Landing
from flow_assets_tests.sandbox import DAYS, Sandbox


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read."""
    read: list[Path] = []
    real = landing.hash_file
    monkeypatch.setattr(landing, "hash_file", lambda path: (read.append(path), real(path))[1])
    return read


def observe(sandbox: Sandbox, settle_seconds: float = 0, *, may_wait: bool = True) -> dict[str, landing.LandedFile]:
    with sandbox.project() as project:
        place = Landing(project.settings.landing, project.holdings, settle_seconds, may_wait=may_wait)
        return place.observe(project.graph.get("raw_readings"), DAYS)


def test_only_what_changed_is_read_again(sandbox: Sandbox, hashed: list[Path]) -> None:
    first = observe(sandbox)
    assert len(hashed) == 5
    assert observe(sandbox) == first
    assert len(hashed) == 5
    path = sandbox.land(DAYS[2], path_text(sandbox).replace("a", "z"))  # as long as before
    second = observe(sandbox)
    assert hashed[5:] == [path]
    assert [day for day in DAYS if first[day] != second[day]] == [DAYS[2]]


def path_text(sandbox: Sandbox) -> str:
    return (sandbox.data / "landing" / "readings" / f"{DAYS[2]}.csv").read_text()


def test_a_change_that_hides_its_time_is_noticed(sandbox: Sandbox) -> None:
    path = sandbox.data / "landing" / "readings" / f"{DAYS[2]}.csv"
    first, times = observe(sandbox), path.stat()
    path.write_text(path_text(sandbox).replace("a", "z"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert observe(sandbox)[DAYS[2]] != first[DAYS[2]]


def test_a_missing_file_has_no_hash(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[0]).unlink()
    assert observe(sandbox)[DAYS[0]].is_missing
    assert observe(sandbox)[DAYS[0]].hash is None


def test_a_young_file_is_looked_at_again_once_it_has_settled(sandbox: Sandbox) -> None:
    old = sandbox.land(DAYS[0])
    os.utime(old, (time.time() - 1000,) * 2)
    start = time.monotonic()
    assert all(file.hash for file in observe(sandbox, 0.2).values())
    waited = time.monotonic() - start
    assert waited < 1
    for day in DAYS:
        os.utime(sandbox.land(day), (time.time() - 1000,) * 2)
    start = time.monotonic()
    observe(sandbox, 60)
    assert time.monotonic() - start < 30


def test_a_folder_in_place_of_a_file(sandbox: Sandbox) -> None:
    path = sandbox.land(DAYS[0])
    path.unlink()
    path.mkdir()
    assert observe(sandbox)[DAYS[0]].problem == "Is a directory"
    summary = sandbox.run()
    assert (summary.datasets["readings"].counts["computed"], summary.is_successful) == (4, False)
    assert f"{path} cannot be read: Is a directory" in summary.problems[0].reason
    path.rmdir()
    sandbox.land(DAYS[0])
    assert f"readings {DAYS[0]}" in sandbox.computed()


def test_a_link_to_itself_holds_its_day_alone(sandbox: Sandbox) -> None:
    path = sandbox.land(DAYS[0])
    path.unlink()
    path.symlink_to(path)
    summary = sandbox.run("readings")
    assert [(p.dataset, p.partition) for p in summary.problems] == [("raw_readings", DAYS[0]), ("readings", DAYS[0])]


def test_an_empty_ledger_remembers_nothing(tmp_path: Path) -> None:
    assert Holdings(open_database(tmp_path / "ledger.sqlite"), "local").landed_files() == {}


def test_a_source_may_say_how_long_its_files_take_to_settle(sandbox: Sandbox) -> None:
    sandbox.edit("raw_readings.py", '.csv")', '.csv", settle_seconds=0)')
    start = time.monotonic()
    assert all(file.hash for file in observe(sandbox, 60).values())
    assert time.monotonic() - start < 5
    sandbox.edit("raw_readings.py", "settle_seconds=0", "settle_seconds=0.5")
    sandbox.land_all()
    start = time.monotonic()
    observe(sandbox, 0)
    assert time.monotonic() - start > 0.3


def test_who_may_not_wait_takes_a_young_file_for_one_still_being_written(sandbox: Sandbox) -> None:
    future = sandbox.land(DAYS[1])
    for path, age in ((sandbox.land(DAYS[0]), 1000.0), (future, -1000.0)):
        os.utime(path, (time.time() - age,) * 2)
    start = time.monotonic()
    files = observe(sandbox, 60, may_wait=False)
    assert time.monotonic() - start < 30
    assert [day for day in DAYS if files[day].hash] == [DAYS[0]]
    assert not any(file.is_missing or file.problem for file in files.values())
    time.sleep(0.2)
    assert all(file.hash for file in observe(sandbox, 0.1, may_wait=False).values())  # of the future one too
    assert all(file.hash for file in observe(sandbox, 60, may_wait=False).values())  # they were found whole before
