"""How runs go, written down while they do: read back by `measurements`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from flow_assets.ledger import tables
from flow_assets.ledger.database import transaction
from flow_assets.ledger.measurements import Reuse


@dataclass(frozen=True)
class RunStart:
    """What is known of a run when a step of it begins; times are UTC, ISO 8601.

    Attributes:
        datasets: those of the step.
        partitions: how many partitions of them it was asked for.
        phases: wall seconds until then, by phase.
    """

    run_id: str
    datasets: Sequence[str]
    partitions: int
    created_at: str
    started_at: str
    phases: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RunEnd:
    """What is known of a run when a step of it ends.

    Attributes:
        outcomes: status to how many partitions ended so.
        phases: wall seconds by phase since the step began.
        error: class of what ended it; empty if nothing did.
        reused: dataset to what of it was not made, because it was there already.
    """

    run_id: str
    ended_at: str
    outcomes: Mapping[str, int]
    phases: Mapping[str, float]
    peak_memory_bytes: int
    error: str = ""
    reused: Mapping[str, Reuse] = field(default_factory=dict)


class RunLog:
    """Writes the runs of one environment; the steps of a run are added up in its one row.

    A run that was killed has no end, and so has one of whose steps one was killed and ended last.
    """

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment

    def begin(self, start: RunStart) -> None:
        """Take note that a step begins."""
        with transaction(self._engine) as connection:
            there = self._row(connection, start.run_id)
            if there is None:
                row = {**vars(start), "datasets": json.dumps(list(start.datasets)), "phases": json.dumps(start.phases)}
                connection.execute(insert(tables.runs), [{"environment": self._environment, **row}])
                return
            datasets = dict.fromkeys((*json.loads(there.datasets), *start.datasets))
            values = {"datasets": json.dumps(list(datasets)), "partitions": there.partitions + start.partitions}
            self._change(connection, start.run_id, {**values, "ended_at": None})

    def end(self, end: RunEnd) -> None:
        """Take note that a step ended, however it did."""
        with transaction(self._engine) as connection:
            there = self._row(connection, end.run_id)
            if there is None:
                return
            reused = json.loads(there.reused)
            for name, of in end.reused.items():
                reused[name] = [sum(pair) for pair in zip(reused.get(name, (0, 0)), of, strict=True)]
            values = {
                "ended_at": end.ended_at,
                "outcomes": json.dumps(_sum(json.loads(there.outcomes), end.outcomes)),
                "phases": json.dumps(_sum(json.loads(there.phases), end.phases)),
                "peak_memory_bytes": max(there.peak_memory_bytes or 0, end.peak_memory_bytes),
                "error": end.error or there.error,
                "reused": json.dumps(reused),
            }
            self._change(connection, end.run_id, values)

    def _row(self, connection: Connection, run_id: str) -> Any:
        return connection.execute(select(tables.runs).where(*self._is(run_id))).first()

    def _change(self, connection: Connection, run_id: str, values: Mapping[str, Any]) -> None:
        connection.execute(update(tables.runs).where(*self._is(run_id)).values(values))

    def _is(self, run_id: str) -> tuple[Any, ...]:
        return tables.runs.c.environment == self._environment, tables.runs.c.run_id == run_id


def _sum(known: Mapping[str, float], more: Mapping[str, float]) -> dict[str, float]:
    return {name: round(known.get(name, 0) + more.get(name, 0), 6) for name in dict.fromkeys((*known, *more))}
