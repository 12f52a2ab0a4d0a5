"""What is known of a partition, and of those before it, when its rules are judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import pyarrow as pa

from flow_assets.checks.drift import ColumnDistribution
from flow_assets.declaration import Partitions, TimePartitions


@dataclass(frozen=True)
class PartitionFacts:
    """One partition that is inspected.

    Attributes:
        table: its rows.
        distributions: column to how its values are distributed; see `needs` for which columns.
        bounds: where its window of time begins and where it ends, in its own time zone; None if it is none.
        now: the time of the inspection, for freshness where there is no window; None for the present.
    """

    table: pa.Table
    distributions: Mapping[str, ColumnDistribution] = field(default_factory=dict)
    bounds: tuple[datetime, datetime] | None = None
    now: datetime | None = None

    @classmethod
    def of(
        cls,
        partitions: Partitions | None,
        key: str,
        table: pa.Table,
        distributions: Mapping[str, ColumnDistribution] | None = None,
        now: datetime | None = None,
    ) -> Self:
        """The facts of the partition `key` of `partitions`."""
        bounds = None
        if isinstance(partitions, TimePartitions):
            start, end = partitions.window(key)
            bounds = start.astimezone(partitions.zone), end.astimezone(partitions.zone)
        return cls(table, distributions or {}, bounds, now)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self.table.num_rows)

    @property
    def end(self) -> datetime:
        """Where its window of time ends, or the time of the inspection."""
        return self.bounds[1] if self.bounds else self.now or datetime.now(UTC)


@dataclass(frozen=True)
class PastPartition:
    """A published partition that comes before, by what was stored of it.

    Attributes:
        distributions: column to how its values were distributed, of those columns that were looked at then.
    """

    key: str
    rows: int
    distributions: Mapping[str, ColumnDistribution] = field(default_factory=dict)
