"""What can be demanded of a partition as a whole, and of it beside those before it; plain values."""

from dataclasses import dataclass
from typing import Any, ClassVar

from typing_extensions import override

from flow_assets.declaration.constraints import Constraint, Scope


@dataclass(frozen=True)
class RowCount(Constraint):
    """The partition has so many rows."""

    scope: ClassVar[Scope] = Scope.PARTITION
    dimension: ClassVar[str] = "completeness"
    is_counted: ClassVar[bool] = False
    min_value: int | None = None
    max_value: int | None = None

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        low = "" if self.min_value is None else f"{self.min_value} <= "
        return f"{low}rows" + ("" if self.max_value is None else f" <= {self.max_value}")


@dataclass(frozen=True)
class CompleteSequence(Constraint):
    """Every step of the partition's time range is there, once for each group; a local day may have 23 or 25 hours.

    What is missing is counted, of what is expected. Groups are those given, or those found in the partition.

    Attributes:
        every: `1 hour`, `15 minutes`, `1 day`: a number and a unit; see `Duration`.
        groups: what `by` must hold; empty for whatever is found.
    """

    scope: ClassVar[Scope] = Scope.PARTITION
    dimension: ClassVar[str] = "completeness"
    every: str
    by: str | None = None
    groups: tuple[Any, ...] = ()

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"{columns[0]} has a value every {self.every}" + (f", for each {self.by}" if self.by else "")


@dataclass(frozen=True)
class Fresh(Constraint):
    """The newest value of a time column is at most so old at the end of the partition's time range.

    Without time partitions it is compared with the time of the check.

    Attributes:
        within: `36 hours`: a number and a unit.
    """

    scope: ClassVar[Scope] = Scope.PARTITION
    dimension: ClassVar[str] = "timeliness"
    is_counted: ClassVar[bool] = False
    within: str

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"the newest {columns[0]} is at most {self.within} old"


@dataclass(frozen=True)
class PartitionQuery(Constraint):
    """A SQL query over the partition, called `rows`, returns nothing."""

    scope: ClassVar[Scope] = Scope.PARTITION
    dimension: ClassVar[str] = "accuracy"
    is_counted: ClassVar[bool] = False
    sql: str

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"no row comes of {' '.join(self.sql.split())}"


@dataclass(frozen=True)
class RowCountHistory(Constraint):
    """The number of rows is within so many times the median of the partitions before.

    Attributes:
        min_ratio: least share of the median; max_ratio: most.
        partitions: how many of those before are compared with; less than `at_least` are no history.
    """

    scope: ClassVar[Scope] = Scope.HISTORY
    dimension: ClassVar[str] = "completeness"
    is_counted: ClassVar[bool] = False
    min_ratio: float = 0.5
    max_ratio: float = 2.0
    partitions: int = 28
    at_least: int = 7

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"rows between {self.min_ratio} and {self.max_ratio} times the median of the {self.partitions} before"


@dataclass(frozen=True)
class NoDrift(Constraint):
    """A column's distribution is that of the partitions before it, by one measure that stays under a threshold.

    Attributes:
        measure: `psi` (population stability index), `ks` (Kolmogorov-Smirnov distance), `category_shares` (greatest
            change of a category's share) or `null_rate` (change of the share of nulls).
        partitions: how many of those before are compared with; less than `at_least` are no history.
    """

    scope: ClassVar[Scope] = Scope.HISTORY
    dimension: ClassVar[str] = "accuracy"
    is_counted: ClassVar[bool] = False
    measure: str
    threshold: float
    partitions: int = 28
    at_least: int = 7

    @override
    def text(self, columns: tuple[str, ...]) -> str:
        return f"{self.measure} of {columns[0]} to the {self.partitions} partitions before <= {self.threshold}"
