"""The states of each published partition, from which profiles are made; what is in them is no affair of the ledger."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, insert, select

from flow_assets.ledger.database import reading, transaction
from flow_assets.ledger.tables import holdings, states

_AT_ONCE = 500


class PartitionStates(NamedTuple):
    """What was gathered from one partition whose content had this hash."""

    dataset: str
    partition: str
    content_hash: str
    states: bytes


class States:
    """Reads and writes the states of one environment's partitions."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment

    def current(self, dataset: str, partitions: Sequence[str] | None = None) -> dict[str, bytes]:
        """Partition to its states, of those whose states are of the content that is published now.

        Args:
            dataset: whose.
            partitions: narrows it down.
        """
        is_same = and_(*(states.c[name] == holdings.c[name] for name in (*_KEY, "content_hash")))
        query = select(states.c.partition, states.c.states).join_from(states, holdings, is_same)
        query = query.where(states.c.environment == self._environment, states.c.dataset == dataset)
        wanted = [None] if partitions is None else [partitions[n : n + _AT_ONCE] for n in _starts(partitions)]
        found: dict[str, bytes] = {}
        with reading(self._engine) as connection:
            for some in wanted:
                chosen = query if some is None else query.where(states.c.partition.in_(some))
                found.update(connection.execute(chosen).cursor.fetchall())  # plain tuples: there may be many
        return found

    def keep(self, items: Sequence[PartitionStates]) -> None:
        """Remember states that were made from published content; of another content than the current they are none."""
        with transaction(self._engine) as connection:
            replace_states(connection, self._environment, items)


_KEY = ("environment", "dataset", "partition")


def replace_states(connection: Connection, environment: str, items: Iterable[PartitionStates]) -> None:
    """Remember states within a transaction, in place of what was remembered of the same partitions."""
    rows = [{"environment": environment, **item._asdict()} for item in items]
    by_dataset: dict[str, list[str]] = {}
    for row in rows:
        by_dataset.setdefault(row["dataset"], []).append(row["partition"])
    for dataset, partitions in by_dataset.items():
        for start in _starts(partitions):
            some = states.c.partition.in_(partitions[start : start + _AT_ONCE])
            connection.execute(
                delete(states).where(states.c.environment == environment, states.c.dataset == dataset, some)
            )
    if rows:
        connection.execute(insert(states), rows)


def _starts(items: Sequence[str]) -> range:
    return range(0, len(items), _AT_ONCE)
