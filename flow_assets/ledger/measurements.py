"""What making partitions cost, and how runs went, written and read back: the KPIs of one environment."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, func, select

from flow_assets.ledger import tables
from flow_assets.ledger.changes import Kpi
from flow_assets.ledger.database import reading
from flow_assets.ledger.judgements import Judgements
from flow_assets.ledger.measured_checks import COUNTS, Checked, beside_checks
from flow_assets.ledger.statements import OfPartition, insert_rows, is_of, portions

_PUBLISHED = ("computed", "restored")
_KPI = tuple(name for name in Kpi.__dataclass_fields__ if name != "phases")


class Reuse(NamedTuple):
    """What a run did not have to make.

    Attributes:
        partitions: how many.
        seconds: what computing them took when that was done last.
    """

    partitions: int
    seconds: float


class Measurement(NamedTuple):
    """What one materialization of one partition cost; see `Kpi`.

    Attributes:
        at: when it was published, UTC, ISO 8601.
        change: `computed` or `restored`; of attempts that came to nothing also `blocked` or `failed`.
        phases: wall seconds by phase, as far as they were told apart.
        error: of those, the class of the error, or the names of the rules that are broken.
        checked: what its rules found; None if they were not asked, as of what failed, or not read.
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
    error: str = ""
    checked: Checked | None = None


_COST = Measurement._fields[:-1]


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
        reused: dataset to what of it was not made, because it was there already.
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
    reused: Mapping[str, Reuse] = MappingProxyType({})

    @property
    def seconds(self) -> float | None:
        """From its first step's beginning to its end; None while there is none."""
        if self.ended_at is None:
            return None
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.started_at)).total_seconds()


class Measurements:
    """Reads the KPIs of one environment."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment

    def materializations(self, since: str = "", datasets: Sequence[str] | None = None) -> list[Measurement]:
        """Those published at `since` (UTC, ISO 8601) or later, the oldest first, without what was found of them."""
        query = self._costs(since, datasets).where(tables.kpis.c.change.in_(_PUBLISHED))
        return [_measurement(row) for row in self._rows(query)]

    def attempts(self, since: str = "", datasets: Sequence[str] | None = None) -> list[Measurement]:
        """The same with what was found of them, and with them what failed or was blocked."""
        rows = self._rows(beside_checks(self._costs(since, datasets)))
        books = sorted({row[-len(COUNTS)] for row in rows} - {None})
        sizes = Judgements(self._engine, self._environment).rule_counts(books)
        return [_measurement(row[: -len(COUNTS)], Checked.of(row[-len(COUNTS) :], sizes)) for row in rows]

    def _costs(self, since: str, datasets: Sequence[str] | None) -> Select[Any]:
        table = tables.kpis
        query = (
            select(*(table.c[name] for name in _COST))
            .where(table.c.environment == self._environment, table.c.at >= since)
            .order_by(table.c.id)
        )
        return query if datasets is None else query.where(table.c.dataset.in_(datasets))

    def _rows(self, query: Select[Any]) -> list[tuple[Any, ...]]:
        with reading(self._engine) as connection:
            return list(connection.execute(query).cursor.fetchall())  # plain tuples: there may be many

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
            row["reused"] = {name: Reuse(*of) for name, of in json.loads(row["reused"]).items()}
        return [RunMeasurement(**row) for row in rows]

    def last_seconds(self, dataset: str, partitions: Sequence[str]) -> float:
        """The wall seconds that computing `partitions` took, of each when that was done last."""
        table = tables.kpis
        total = 0.0
        with reading(self._engine) as connection:
            for some in portions(partitions):
                last = (
                    select(func.max(table.c.id))
                    .where(is_of(table, self._environment, dataset, some), table.c.change == "computed")
                    .group_by(table.c.partition)
                )
                total += connection.scalar(select(func.sum(table.c.wall_seconds)).where(table.c.id.in_(last))) or 0.0
        return total


def keep_measurements(
    connection: Connection, environment: str, run_id: str, at: str, ended: Iterable[tuple[OfPartition, str, Kpi | None]]
) -> None:
    """Write the KPIs of partitions that ended, each with how, in the transaction of `connection`."""
    fixed = {"environment": environment, "run_id": run_id, "at": at}
    rows = [
        {
            **fixed,
            "dataset": item.dataset,
            "partition": item.partition,
            "change": change,
            **{name: getattr(kpi, name) for name in _KPI},
            "phases": _json(kpi.phases),
        }
        for item, change, kpi in ended
        if kpi
    ]
    insert_rows(connection, tables.kpis, rows)


def _measurement(row: Sequence[Any], checked: Checked | None = None) -> Measurement:
    *costs, phases, error = row
    return Measurement._make((*costs, json.loads(phases), error, checked))


def _json(phases: Mapping[str, float]) -> str:
    return json.dumps({name: round(seconds, 6) for name, seconds in phases.items()})
