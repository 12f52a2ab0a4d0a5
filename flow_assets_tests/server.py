"""The real development server, as `make dev` starts it, on a deployment of the flights with few days landed.

A server is a family of six processes and more for each run; all of them carry the deployment's DAGSTER_HOME in their
environment, by which `serve` sees to it that none is left.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from flow_assets.materialization.skin import prepare_home
from flow_assets.settings import Settings

ROOT = Path(__file__).parents[1]
DAGSTER_DEV, DG_DEV = ("dagster", "dev"), ("dg", "dev")

QUICK_DAEMON = """\
import sys
if "dagster._daemon" in sys.orig_argv:
    from dagster._core.run_coordinator import QueuedRunCoordinator
    from dagster._daemon import controller
    controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 1  # thirty, otherwise
    QueuedRunCoordinator.dequeue_interval_seconds = 1  # five, otherwise
"""
"""Python's `sitecustomize`, read by each process before its own program."""


@dataclass(frozen=True)
class Server:
    """A server that answers, and its deployment's data folder."""

    data: Path
    log: Path
    url: str

    def ask(self, query: str, **variables: Any) -> Any:
        """The answer to a GraphQL query, or an AssertionError that shows its errors."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def ask_until(self, accept: Callable[[Any], bool], query: str, seconds: float = 90, **variables: Any) -> Any:
        """Ask until the answer is one to accept."""
        end_at = time.monotonic() + seconds
        while not accept(answer := self.ask(query, **variables)):
            if time.monotonic() > end_at:
                raise TimeoutError(f"{answer}\n{self.log.read_text()[-5000:]}")
            time.sleep(0.2)
        return answer


def flow(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    return subprocess.run(
        [sys.executable, "-c", "from flow_assets.cli import main; main()", *arguments],
        env=environment(data),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )


def environment(data: Path, **more: str) -> dict[str, str]:
    """Of a process that works on the deployment in `data`, and on it only."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("FLOW_ASSETS_", "DAGSTER_"))}
    return {
        **mine,
        "FLOW_ASSETS_AUTOMATION": "off",
        "FLOW_ASSETS_DATA": str(data),
        "FLOW_ASSETS_SETTLE_SECONDS": "0",
        "VIRTUAL_ENV": sys.prefix,
        **more,
    }


@contextmanager
def serve(data: Path, entrance: Sequence[str] = DAGSTER_DEV) -> Iterator[Server]:
    """Start the server on a free port, wait until it answers, and end it with all its processes."""
    home = Settings(data=data).dagster_home
    prepare_home(home)
    (data / "sitecustomize.py").write_text(QUICK_DAEMON)
    port = free_port()
    log = data / "server.log"
    program, *arguments = entrance
    with log.open("w") as file:
        leader = subprocess.Popen(
            [Path(sys.executable).with_name(program), *arguments, "--host", "127.0.0.1", "--port", str(port)],
            env=environment(data, DAGSTER_HOME=str(home), PYTHONPATH=str(data)),
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        server = Server(data, log, f"http://127.0.0.1:{port}")
        wait_for(server, leader)
        yield server
    finally:
        left = end(leader, home)
    assert not left, f"left behind: {left}"


def wait_for(server: Server, leader: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    """Until the server answers, or has ended."""
    end_at = time.monotonic() + seconds
    while time.monotonic() < end_at and leader.poll() is None:
        try:
            return server.ask("{ version }")
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(server.log.read_text()[-5000:])


def end(leader: "subprocess.Popen[bytes]", home: Path) -> list[str]:
    """End the leader, who ends the rest; kill what outlives it by five seconds, and name it."""
    leader.terminate()
    try:
        leader.wait(15)
    except subprocess.TimeoutExpired:
        leader.kill()
        leader.wait(5)
    end_at = time.monotonic() + 5
    while (left := family(home)) and time.monotonic() < end_at:
        time.sleep(0.1)
    for process in left.values():
        process.kill()
    return list(left)


def family(home: Path) -> dict[str, psutil.Process]:
    """The living processes of the deployment whose DAGSTER_HOME is `home`, by their command."""
    found = {}
    for process in psutil.process_iter():
        try:
            if process.environ().get("DAGSTER_HOME") == str(home):
                found[f"{process.pid} {' '.join(process.cmdline())[:200]}"] = process
        except psutil.Error:  # it has ended, or is somebody else's
            pass
    return found


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
