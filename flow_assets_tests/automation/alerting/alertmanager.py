"""The real Alertmanager, as Debian packages it, on a port of this machine that is free."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

PROGRAM = shutil.which("prometheus-alertmanager")
CONFIG = """
route: {{receiver: hook, group_by: ["..."], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: hook
    webhook_configs: [{{url: "http://127.0.0.1:{port}/from-alertmanager", send_resolved: true}}]
"""


@dataclass
class Alertmanager:
    """One that runs."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def alerts(self) -> list[dict[str, Any]]:
        """What it says is not over."""
        answer = requests.get(f"{self.address}/api/v2/alerts", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def amtool(self, *arguments: str) -> str:
        command = ["amtool", f"--alertmanager.url={self.address}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(f"{self.address}/-/ready", timeout=2).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise TimeoutError("Alertmanager was not ready in 30 seconds")


def require_alertmanager() -> None:
    """Skip where it is not installed; in CI, fail."""
    if not PROGRAM:
        said = "prometheus-alertmanager is not installed: .ci/install-debian-packages"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)


@contextmanager
def alertmanager(folder: Path, hook_port: int, options: Sequence[str] = ()) -> Iterator[Alertmanager]:
    """One that tells the webhook at `hook_port` of every alert, until the block ends."""
    require_alertmanager()
    config = folder / "alertmanager.yml"
    config.write_text(CONFIG.format(port=hook_port))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(PROGRAM),
        f"--config.file={config}",
        f"--storage.path={folder / 'storage'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        *options,
    ]
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        made = Alertmanager(port, process)
        made.wait_until_ready()
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
