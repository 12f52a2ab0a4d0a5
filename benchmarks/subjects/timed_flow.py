"""`flow`, with the time that Dagster's event log takes: the same command in the same process, plus a stopwatch.

    python -m benchmarks.subjects.timed_flow REPORT run

Every public method of the class of the instance's event-log storage is wrapped; the stopwatch runs while a thread is
within one of them, and calls within calls are not counted twice. Reads count as well as writes. REPORT gets JSON:
seconds, calls, the class, and the calls of each method.
"""

import functools
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Stopwatch:
    """Seconds spent in outermost calls of what it wraps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls: Counter[str] = Counter()
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
                setattr(cls, name, self._timed(name, method))

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
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

        return timed


def _definition(cls: type, name: str) -> Any:
    return next(base.__dict__[name] for base in cls.__mro__ if name in base.__dict__)


def main(report: Path) -> None:
    """Wrap the storage as soon as an instance is made, and run the command."""
    from dagster import DagsterInstance

    from flow_assets.cli import main as flow

    stopwatch = Stopwatch()
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
        found = {"seconds": stopwatch.seconds, "calls": sum(stopwatch.calls.values()), "storage": storage}
        report.write_text(json.dumps({**found, "methods": stopwatch.calls}))


if __name__ == "__main__":
    sys.argv[1:], path = sys.argv[2:], Path(sys.argv[1])
    main(path)
