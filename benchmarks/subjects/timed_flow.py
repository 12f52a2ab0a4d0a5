"""`flow`, with the time that Dagster's event log and checks take: the same command in the same process, timed.

    python -m benchmarks.subjects.timed_flow REPORT run

Every public method of the class of the instance's event-log storage is wrapped; the stopwatch runs while a thread is
within one of them, and calls within calls are not counted twice. Reads count as well as writes. Another stopwatch runs
for checks: what `Judge` does (the scan, verdicts, what is kept of them), the files of rows that leave, and telling
Dagster; the last counts as event log too. REPORT gets JSON: seconds, calls, the class, and the calls of each method;
and the seconds of checks, with those of each part.
"""

import functools
import json
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Stopwatch:
    """Seconds spent in outermost calls of what it wraps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls: Counter[str] = Counter()
        self.parts: defaultdict[str, float] = defaultdict(float)
        self.wrapped: type | None = None
        self._lock = threading.Lock()
        self._within = threading.local()

    def wrap_class(self, cls: type) -> None:
        """Time the public methods of a class, inherited ones too."""
        if self.wrapped is cls:
            return
        self.wrapped = cls
        for name in dir(cls):
            method = getattr(cls, name)
            is_plain = callable(method) and isinstance(_definition(cls, name), type(_definition))
            if not name.startswith("_") and is_plain and not hasattr(method, "__wrapped__"):
                self.wrap(cls, name)

    def wrap(self, holder: Any, name: str) -> None:
        """Time one method of a class, or one function where a module uses it."""
        setattr(holder, name, self.timed(name, getattr(holder, name)))

    def timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, which is timed."""

        @functools.wraps(method)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if getattr(self._within, "is_timing", False):
                return method(*args, **kwargs)
            self._within.is_timing = True
            start = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                seconds = time.perf_counter() - start
                self._within.is_timing = False
                with self._lock:
                    self.seconds += seconds
                    self.calls[name] += 1
                    self.parts[name] += seconds

        return timed


def _definition(cls: type, name: str) -> Any:
    return next(base.__dict__[name] for base in cls.__mro__ if name in base.__dict__)


def _time_checks(stopwatch: Stopwatch) -> None:
    """Time what nothing but checks calls for."""
    from flow_assets.materialization.judging import Judge
    from flow_assets.materialization.skin import telling
    from flow_assets.materialization.write import Writer

    stopwatch.wrap_class(Judge)
    stopwatch.wrap(telling.Teller, "_tell_of_checks")
    put = Writer._put
    put_what_left = stopwatch.timed("quarantine", put)

    @functools.wraps(put)
    def put_and_time(self: Writer, table: Any, *, is_bucketed: bool) -> Any:
        return (put if is_bucketed else put_what_left)(self, table, is_bucketed=is_bucketed)

    Writer._put = put_and_time  # type: ignore[method-assign]


def main(report: Path) -> None:
    """Wrap the storage as soon as an instance is made, and run the command."""
    from dagster import DagsterInstance

    from flow_assets.cli import main as flow

    stopwatch, checks = Stopwatch(), Stopwatch()
    _time_checks(checks)
    make = DagsterInstance.__init__

    @functools.wraps(make)
    def make_and_wrap(self: DagsterInstance, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        stopwatch.wrap_class(type(self.event_log_storage))

    DagsterInstance.__init__ = make_and_wrap  # type: ignore[method-assign]
    try:
        flow()
    finally:
        storage = stopwatch.wrapped.__name__ if stopwatch.wrapped else None
        found = {
            "seconds": stopwatch.seconds,
            "calls": sum(stopwatch.calls.values()),
            "storage": storage,
            "checks": checks.seconds,
            "parts": checks.parts,
        }
        report.write_text(json.dumps({**found, "methods": stopwatch.calls}))


if __name__ == "__main__":
    sys.argv[1:], path = sys.argv[2:], Path(sys.argv[1])
    main(path)
