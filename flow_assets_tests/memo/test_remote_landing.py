"""Files on a web server: fetched once, again when they change, and never lost because the server is."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flow_assets.lake import remote
from flow_assets.memo import remote_landing
from flow_assets_tests.automation.requesting.test_ticks import ticking
from flow_assets_tests.sandbox import DAYS, Sandbox
from flow_assets_tests.web_server import WebServer, serving

NAMES = '''"""A name."""
import pyarrow as pa
from flow_assets import DatasetSchema, StaticPartitions, String, column, dataset, landed

class Names(DatasetSchema):
    name: String = column("Name")

@dataset(schema=Names, sort_by=["name"], partitions=StaticPartitions(KEYS), source=landed("URL/{partition}.csv"))
def names(lines: pa.Table) -> pa.Table:
    return lines.select(["name"])
'''
ALL = [f"/readings/{day}.csv" for day in DAYS]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    (tmp_path / "www" / "readings").mkdir(parents=True)
    with serving(tmp_path / "www") as server:
        for day in DAYS:
            put(server, day, f"meter,watts,note\na,{int(day[-2:])},x\n")
        yield server


@pytest.fixture
def served(server: WebServer, tmp_path: Path) -> Sandbox:
    sandbox = Sandbox(tmp_path)
    sandbox.edit("raw_readings.py", "readings/{date}.csv", f"{server.url}/readings/{{date}}.csv")
    return sandbox


def put(server: WebServer, day: str, text: str, *, age_seconds: float = 60) -> None:
    path = server.folder / "readings" / f"{day}.csv"
    path.write_text(text)
    os.utime(path, (time.time() - age_seconds,) * 2)


def test_files_are_read_and_what_has_not_changed_is_not_fetched_again(served: Sandbox, server: WebServer) -> None:
    assert served.run().is_successful
    assert server.fetched() == ALL  # once, though it is hashed by the plan and read by the computation
    assert served.rows("raw_readings", DAYS[2])[0]["watts"] == 3
    assert served.computed() == set()
    assert server.fetched() == []
    put(server, DAYS[1], "meter,watts,note\na,77,x\n")
    assert f"raw_readings {DAYS[1]}" in served.computed()
    assert server.fetched() == [ALL[1]]
    assert not list((served.data / "tmp" / "fetched").iterdir())


@pytest.mark.parametrize(
    ("validators", "age_seconds", "again"), [("time", 60, []), ("time", 0, ALL), ("none", 60, ALL), ("etag", 0, [])]
)
def test_what_the_server_says_decides_what_is_fetched_again(
    served: Sandbox, server: WebServer, validators: str, age_seconds: float, again: list[str]
) -> None:
    server.validators = validators
    for day in DAYS:
        put(server, day, "meter,watts,note\na,1,x\n", age_seconds=age_seconds)
    served.run("raw_readings")
    server.fetched()
    assert served.work("raw_readings") == {}
    assert server.fetched() == again


def test_a_missing_file_waits_and_one_that_is_gone_stays_published(served: Sandbox, server: WebServer) -> None:
    (server.folder / "readings" / f"{DAYS[4]}.csv").unlink()
    server.answers[ALL[3]] = 410
    problems = served.problems(served.run("raw_readings"))
    assert problems == {
        f"raw_readings {day}": ("waiting", f"{server.url}/readings/{day}.csv has not landed") for day in DAYS[3:]
    }
    (server.folder / "readings" / f"{DAYS[0]}.csv").unlink()
    assert set(served.work("raw_readings")) == {f"raw_readings {day}" for day in DAYS[3:]}
    put(server, DAYS[4], "meter,watts,note\na,5,x\n")
    assert served.computed("raw_readings") == {f"raw_readings {DAYS[4]}"}


@pytest.mark.parametrize(("status", "told"), [(500, "the server answered 500"), (403, "the server answered 403")])
def test_a_server_that_refuses_holds_the_partition_until_it_no_longer_does(
    served: Sandbox, server: WebServer, status: int, told: str
) -> None:
    served.run()
    server.answers = dict.fromkeys(ALL[:2], status)
    work = served.work("raw_readings")
    assert set(work) == {f"raw_readings {day}" for day in DAYS[:2]}
    action, reason = work[f"raw_readings {DAYS[0]}"]
    assert (action, reason.startswith(f"{server.url}/readings/{DAYS[0]}.csv cannot be read: {told}")) == ("hold", True)
    assert not served.run("raw_readings").is_successful
    assert served.rows("raw_readings", DAYS[0])[0]["watts"] == 1
    server.answers = {}
    assert served.run().is_successful


def test_a_server_that_does_not_tell_a_file_s_length_is_told(served: Sandbox, server: WebServer) -> None:
    server.tells_length = False
    reason = served.work("raw_readings")[f"raw_readings {DAYS[0]}"][1]
    assert reason.endswith("the server does not say how long the file is (Content-Length)")


def test_a_server_that_is_gone_loses_nothing(served: Sandbox, server: WebServer) -> None:
    served.run()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{unused.getsockname()[1]}"
        served.edit("raw_readings.py", server.url, gone)
        start = time.monotonic()
        work = served.work("raw_readings")
        assert time.monotonic() - start < 15
        assert {action for action, _ in work.values()} == {"hold"}
        assert (
            "cannot be reached, or answers too slowly; what was published stays" in work[f"raw_readings {DAYS[0]}"][1]
        )
        assert not served.run().is_successful
    assert served.rows("raw_readings", DAYS[2])[0]["watts"] == 3
    served.edit("raw_readings.py", gone, server.url)
    assert served.run().is_successful
    assert served.computed() == set()


def test_a_server_that_never_answers_is_given_up(
    served: Sandbox, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "LOOK_SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        served.edit("raw_readings.py", server.url, f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        work = served.work("raw_readings")
        assert time.monotonic() - start < 15
    assert {action for action, _ in work.values()} == {"hold"}


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_that_knows_no_head_is_asked_for_the_file(served: Sandbox, server: WebServer, status: int) -> None:
    server.head_status = status
    (server.folder / "readings" / f"{DAYS[4]}.csv").unlink()
    problems = served.problems(served.run("raw_readings"))
    assert problems == {f"raw_readings {DAYS[4]}": ("waiting", f"{server.url}/readings/{DAYS[4]}.csv has not landed")}
    assert served.rows("raw_readings", DAYS[2])[0]["watts"] == 3


def test_a_server_that_refuses_the_file_itself_is_told(served: Sandbox, server: WebServer) -> None:
    server.answers = dict.fromkeys(ALL, 405)
    action, reason = served.work("raw_readings")[f"raw_readings {DAYS[0]}"]
    assert (action, reason.endswith("the server answered 405")) == ("hold", True)


def test_a_server_that_stalls_within_a_file_is_given_up_for_all(
    served: Sandbox, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "READ_SECONDS", 1)
    monkeypatch.setattr(remote_landing, "ASKED_AT_ONCE", 1)
    server.stalls = True
    start = time.monotonic()
    work = served.work("raw_readings")
    assert time.monotonic() - start < 4  # not five times one second, or two
    assert {action for action, _ in work.values()} == {"hold"}
    assert set(server.fetched()) == {ALL[0]}
    server.stalls = False
    assert served.run().is_successful


def test_a_look_at_all_files_ends_in_time(served: Sandbox, server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_landing, "OBSERVE_SECONDS", -1)
    work = served.work("raw_readings")
    assert {action for action, _ in work.values()} == {"hold"}
    assert "there was no time left to ask for it" in work[f"raw_readings {DAYS[0]}"][1]
    assert server.asked == []


@pytest.mark.parametrize(("seconds", "again"), [(60, 0), (0, len(DAYS))])
@pytest.mark.parametrize("validators", ["etag", "none"])
def test_a_process_that_plans_again_and_again_asks_now_and_then(
    served: Sandbox, server: WebServer, seconds: float, again: int, validators: str
) -> None:
    server.validators = validators
    served.options["remote_seconds"] = seconds
    (server.folder / "readings" / f"{DAYS[4]}.csv").unlink()
    with served.project() as project:
        raw = project.graph.get("raw_readings")
        plans, asked = [], []
        for _ in range(3):
            plans.append(project.planner([raw]).plan(raw, DAYS))
            asked.append(len([line for line in server.asked if line.startswith("HEAD")]))
            server.asked.clear()
    assert plans[0] == plans[1] == plans[2]
    assert asked == [len(DAYS), again, again]
    put(server, DAYS[4], "meter,watts,note\na,5,x\n")
    assert f"raw_readings {DAYS[4]}" in served.computed("raw_readings")  # another process asks at once


def test_the_sensor_does_not_ask_a_server_in_each_tick(served: Sandbox, server: WebServer) -> None:
    with ticking(served) as ticks:
        assert ticks.sensor().run_requests
        asked = list(server.asked)
        assert len(asked) == 2 * len(DAYS)
        ticks.sensor()
        assert server.asked == asked


def test_a_file_that_changes_before_it_is_read_is_looked_at_again(served: Sandbox, server: WebServer) -> None:
    def change() -> None:
        shutil.rmtree(served.data / "tmp" / "fetched")
        put(server, DAYS[0], "meter,watts,note\na,99,x\n")

    served.on_launch = change
    assert served.run("raw_readings").is_successful
    assert served.rows("raw_readings", DAYS[0])[0]["watts"] == 99
    served.on_launch = lambda: None
    assert served.work("raw_readings") == {}


@pytest.mark.parametrize("validators", ["etag", "time", "none"])
def test_what_was_read_or_nobody_reads_is_not_kept(served: Sandbox, server: WebServer, validators: str) -> None:
    server.validators = validators
    kept = served.data / "tmp" / "fetched"
    served.work("raw_readings")
    assert len(list(kept.iterdir())) == len(DAYS)
    served.run("raw_readings")
    served.work("raw_readings")
    served.work("raw_readings")
    assert list(kept.iterdir()) == []
    for name, age in (("left", remote_landing.KEPT_SECONDS + 60), (".left.1.2", 7200), ("young", 60)):
        (kept / name).write_bytes(b"x")
        os.utime(kept / name, (time.time() - age,) * 2)
    served.work("raw_readings")
    assert [path.name for path in kept.iterdir()] == ["young"]


def test_a_key_is_a_part_of_the_address_whatever_it_holds(server: WebServer, tmp_path: Path) -> None:
    keys = ["a#1", "a?x=2", "a%203", "a 4", "é", "a"]
    for key in keys:
        (server.folder / f"{key}.csv").write_text(f"name\n{key}\n")
    text = NAMES.replace("KEYS", repr(keys)).replace("URL", server.url)
    sandbox = Sandbox(tmp_path, package="names", files={"__init__.py": "", "names.py": text})
    assert sandbox.run().is_successful
    assert [sandbox.rows("names", key)[0]["name"] for key in keys] == keys


def test_a_file_that_does_not_fit_is_told_by_its_address(served: Sandbox, server: WebServer) -> None:
    put(server, DAYS[0], "meter,watts,note\na,many,x\n")
    reason = served.problems(served.run("raw_readings"))[f"raw_readings {DAYS[0]}"][1]
    assert reason.startswith(f"{server.url}/readings/{DAYS[0]}.csv: raw_readings: column watts is declared int64")


def test_a_file_url_is_a_path_outside_the_landing_folder(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    sandbox.edit("raw_readings.py", "readings/{date}.csv", f"file://{tmp_path}/else where/{{date:%Y/%m%d}}.txt")
    sandbox.edit("raw_readings.py", '.txt")', '.txt", format="csv")')
    path = tmp_path / "else where" / "2024" / "0302.txt"
    path.parent.mkdir(parents=True)
    path.write_text("meter,watts,note\na,7,x\n")
    assert sandbox.computed("raw_readings") == {f"raw_readings {DAYS[1]}"}
    assert sandbox.computed("raw_readings") == set()
    assert sandbox.work("raw_readings")[f"raw_readings {DAYS[0]}"][1].endswith("2024/0301.txt has not landed")
