"""The states of each published partition, from which profiles are made; what is in them is no affair of the ledger."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Engine, and_, select

from flow_assets.ledger.database import reading, transaction
from flow_assets.ledger.statements import OfPartition, insert_rows, is_of, portions, remove
from flow_assets.ledger.tables import holdings, states


class OfContent(OfPartition, Protocol):
    """Something that was gathered from one version of a partition, with its states."""

    @property
    def content_hash(self) -> str:
        """The version's."""

    @property
    def states(self) -> bytes:
        """Encoded; empty where none were gathered."""


class PartitionStates(NamedTuple):
    """The states of the version of a partition whose content has this hash."""

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
        is_same = and_(*(states.c[name] == holdings.c[name] for name in _SAME))
        query = select(states.c.partition, states.c.states).join_from(states, holdings, is_same)
        found: dict[str, bytes] = {}
        with reading(self._engine) as connection:
            for some in [None] if partitions is None else portions(partitions):
                chosen = query.where(is_of(states, self._environment, dataset, some))
                found.update((row[0], row[1]) for row in connection.execute(chosen).cursor.fetchall())
        return found

    def keep(self, dataset: str, found: Mapping[str, tuple[str, bytes]]) -> None:
        """Remember the states of partitions: partition to the content's hash and the states.

        Those of a content that is not published any more are left out.
        """
        with transaction(self._engine) as connection:
            kept = []
            for some in portions(list(found)):
                query = select(holdings.c.partition, holdings.c.content_hash)
                rows = connection.execute(query.where(is_of(holdings, self._environment, dataset, some)))
                kept += [
                    PartitionStates(dataset, key, *found[key]) for key, content in rows if content == found[key][0]
                ]
            replace_states(connection, self._environment, kept)


_SAME = ("environment", "dataset", "partition", "content_hash")


def replace_states(connection: Connection, environment: str, items: Sequence[OfContent]) -> None:
    """Remember states, in the transaction of `connection`, in place of those of the same partitions."""
    kept = [PartitionStates(i.dataset, i.partition, i.content_hash, i.states) for i in items if i.states]
    remove(connection, states, environment, kept)
    insert_rows(connection, states, [{"environment": environment, **item._asdict()} for item in kept])
