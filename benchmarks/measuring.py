"""What a measurement is made of: processes run to their end, samples, figures and what they should reach."""

import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
TIMEOUT_SECONDS = 1800
_POLL_SECONDS = 0.2
_MIB = 2**20


class BenchmarkError(Exception):
    """A program that is measured failed, or two that must agree do not."""


@dataclass(frozen=True)
class Sample:
    """One process from its start to its exit.

    Attributes:
        seconds: wall time.
        cpu_seconds: what it and its children took of the cores; of the two it suffers less from other programs.
        peak_mib: the most memory (RSS) that it and its children held at once; pages they share count for each. The
            tree is looked at five times a second, and the kernel's own maximum of the process itself counts too.
        output: what it printed.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str

    def json(self) -> Any:
        """What the process printed last, as JSON."""
        return json.loads(self.output.strip().splitlines()[-1])


@dataclass(frozen=True)
class Figure:
    """One measured quantity; its value is the median of the samples."""

    what: str
    unit: str
    samples: Sequence[float]
    note: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.samples)


@dataclass(frozen=True)
class Target:
    """What a figure should reach: "at most" or "at least" a bound."""

    what: str
    value: float
    side: str
    bound: float
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the value is on the right side of the bound."""
        return self.value <= self.bound if self.side == "at most" else self.value >= self.bound


@dataclass
class Result:
    """What one measurement found."""

    figures: list[Figure] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def add(self, what: str, unit: str, samples: Sequence[float], note: str = "") -> Figure:
        """Take a figure down."""
        figure = Figure(what, unit, [float(sample) for sample in samples], note)
        self.figures.append(figure)
        return figure

    def add_runs(self, what: str, samples: Sequence[Sample], note: str = "") -> Figure:
        """Take down the seconds of whole processes, wall and CPU, and their peak memory."""
        figure = self.add(what, "s", [sample.seconds for sample in samples], note)
        self.add(f"{what}: CPU", "s", [sample.cpu_seconds for sample in samples])
        self.add(f"{what}: peak memory", "MiB", [sample.peak_mib for sample in samples])
        return figure


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Of each repeat its own ratio: what slows the machine down for a while slows both."""
    return [top / bottom for top, bottom in zip(numerators, denominators, strict=True)]


def run_module(module: str, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Sample:
    """Run `python -m benchmarks.subjects.<module>` to its end."""
    return run_process([sys.executable, "-m", f"benchmarks.subjects.{module}", *map(str, arguments)], env or {})


def run_process(command: Sequence[str], env: Mapping[str, str]) -> Sample:
    """Run a command to its end, in the checkout's folder, and measure it.

    Args:
        command: the program and its arguments.
        env: variables added to this process's own, of which none of the project's and Dagster's are handed on.

    Raises:
        BenchmarkError: it failed or took longer than half an hour.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FLOW_ASSETS_", "DAGSTER_"))}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start, cpu = time.perf_counter(), _cpu_of_children()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**inherited, **env}, stdout=output, stderr=errors, start_new_session=True
        )
        try:
            peak, code = _watch(process)
        except BaseException:  # interrupted: nothing that was started is left behind
            _end(process)
            raise
        seconds, cpu = time.perf_counter() - start, _cpu_of_children() - cpu
        output.seek(0)
        errors.seek(0)
        if code:
            tail = (errors.read() + output.read())[-3000:]
            raise BenchmarkError(f"{' '.join(command)} ended with {code}:\n{tail}")
        return Sample(seconds, cpu, peak / _MIB, output.read())


def _cpu_of_children() -> float:
    """CPU seconds of all children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _watch(process: "subprocess.Popen[bytes]") -> tuple[float, int]:
    """Wait for the process; returns the peak memory of its tree and its exit code."""
    ended, peaks = threading.Event(), [0.0]
    watcher = threading.Thread(target=_poll, args=(process.pid, ended, peaks), daemon=True)
    watcher.start()
    killer = threading.Timer(TIMEOUT_SECONDS, _end, [process])
    killer.start()
    try:
        code = process.wait()
    finally:
        killer.cancel()
        ended.set()
        watcher.join()
    return max(peaks), code


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and all that it has started; it leads a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _poll(pid: int, ended: threading.Event, peaks: list[float]) -> None:
    while not ended.wait(_POLL_SECONDS):
        with suppress(psutil.Error):
            root = psutil.Process(pid)
            peaks.append(sum(_resident(process) for process in (root, *root.children(recursive=True))))
        peaks.append(_own_maximum(pid))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0


def _own_maximum(pid: int) -> int:
    """What Linux noted as the process's maximum; unlike `getrusage` it leaves out what was there before `exec`."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
