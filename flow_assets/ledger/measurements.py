"""What making partitions cost, and how runs went, read back: the KPIs of one environment."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Engine, select

from flow_assets.ledger import tables
from flow_assets.ledger.database import reading


class Measurement(NamedTuple):
    """What one materialization of one partition cost; see `Kpi`.

    Attributes:
        at: when it was published, UTC, ISO 8601.
        change: `computed` or `restored`.
        phases: wall seconds by phase, as far as they were told apart.
    """

    dataset: str
    partition: str
    run_id: str
    at: str
    change: str
    code_fingerprint: str
    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    rows_in: int
    rows_out: int
    bytes_in: int
    bytes_out: int
    partitions_in_call: int
    engine: str
    phases: Mapping[str, float]


class RunMeasurement(NamedTuple):
    """How one run went.

    Attributes:
        datasets: those it was for.
        partitions: how many it was asked for.
        created_at: when it was asked for, UTC, ISO 8601.
        started_at: when its step began.
        ended_at: when its step ended; None while it runs, or if it was killed.
        outcomes: status to how many partitions ended so.
        phases: wall seconds by phase of what belongs to no partition: `queue`, `startup`, `plan`, `events`, ...
        error: class of what ended it; empty if nothing did.
    """

    run_id: str
    datasets: tuple[str, ...]
    partitions: int
    created_at: str
    started_at: str
    ended_at: str | None
    outcomes: Mapping[str, int]
    phases: Mapping[str, float]
    peak_memory_bytes: int | None
    error: str


class Measurements:
    """Reads the KPIs of one environment."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment

    def materializations(self, since: str = "", datasets: Sequence[str] | None = None) -> list[Measurement]:
        """Those published at `since` (UTC, ISO 8601) or later, the oldest first."""
        table = tables.kpis
        query = (
            select(*(table.c[name] for name in Measurement._fields))
            .where(table.c.environment == self._environment, table.c.at >= since)
            .order_by(table.c.id)
        )
        if datasets is not None:
            query = query.where(table.c.dataset.in_(datasets))
        with reading(self._engine) as connection:
            rows = connection.execute(query).cursor.fetchall()  # plain tuples: there may be many
        return [Measurement._make((*row[:-1], json.loads(row[-1]))) for row in rows]

    def runs(self, since: str = "") -> list[RunMeasurement]:
        """Those that started at `since` (UTC, ISO 8601) or later, the oldest first."""
        table = tables.runs
        query = (
            select(*(table.c[name] for name in RunMeasurement._fields))
            .where(table.c.environment == self._environment, table.c.started_at >= since)
            .order_by(table.c.started_at)
        )
        with reading(self._engine) as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        for row in rows:
            row["datasets"] = tuple(json.loads(row["datasets"]))
            row["outcomes"], row["phases"] = json.loads(row["outcomes"]), json.loads(row["phases"])
        return [RunMeasurement(**row) for row in rows]
