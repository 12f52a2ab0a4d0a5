"""`flow` in a process of its own that need not import anything: forked from a server that has.

A test that starts the command often, or kills it, uses this; `Sandbox.flow` is the same command's real start.
"""

import multiprocessing
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path

from flow_assets_tests.sandbox import Sandbox

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["flow_assets.cli", "flow_assets.definitions", "flow_assets_tests.forked"])
_NUMBERS = count(1)


@dataclass
class Flow:
    """One command, running or ended."""

    process: BaseProcess
    folder: Path

    @property
    def code(self) -> int | None:
        return self.process.exitcode

    @property
    def stdout(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()

    def wait(self, seconds: float = 60) -> "Flow":
        """Wait for its end; it is killed if that takes longer than `seconds`."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise TimeoutError(f"flow did not end in {seconds} seconds\n{self.stderr}")
        return self


def start_flow(sandbox: Sandbox, *arguments: str, file_size: int | None = None, **environment: str) -> Flow:
    """Start the command; no file that it writes may grow beyond `file_size` bytes."""
    folder = sandbox.root / "commands" / str(next(_NUMBERS))
    folder.mkdir(parents=True)
    settings = {k: v for k, v in sandbox.environment(**environment).items() if k.startswith("FLOW_ASSETS_")}
    process = _CONTEXT.Process(target=_main, args=(sandbox.root, folder, settings, arguments, file_size))
    process.start()
    return Flow(process, folder)


def flow(sandbox: Sandbox, *arguments: str, file_size: int | None = None, **environment: str) -> Flow:
    """Run the command to its end."""
    return start_flow(sandbox, *arguments, file_size=file_size, **environment).wait()


def _main(root: Path, folder: Path, settings: dict[str, str], arguments: Sequence[str], file_size: int | None) -> None:
    from flow_assets.cli import main

    os.environ.update(settings)
    os.chdir(root)
    sys.path.insert(0, str(root))
    sys.argv = ["flow", *arguments]
    for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr)):
        with (folder / name).open("w") as file:
            os.dup2(file.fileno(), stream.fileno())
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    main()
