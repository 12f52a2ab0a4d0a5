"""Files on a web server: fetched once, again when they change, and never lost because the server is."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flow_assets.lake import remote
from flow_assets_tests.sandbox import DAYS, Sandbox
from flow_assets_tests.web_server import WebServer, serving

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
