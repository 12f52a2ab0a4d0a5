"""When partitions came: what is published of a dataset, and when each partition was for the first time."""

from typing import NamedTuple

from sqlalchemy import Engine, func, select

from flow_assets.ledger import tables
from flow_assets.ledger.database import reading
from flow_assets.ledger.statements import is_of
from flow_assets.ledger.times import unix_time


class Arrival(NamedTuple):
    """The first publication of a partition.

    Attributes:
        at: Unix time in seconds.
        is_computed: whether it was computed then; what is restored was there before, nobody knows since when.
    """

    at: float
    run_id: str
    is_computed: bool


class Arrivals:
    """Reads from one environment's ledger; keys of windows of time are in order as texts, and are bounds here."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment

    def began_at(self, dataset: str) -> float | None:
        """When any of its partitions was published for the first time, Unix time; None if none ever was."""
        table = tables.history
        first = select(func.min(table.c.id)).where(is_of(table, self._environment, dataset)).scalar_subquery()
        with reading(self._engine) as connection:
            text = connection.scalar(select(table.c.at).where(table.c.id == first))
        return None if text is None else unix_time(text)

    def newest(self, dataset: str, until: str) -> str | None:
        """The last partition, `until` at most, that is published."""
        table = tables.holdings
        query = select(func.max(table.c.partition)).where(is_of(table, self._environment, dataset))
        with reading(self._engine) as connection:
            found: str | None = connection.scalar(query.where(table.c.partition <= until))
        return found

    def published(self, dataset: str, since: str = "") -> set[str]:
        """The partitions from `since` on that are published."""
        table = tables.holdings
        query = select(table.c.partition).where(is_of(table, self._environment, dataset), table.c.partition >= since)
        with reading(self._engine) as connection:
            return set(connection.scalars(query))

    def first(self, dataset: str, since: str = "") -> dict[str, Arrival]:
        """Partition, from `since` on, to its first publication: what was made anew later is as old as it was."""
        table = tables.history
        is_its = is_of(table, self._environment, dataset)
        firsts = select(func.min(table.c.id)).where(is_its, table.c.partition >= since).group_by(table.c.partition)
        query = select(table.c.partition, table.c.at, table.c.run_id, table.c.change).where(table.c.id.in_(firsts))
        with reading(self._engine) as connection:
            rows = connection.execute(query).cursor.fetchall()
        return {row[0]: Arrival(unix_time(row[1]), row[2], row[3] == "computed") for row in rows}
