"""Writes into a ledger what runs would have written over weeks, at times and with durations of a test's choice."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from flow_assets.ledger import tables
from flow_assets.ledger.database import transaction
from flow_assets.ledger.statements import insert_rows
from flow_assets.ledger.times import ledger_time
from flow_assets.materialization.project import Project

START = datetime(2024, 6, 3, 6, tzinfo=UTC)
DAY = timedelta(days=1)
CODE, OTHER_CODE = "a" * 64, "b" * 64


@dataclass(frozen=True)
class Simple:
    """What a `SimpleExpectation` says."""

    p_value: float
    anomalous: bool
    expected_seconds: float | None


class SimpleExpectation:
    """Expects the median of seconds a row, and half as much again at most; nothing of it shifts."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._paces: list[float] = []

    def learn(self, seconds, *, size=None, regime=None, at=None):
        self._paces.append(seconds / (size or 1))

    def judge(self, seconds, *, size=None, regime=None, at=None):
        if not self._paces:
            return Simple(1.0, False, None)
        expected = median(self._paces) * (size or 1)
        is_slow = seconds > 1.5 * expected
        return Simple(self._rate / 2 if is_slow else 0.5, is_slow, expected)

    def limit(self, *, size=None, regime=None, at=None):
        return 1.5 * median(self._paces) * (size or 1) if self._paces else None


class History:
    """The runs of one deployment."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.runs = 0
        self._kpis: list[dict[str, object]] = []
        self._runs: list[dict[str, object]] = []
        self._is_together = False

    def add(
        self,
        at: datetime,
        seconds: Mapping[str, float],
        *,
        rows: int = 1000,
        code: str = CODE,
        partitions: Sequence[str] = ("2024-03-01",),
        run_seconds: float = 60.0,
        queue_seconds: float = 2.0,
        kpi: Mapping[str, object] | None = None,
        outcomes: Mapping[str, int] | None = None,
        phases: Mapping[str, float] | None = None,
    ) -> str:
        """A run that ended at `at` and computed datasets in so many seconds, shared out over partitions."""
        self.runs += 1
        run_id = f"run-{self.runs:05}"
        rest = {"rows": rows // len(partitions), "code": code, "run_id": run_id, "kpi": kpi or {}}
        shares = [
            self._kpi(name, key, at, spent / len(partitions), **rest)
            for name, spent in seconds.items()
            for key in partitions
        ]
        started = at - timedelta(seconds=run_seconds)
        run = {
            "environment": self.project.settings.environment,
            "run_id": run_id,
            "datasets": json.dumps(list(seconds)),
            "partitions": len(partitions),
            "created_at": ledger_time(started - timedelta(seconds=queue_seconds)),
            "started_at": ledger_time(started),
            "ended_at": ledger_time(at),
            "outcomes": json.dumps(outcomes or {"computed": len(shares)}),
            "phases": json.dumps(phases or {}),
        }
        self._kpis += shares
        self._runs.append(run)
        if not self._is_together:
            self._write()
        return run_id

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write all that is added here at its end, which takes a hundredth of the time."""
        self._is_together = True
        yield
        self._is_together = False
        self._write()

    def _write(self) -> None:
        with transaction(self.project.engine) as connection:
            insert_rows(connection, tables.kpis, self._kpis)
            insert_rows(connection, tables.runs, self._runs)
        self._kpis, self._runs = [], []

    def daily(self, days: int, seconds: Mapping[str, float], **options) -> datetime:
        """Runs on so many days, the last durations up to 10 % off; returns the time of the next."""
        begin = START + self.runs * DAY
        with self.together():
            for number in range(days):
                off = 1 + (number * 7 % 11 - 5) / 50
                self.add(begin + number * DAY, {name: spent * off for name, spent in seconds.items()}, **options)
        return begin + days * DAY

    def _kpi(self, name, key, at, seconds, *, rows, code, run_id, kpi):
        row = {
            "environment": self.project.settings.environment,
            "dataset": name,
            "partition": key,
            "run_id": run_id,
            "at": ledger_time(at),
            "change": "computed",
            "code_fingerprint": code,
            "wall_seconds": seconds,
            "cpu_seconds": seconds,
            "peak_memory_bytes": 10**8,
            "rows_in": rows,
            "rows_out": rows,
            "bytes_in": rows * 10,
            "bytes_out": rows * 10,
            "partitions_in_call": 1,
        }
        return row | kpi
