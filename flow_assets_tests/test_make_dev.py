"""`make dev` leaves no process behind, whether a terminal's Ctrl-C or a script's SIGTERM ends it."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flow_assets.settings import Settings
from flow_assets_tests.server import ROOT, Server, environment, family, free_port, wait_for

pytestmark = pytest.mark.slow

MAKE = ["make", "--old-file=.venv/run", f"BIN={Path(sys.executable).parent}", "dev"]
"""As it is, but without installing anything."""


def test_control_c_in_a_terminal(tmp_path: Path) -> None:
    terminal, typed = pty.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(typed, termios.TIOCSCTTY, 0)

    leader, server = start(tmp_path, MAKE, stdin=typed, preexec_fn=take_terminal)
    os.close(typed)
    with os.fdopen(terminal, "wb", buffering=0) as keyboard:
        assert_it_ends(leader, server, lambda: keyboard.write(b"\x03"))


def test_a_signal_to_what_a_script_started_in_the_background(tmp_path: Path) -> None:
    script = f'{" ".join(MAKE)} PORT="$PORT" & echo $! > "$0/pid"; wait'
    leader, server = start(tmp_path, ["sh", "-c", script, str(tmp_path)])
    pid = int((tmp_path / "pid").read_text())
    assert_it_ends(leader, server, lambda: os.kill(pid, signal.SIGTERM))


def start(
    data: Path, command: list[str], stdin: int | None = None, preexec_fn: Callable[[], None] | None = None
) -> "tuple[subprocess.Popen[bytes], Server]":
    """Start the server in a session of its own, and wait until it answers."""
    port = str(free_port())
    with (data / "server.log").open("w") as log:
        leader = subprocess.Popen(
            command,
            env=environment(data, PORT=port),
            cwd=ROOT,
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=preexec_fn,
        )
    server = Server(data, data / "server.log", f"http://127.0.0.1:{port}")
    wait_for(server, leader)
    return leader, server


def assert_it_ends(leader: "subprocess.Popen[bytes]", server: Server, stop: Callable[[], object]) -> None:
    """Stop it; whatever comes of it, leave nothing behind."""
    home = Settings(data=server.data).dagster_home
    assert len(family(home)) >= 5
    try:
        stop()
        end_at = time.monotonic() + 60
        while (left := family(home)) and time.monotonic() < end_at:
            time.sleep(0.1)
        assert not left
        leader.wait(5)
    finally:
        for process in family(home).values():
            process.kill()
        if leader.poll() is None:
            leader.kill()
            leader.wait(5)
