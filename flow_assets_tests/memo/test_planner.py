import os
import shutil
import threading
import time
from collections import Counter

import pytest

from flow_assets.memo.planner import Wishes
from flow_assets_tests.sandbox import DAYS, Sandbox

READINGS = {f"readings {day}" for day in DAYS}
TRENDS = {f"trends {day}" for day in DAYS}
SEEN = {"meters_seen"}


def test_nothing_was_ever_computed(sandbox: Sandbox) -> None:
    plan = sandbox.plan()
    assert Counter(action for action, _ in plan.values()) == {"compute": 16}
    assert plan["raw_readings 2024-03-01"][1] == "never computed"
    assert plan["readings 2024-03-01"][1] == "never computed; input raw_readings 2024-03-01 comes first"
    assert plan["meters_seen"][1] == "never computed; input readings 2024-03-01 comes first"


def test_what_has_not_changed_is_reused(done: Sandbox) -> None:
    assert set(done.plan().values()) == {("reuse", "unchanged")}
    assert done.computed() == set()


def test_one_changed_day_computes_what_its_key_reaches(done: Sandbox) -> None:
    done.land(DAYS[2], "meter,watts,note\na,100,x\n")
    work = done.work()
    assert work["raw_readings 2024-03-03"] == ("compute", "input landed file changed")
    assert done.computed() == {
        *("raw_readings 2024-03-03", "readings 2024-03-03", "meters_seen"),
        *("trends 2024-03-03", "trends 2024-03-04", "trends 2024-03-05"),
    }
    with done.project() as project:
        reasons = {p: project.holdings.history("trends", p)[0].reason for p in DAYS[2:]}
        assert reasons == dict.fromkeys(DAYS[2:], "input readings 2024-03-03 changed")
        assert project.holdings.history("meters_seen", "")[0].reason == "input readings 2024-03-03 changed"


def test_a_column_dropped_downstream_stops_there(done: Sandbox) -> None:
    done.land(DAYS[2], "meter,watts,note\na,3,other\nb,6,words\nc,,\n")
    assert done.computed() == {"raw_readings 2024-03-03", "readings 2024-03-03"}
    done.land(DAYS[2], "meter,watts,note\nc,,\nb,6,\na,3,\n")  # another order of lines
    assert done.computed() == {"raw_readings 2024-03-03", "readings 2024-03-03"}


def test_what_is_forced_is_computed_and_its_readers_are_not(done: Sandbox) -> None:
    with done.project() as project:
        wishes = Wishes(frozenset({("readings", DAYS[0])}))
        (entry,) = project.planner(project.graph.datasets.values(), wishes).plan(
            project.graph.get("readings"), DAYS[:1]
        )
        assert (entry.action, entry.because) == ("compute", "forced")
    assert done.computed("readings", partitions="2024-03-01..2024-03-02", force=["readings"]) == {
        *("readings 2024-03-01", "readings 2024-03-02")
    }
    assert done.work() == {}


@pytest.mark.parametrize("damage", ["delete", "truncate", "flip a byte"])
def test_a_lost_file_is_computed_again_and_nothing_else(done: Sandbox, damage: str) -> None:
    (path,) = done.blobs("readings", DAYS[1])
    data = path.read_bytes()
    damaged = {"truncate": data[:-5], "flip a byte": data[:50] + bytes([data[50] ^ 1]) + data[51:]}
    path.unlink()
    if damage in damaged:
        path.write_bytes(damaged[damage])
    work = done.work()
    assert work["readings 2024-03-02"] == ("compute", "its file in the store is missing or damaged")
    assert done.computed() == {"readings 2024-03-02"}
    assert path.read_bytes() == data
    assert done.work() == {}
    assert bool(list((done.data / "store").glob("damaged/*"))) == (damage in damaged)


def test_a_touched_file_that_is_whole_is_reused(done: Sandbox) -> None:
    for path in done.blobs("readings", DAYS[1]):
        os.utime(path)
    assert done.work() == {}
    assert done.work() == {}


def test_a_lost_ledger_is_restored_from_the_store(done: Sandbox) -> None:
    for path in done.data.glob("ledger.sqlite*"):
        path.unlink()
    assert set(done.plan().values()) == {("restore", "found in the store")}
    summary = done.run()
    assert (summary.to_json()["computed"], summary.to_json()["restored"]) == (0, 16)
    assert done.work() == {}
    assert len(done.rows("meters_seen")) == 3


def test_a_lost_ledger_and_a_damaged_file(done: Sandbox) -> None:
    done.blobs("readings", DAYS[1])[0].write_bytes(b"PAR1")
    for path in done.data.glob("ledger.sqlite*"):
        path.unlink()
    assert done.computed() == {"readings 2024-03-02"}
    assert done.work() == {}


def test_another_environment_restores_what_this_one_computed(done: Sandbox) -> None:
    done.options["environment"] = "other"
    assert {action for action, _ in done.plan().values()} == {"restore"}
    assert done.computed() == set()


def test_a_missing_file_waits_and_so_does_what_requires_it(sandbox: Sandbox) -> None:
    path = sandbox.land(DAYS[2])
    path.unlink()
    plan = sandbox.plan()
    assert plan["raw_readings 2024-03-03"] == ("wait", f"{path} has not landed")
    assert plan["readings 2024-03-03"] == ("wait", "required input raw_readings 2024-03-03 waits")
    assert plan["trends 2024-03-03"] == (
        "wait",
        "required input readings 2024-03-03 waits, because raw_readings 2024-03-03 has not landed",
    )
    assert plan["trends 2024-03-04"][0] == "compute"
    summary = sandbox.run()
    assert summary.is_successful
    assert {name for name, (status, _) in sandbox.problems(summary).items() if status == "waiting"} == {
        *("raw_readings 2024-03-03", "readings 2024-03-03", "trends 2024-03-03")
    }


def test_a_file_still_being_written_waits(sandbox: Sandbox) -> None:
    sandbox.options["settle_seconds"] = 0.05
    path, stop = sandbox.land(DAYS[2]), threading.Event()
    os.utime(path, (time.time() - 100,) * 2)

    def write() -> None:
        with path.open("a") as file:
            while not stop.wait(0.005):
                file.write("d,1,\n")
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.02)
    try:
        assert sandbox.plan()["raw_readings 2024-03-03"] == ("wait", f"{path} is still being written")
    finally:
        stop.set()
        writer.join()
    assert sandbox.plan()["raw_readings 2024-03-03"][0] == "compute"


def test_a_source_that_is_gone_does_no_harm_until_it_is_needed(done: Sandbox) -> None:
    shutil.rmtree(done.data / "landing")
    assert done.work() == {}
    done.edit("raw_readings.py", "    return lines", "    return lines.slice(0)")
    work = done.work()
    path = done.data / "landing" / "readings" / "2024-03-01.csv"
    assert work["raw_readings 2024-03-01"] == ("wait", f"must be computed again, but {path} is gone; land it again")
    assert work["readings 2024-03-01"] == ("wait", "required input raw_readings 2024-03-01 waits")
    assert "meters_seen" not in work
    done.edit("raw_readings.py", "lines.slice(0)", "lines")
    done.edit("readings.py", "    day = context", "    day = str(context)\n    day = context")
    assert done.computed() == READINGS


def test_what_failed_is_held_until_its_key_changes(done: Sandbox) -> None:
    done.land(DAYS[2], "meter,watts,note\na,many,x\n")
    status, reason = done.problems(done.run())["raw_readings 2024-03-03"]
    assert status == "failed"
    assert "'many'" in reason
    work = done.work()
    assert work["raw_readings 2024-03-03"] == ("hold", f"failed, and nothing has changed since: {reason}")
    assert work["readings 2024-03-03"] == ("hold", "required input raw_readings 2024-03-03 failed")
    assert {name for name, (action, _) in work.items()} == {
        *("raw_readings 2024-03-03", "readings 2024-03-03", "trends 2024-03-03")
    }
    assert done.plan(retry=True)["raw_readings 2024-03-03"] == ("compute", "input landed file changed")
    launches = done.launches
    done.run()
    assert done.launches == launches
    done.run(retry=True)
    assert done.launches == launches + 1
    done.edit("raw_readings.py", "    return lines", "    return lines.slice(0)")
    assert done.plan()["raw_readings 2024-03-03"][0] == "compute"


def test_retry_tries_every_failure_again(sandbox: Sandbox) -> None:
    for day in (DAYS[0], DAYS[2], DAYS[4]):
        sandbox.land(day, "meter,watts,note\na,many,x\n")
    sandbox.run()
    sandbox.run(retry=True)
    failed = {partition for (name, partition), o in sandbox.last_outcomes.items() if o.status == "failed"}
    assert failed == {DAYS[0], DAYS[2], DAYS[4]}


def test_a_required_input_that_is_not_there_holds(sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        planner = project.planner([project.graph.get("readings")])
        (entry,) = planner.plan(project.graph.get("readings"), DAYS[:1])
        assert (entry.action, entry.because) == ("hold", "input absent")
