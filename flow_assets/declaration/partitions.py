"""The partitions of a dataset as values, named and meant as Dagster's own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flow_assets.declaration.time_partitions import TimePartitions
from flow_assets.errors import DefinitionError

UNPARTITIONED = ""
"""The partition key under which a dataset without partitions is kept."""


@dataclass(frozen=True, init=False)
class StaticPartitions:
    """A fixed list of partitions, in the order given."""

    partition_keys: tuple[str, ...]

    def __init__(self, partition_keys: list[str] | tuple[str, ...]) -> None:
        if len(set(partition_keys)) != len(partition_keys) or not all(partition_keys):
            raise DefinitionError(f"StaticPartitions: keys must differ and not be empty: {list(partition_keys)!r}.")
        if unfit := [key for key in partition_keys if "..." in key or not key.isprintable()]:
            raise DefinitionError(
                f"StaticPartitions: a key must not hold '...' or a control character, which Dagster refuses: {unfit!r}."
            )
        object.__setattr__(self, "partition_keys", tuple(partition_keys))

    def keys(self, now: datetime | None = None) -> tuple[str, ...]:
        """All partition keys, in order."""
        return self.partition_keys

    def key_of(self, value: Any) -> str:
        """The key that a value of the partition column stands for."""
        return str(value)


Partitions = TimePartitions | StaticPartitions


def partition_keys(partitions: Partitions | None, now: datetime | None = None) -> tuple[str, ...]:
    """All keys of `partitions`; a dataset without partitions has the one key `UNPARTITIONED`."""
    return (UNPARTITIONED,) if partitions is None else partitions.keys(now)
