"""`flow watch`, as cron starts it."""

import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from subprocess import PIPE

import psutil
import pytest
from dagster._daemon.types import DaemonHeartbeat

from flow_assets.materialization.skin import open_instance
from flow_assets_tests.sandbox import DAYS, Sandbox

WATCH = (
    "from flow_assets.cli import app, watch; app.app.command(name='watch')(watch.command); "
    "watch._ONCE = globals().get('ONCE', watch._ONCE); app.main()"
)
AGAIN = f"ONCE = {WATCH!r}; {WATCH}"


def test_all_is_well(done: Sandbox) -> None:
    shown = done.flow("watch", python=WATCH).stdout.splitlines()
    assert "failures: Nothing is off." in shown
    assert "watching: Nothing is off." in shown


def test_what_is_off_is_shown_and_is_an_exit_code(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[0], "meter,watts,note\na,many,x\n")
    sandbox.run()
    shown = sandbox.flow("watch", python=WATCH, check=False)
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "failures: 1 finding." in shown.stdout.splitlines()
    assert f"#1 critical: raw_readings {DAYS[0]} failed: " in shown.stdout
    as_json = sandbox.flow("watch", "--json", python=WATCH, check=False)
    assert (as_json.returncode, as_json.stderr) == (1, "")
    found = json.loads(as_json.stdout)["watches"]["failures"]
    (finding,) = found["findings"]
    assert (finding["severity"], finding["partitions"], found["opened"]) == ("critical", [DAYS[0]], [])
    alert = sandbox.flow_json("alerts", "show", str(finding.pop("alert")))
    assert finding == {name: alert[name] for name in finding}
    assert datetime.fromisoformat(finding["since"]).utcoffset() == timedelta(0)


def test_what_an_owner_has_silenced_stays_so_where_it_is_found_from_outside(sandbox: Sandbox) -> None:
    owners = 'owners=("team:meters",), sort_by='
    sandbox.write("raw_readings.py", sandbox.files["raw_readings.py"].replace("sort_by=", owners, 1))
    sandbox.land(DAYS[0], "meter,watts,note\na,many,x\n")
    sandbox.run()
    sandbox.flow("alerts", "silence", "--owner", "team:meters", "--for", "1h")
    told = sandbox.flow("watch", "--json", python=WATCH, check=False).stdout
    assert [finding["owner"] for finding in json.loads(told)["watches"]["failures"]["findings"]] == ["team:meters"]
    assert [alert["state"] for alert in sandbox.flow_json("alerts")["alerts"]] == ["silenced"]


def test_routes_that_cannot_be_used_keep_nobody_from_looking(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[0], "meter,watts,note\na,many,x\n")
    sandbox.run()
    routes = sandbox.root / "routes.yaml"
    routes.write_text("destinations:\n  hook:\n    apprise: json://${NO_SUCH_SECRET}\nroutes:\n  - to: hook\n")
    told = sandbox.flow("watch", python=WATCH, check=False, FLOW_ASSETS_ALERT_ROUTES=str(routes))
    assert f"critical: raw_readings {DAYS[0]} failed: " in told.stdout
    assert told.stdout.splitlines()[-1].startswith("delivery: Nothing is delivered: the file of routes cannot be used")
    assert told.returncode == 2
    assert "the environment has no NO_SUCH_SECRET" in told.stderr
    as_json = sandbox.flow("watch", "--json", python=WATCH, check=False, FLOW_ASSETS_ALERT_ROUTES=str(routes))
    assert json.loads(as_json.stdout)["delivery"].startswith("Nothing is delivered")


def test_code_that_does_not_load_and_a_daemon_that_died(done: Sandbox) -> None:
    with open_instance(done.settings.dagster_home) as instance:
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 3600, "SENSOR", "a"))
    shown = done.flow("watch", python=WATCH, check=False)
    assert shown.returncode == 1
    assert "critical: Dagster's daemon does not run since " in shown.stdout
    done.write("trends.py", "1 / 0")
    shown = done.flow("watch", python=WATCH, check=False)
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "critical: The code does not load: " in shown.stdout
    assert "Traceback" not in shown.stdout


def test_a_cron_line_that_is_none_keeps_dagster_from_loading_the_code(done: Sandbox) -> None:
    shown = done.flow("watch", python=WATCH, check=False, FLOW_ASSETS_SCHEDULE_CRON="at six")
    assert "critical: The code does not load: FLOW_ASSETS_SCHEDULE_CRON: 'at six' is no cron line" in shown.stdout


def test_again_and_again_for_a_while(done: Sandbox) -> None:
    shown = done.flow("watch", "--every", "1s", "--for", "1s", "--json", python=AGAIN)
    assert json.loads(shown.stdout)["watches"]["watching"] == {"findings": [], "opened": [], "resolved": []}
    assert abs(datetime.fromisoformat(json.loads(shown.stdout)["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    done.write("trends.py", "1 / 0")
    assert done.flow("watch", "--every", "1s", "--for", "1s", python=AGAIN, check=False).returncode == 1


def test_each_look_begins_with_when_it_looked(done: Sandbox) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    shown = done.flow("watch", "--every", "1s", "--for", "2s", python=AGAIN).stdout.splitlines()
    starts = [number for number, line in enumerate(shown) if line.startswith("watching: ")]
    times = [datetime.fromisoformat(shown[number - 1].replace(" UTC", "+00:00")) for number in starts]
    assert starts[0] == 1
    assert began <= times[0] == min(times) <= max(times) <= datetime.now(UTC)
    assert [number for number, line in enumerate(shown) if line.endswith(" UTC")] == [number - 1 for number in starts]


@pytest.mark.parametrize("when", ["while it looks", "between looks"])
def test_ctrl_c_is_told_once_in_words_of_watching(done: Sandbox, when: str) -> None:
    command, environment = done.command("watch", "--every", "1h"), done.environment()
    with subprocess.Popen(
        command, env=environment, cwd=done.root, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True
    ) as running:
        looks, end = [], time.monotonic() + 30
        while not looks:
            if time.monotonic() > end:
                running.kill()  # which is waited for otherwise
                pytest.fail("it does not look")
            time.sleep(0.01)
            looks = psutil.Process(running.pid).children()
        if when == "between looks":
            assert any(line.startswith("delivery: ") for line in running.stdout or ())
            looks[0].wait(30)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does, which sends it to all of its foreground
        _, told = running.communicate(timeout=20)
    assert told == "flow: interrupted; alerts stay as they were last seen, the next look goes on from there\n"
    assert running.returncode == 130
    assert not looks[0].is_running()


def test_lengths_of_time_that_are_none(done: Sandbox) -> None:
    for arguments, told in (
        (
            ["--every", "soon"],
            "--every 'soon' cannot be used; write a number and one of s, m, h, d, w, from 1s to 5000w",
        ),
        (["--every", "1s", "--for", "0s"], "--for '0s' cannot be used; write a number"),
        (["--for", "1h"], "add --every, such as --every 60s."),
    ):
        shown = done.flow("watch", *arguments, python=WATCH, check=False)
        assert shown.returncode == 2
        assert told in shown.stderr
