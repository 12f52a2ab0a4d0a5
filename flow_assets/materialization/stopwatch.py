"""What work took: wall and CPU seconds, and into which of its phases the wall seconds went."""

import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """Where the wall seconds of a partition, and those of a run that belong to no partition, go.

    Of a partition: `scan` is reading and parsing the landed file or, for pandas and Arrow, the files of the inputs.
    DuckDB's relations are lazy: what they read is read while the function's query runs, and counts as `compute`.
    `sort` is casting, rounding and sorting; `check` asking the rules and gathering the profile's states; `hash` the
    content hash; `write` encoding Parquet and putting files and the record into the store, with their own hashes. What
    is recomputed to audit a set-based call is in them too.

    Of a run: `queue` until Dagster starts it, `startup` from there to the step's first line, `plan` with fingerprints
    and looking at landed files, `wait` for partitions that others are making, `publish` the ledger's transactions,
    `events` telling Dagster, `warehouse` building that.
    """

    SCAN = "scan"
    COMPUTE = "compute"
    SORT = "sort"
    CHECK = "check"
    HASH = "hash"
    WRITE = "write"
    QUEUE = "queue"
    STARTUP = "startup"
    PLAN = "plan"
    WAIT = "wait"
    PUBLISH = "publish"
    EVENTS = "events"
    WAREHOUSE = "warehouse"


OF_PARTITIONS = (Phase.SCAN, Phase.COMPUTE, Phase.SORT, Phase.CHECK, Phase.HASH, Phase.WRITE)
"""The phases of a partition; the others are a run's."""


@dataclass(frozen=True)
class Cost:
    """What a stretch of work took; times in seconds.

    Attributes:
        phases: those of `wall` that are known to have gone into a phase.
    """

    wall: float = 0.0
    cpu: float = 0.0
    phases: Mapping[str, float] = field(default_factory=dict)

    def since(self, start: "Cost", shares: int = 1) -> "Cost":
        """What it took since `start`, in equal shares."""
        before = start.phases
        phases = {
            name: (seconds - before.get(name, 0.0)) / shares
            for name, seconds in self.phases.items()
            if seconds != before.get(name)
        }
        return Cost((self.wall - start.wall) / shares, (self.cpu - start.cpu) / shares, phases)

    def plus(self, other: "Cost") -> "Cost":
        """Both together."""
        phases = {name: seconds + other.phases.get(name, 0.0) for name, seconds in self.phases.items()}
        return Cost(self.wall + other.wall, self.cpu + other.cpu, {**other.phases, **phases})


class Stopwatch:
    """Has a clock for each phase, which runs while that phase does; like all clocks these only ever go on."""

    def __init__(self) -> None:
        self._phases: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def timing(self, phase: Phase) -> Iterator[None]:
        """Count what is inside as `phase`; phases do not lie in one another."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._phases[phase.value] += time.perf_counter() - start

    def read(self) -> Cost:
        """All clocks: two readings tell what lies between them, see `Cost.since`."""
        return Cost(time.perf_counter(), time.process_time(), dict(self._phases))


def peak_memory_bytes() -> int:
    """The most that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
