"""What a dataset's function may ask for about the partitions it computes."""

from dataclasses import dataclass

from flow_assets.errors import ComputeError


@dataclass(frozen=True)
class PartitionContext:
    """The partitions a call computes; a function gets it by annotating a parameter with this class.

    Attributes:
        partition_keys: the partitions asked for, in order: one, or several for a set-based dataset.
    """

    partition_keys: tuple[str, ...]

    @property
    def partition_key(self) -> str:
        """The one partition this call computes."""
        if len(self.partition_keys) != 1:
            raise ComputeError(
                f"partition_key: this call computes {len(self.partition_keys)} partitions; use partition_keys."
            )
        return self.partition_keys[0]
