"""Dagster's real daemon over a sandbox, impatient enough for a test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from flow_assets.materialization.skin import prepare_home
from flow_assets_tests.sandbox import Sandbox

QUICK_DAEMON = """
import sys
from dagster._daemon import controller, sensor
controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 1  # thirty, otherwise
sensor.MIN_INTERVAL_LOOP_TIME = 1  # five, otherwise
from dagster._core.instance import DagsterInstance
DagsterInstance.run_monitoring_poll_interval_seconds = 1
from dagster._daemon.cli import main
sys.argv = ["dagster-daemon", "run", "-m", "flow_assets.definitions"]
main()
"""


@contextmanager
def daemon(sandbox: Sandbox, *, kill: bool = False, **environment: str) -> Iterator[Path]:
    """The real daemon with its code server and the runs it launches; yields its log. None is left behind.

    Nothing asks for runs by itself, unless the environment says so.

    Args:
        sandbox: the deployment it works for.
        kill: end all of it at once at the end, as a power cut does.
        environment: further environment variables.
    """
    environment = {"FLOW_ASSETS_AUTOMATION": "off", **environment}
    prepare_home(sandbox.settings.dagster_home)
    log = sandbox.root / "daemon.log"
    with log.open("w") as file:
        leader = subprocess.Popen(
            [sys.executable, "-c", QUICK_DAEMON],
            env=sandbox.environment(DAGSTER_HOME=str(sandbox.settings.dagster_home), **environment),
            cwd=sandbox.root,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        yield log
    finally:
        if kill:
            kill_family(leader)
        else:
            end(leader)


def kill_family(leader: subprocess.Popen[bytes]) -> None:
    family = psutil.Process(leader.pid).children(recursive=True)
    for process in (psutil.Process(leader.pid), *family):
        process.kill()
    leader.wait(5)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive


def end(leader: subprocess.Popen[bytes]) -> None:
    family = psutil.Process(leader.pid).children(recursive=True) if leader.poll() is None else []
    leader.terminate()
    try:
        leader.wait(15)
        psutil.wait_procs(family, timeout=5)
    except subprocess.TimeoutExpired:
        pass
    finally:
        for process in family:
            if process.is_running():
                process.kill()
        if leader.poll() is None:
            os.killpg(leader.pid, signal.SIGKILL)
            leader.wait(5)
        _, alive = psutil.wait_procs(family, timeout=5)
        assert not alive
