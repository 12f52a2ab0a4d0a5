"""What computing a dataset cost, call by call: the partitions that one run computed of it, taken together.

The seconds of a set-based call are shared out evenly over its partitions, and a run computes a range of partitions in
several calls; what can be judged is their sum, by how much was read. Restored and reused partitions are not in it.
"""

from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from flow_assets.insight.watch.memory import place_of, remembered, stamp
from flow_assets.ledger import tables
from flow_assets.ledger.database import reading
from flow_assets.ledger.times import ledger_time
from flow_assets.materialization.project import Project

HISTORY_DAYS = 90
"""Older calls are no longer learned from."""

MOST_CALLS = 500
"""Of each dataset; the latest."""


class Call(NamedTuple):
    """The partitions of a dataset that one run computed with the same code.

    Attributes:
        at: when the last of them was published.
        seconds: wall seconds of all.
        rows: how many were read for all.
        first: the least key.
        last: the greatest key.
    """

    dataset: str
    run_id: str
    code_fingerprint: str
    at: datetime
    seconds: float
    rows: int
    partitions: int
    first: str
    last: str
    peak_memory_bytes: int


Calls = dict[str, tuple[Call, ...]]
"""Dataset to its calls, the oldest first."""


def recent_calls(project: Project, now: datetime) -> Calls:
    """The calls that watches learn from: of the last 90 days, at most 500 a dataset; read only if some are new."""
    since = (now - timedelta(days=HISTORY_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    question = (stamp(project, now), since)
    return remembered(("calls", *place_of(project)), question, lambda: read_calls(project, now, since, MOST_CALLS))


def read_calls(project: Project, now: datetime, since: datetime | None = None, most: int | None = None) -> Calls:
    """The calls of all datasets that there are, from `since` to `now`, and at `most` the last so many of each."""
    table = tables.kpis
    query = (
        select(
            table.c.dataset,
            table.c.run_id,
            table.c.code_fingerprint,
            func.max(table.c.at),
            func.sum(table.c.wall_seconds),
            func.sum(table.c.rows_in),
            func.count(),
            func.min(table.c.partition),
            func.max(table.c.partition),
            func.max(table.c.peak_memory_bytes),
        )
        .where(table.c.environment == project.settings.environment, table.c.change == "computed")
        .where(table.c.at >= (ledger_time(since) if since else ""), table.c.at <= ledger_time(now))
        .group_by(table.c.dataset, table.c.run_id, table.c.code_fingerprint)
        .order_by(func.max(table.c.id))
    )
    rows: dict[str, deque[tuple[Any, ...]]] = defaultdict(lambda: deque(maxlen=most))
    with reading(project.engine) as connection:
        for row in connection.execute(query).cursor.fetchall():  # plain tuples: there may be 100,000
            rows[row[0]].append(row)
    return {name: tuple(map(_call, of)) for name, of in rows.items() if name in project.graph.datasets}


def _call(row: tuple[Any, ...]) -> Call:
    dataset, run_id, code, at, *rest = row
    return Call(dataset, run_id, code, datetime.fromisoformat(at), *rest)
