"""Which partitions of an input a partition reads."""

from dataclasses import dataclass

from flow_assets.errors import DefinitionError


@dataclass(frozen=True)
class SamePartition:
    """The partition of the same key, or the whole of an input without partitions; required."""


@dataclass(frozen=True)
class Lookback:
    """The `count` partitions before, and the partition itself where `include_current`.

    What is before may be absent: it is computed with what is published, and again when more arrives. The partition
    itself, where included, is required unless `require_current` is false.

    Attributes:
        unit: what a partition is: `hours`, `days` or `months`.
    """

    count: int
    include_current: bool = True
    require_current: bool = True
    unit: str = "days"


@dataclass(frozen=True)
class AllPartitions:
    """Every published partition of the input; computed again when one arrives or changes."""


Input = SamePartition | Lookback | AllPartitions


def lookback(
    *,
    hours: int | None = None,
    days: int | None = None,
    months: int | None = None,
    include_current: bool = True,
    require_current: bool = True,
) -> Lookback:
    """Read the partitions of so many hours, days or months before, and one's own unless `include_current=False`.

    Args:
        hours: how many hours before, where partitions are hourly.
        days: how many days before, where they are daily.
        months: how many months before, where they are monthly.
        include_current: whether the hour, day or month itself is read too.
        require_current: whether a partition waits for itself to be there; otherwise it is computed without, and again
            when that arrives.

    Example:
        `ins={"departures": lookback(days=28, include_current=False)}` reads the four weeks before a day, not the day.
    """
    given = {unit: n for unit, n in (("hours", hours), ("days", days), ("months", months)) if n is not None}
    text = ", ".join(f"{unit}={n}" for unit, n in given.items())
    if len(given) != 1:
        raise DefinitionError(
            f"lookback({text}): give one of `hours`, `days` and `months`: the unit of the partitions."
        )
    ((unit, count),) = given.items()
    if count < 1:
        raise DefinitionError(
            f"lookback({text}): must be at least 1; leave the input out of `ins` for the same partition alone."
        )
    return Lookback(count, include_current, require_current and include_current, unit)


def all_partitions() -> AllPartitions:
    """Read every published partition of the input."""
    return AllPartitions()
