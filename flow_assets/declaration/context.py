"""What a dataset's function may ask for about the partitions it computes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flow_assets.declaration.partitions import Partitions
from flow_assets.declaration.time_partitions import TimePartitions
from flow_assets.errors import ComputeError


@dataclass(frozen=True)
class PartitionContext:
    """The partitions a call computes; a function gets it by annotating a parameter with this class.

    Attributes:
        partition_keys: the partitions asked for, in order: one, or several for a set-based dataset.
        window: where the first of them begins and where the last one ends, in UTC; None if they are no windows of time.
    """

    partition_keys: tuple[str, ...]
    window: tuple[datetime, datetime] | None = None

    @classmethod
    def of(cls, partitions: Partitions | None, keys: Sequence[str]) -> "PartitionContext":
        """The context of a call that computes the partitions `keys`."""
        if isinstance(partitions, TimePartitions):
            return cls(tuple(keys), (partitions.window(keys[0])[0], partitions.window(keys[-1])[1]))
        return cls(tuple(keys))

    @property
    def start(self) -> datetime:
        """Where the first partition's window of time begins, in UTC."""
        return self._window[0]

    @property
    def end(self) -> datetime:
        """Where the last partition's window of time ends, in UTC; exclusive."""
        return self._window[1]

    @property
    def _window(self) -> tuple[datetime, datetime]:
        if self.window is None:
            raise ComputeError("start, end: the dataset's partitions are no windows of time; use partition_keys.")
        return self.window

    @property
    def partition_key(self) -> str:
        """The one partition this call computes."""
        if len(self.partition_keys) != 1:
            raise ComputeError(
                f"partition_key: this call computes {len(self.partition_keys)} partitions; use partition_keys."
            )
        return self.partition_keys[0]
