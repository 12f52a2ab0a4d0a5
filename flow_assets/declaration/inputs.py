"""Which partitions of an input a partition reads."""

from dataclasses import dataclass

from flow_assets.errors import DefinitionError


@dataclass(frozen=True)
class SamePartition:
    """The partition of the same key, or the whole of an input without partitions; required."""


@dataclass(frozen=True)
class Lookback:
    """The `days` partitions before, and the partition itself where `include_current`.

    What is before may be absent: it is computed with what is published, and again when more arrives. The partition
    itself, where included, is required unless `require_current` is false.
    """

    days: int
    include_current: bool = True
    require_current: bool = True


@dataclass(frozen=True)
class AllPartitions:
    """Every published partition of the input; computed again when one arrives or changes."""


Input = SamePartition | Lookback | AllPartitions


def lookback(*, days: int, include_current: bool = True, require_current: bool = True) -> Lookback:
    """Read the partitions of the `days` days before, and the day itself unless `include_current=False`.

    Args:
        days: how many days before.
        include_current: whether the day itself is read too.
        require_current: whether a partition waits for the day itself; otherwise it is computed without, and again when
            the day arrives.

    Example:
        `ins={"departures": lookback(days=28, include_current=False)}` reads the four weeks before a day, not the day.
    """
    if days < 1:
        raise DefinitionError(
            f"lookback(days={days}): must be at least 1; leave the input out of `ins` for the day alone."
        )
    return Lookback(days, include_current, require_current and include_current)


def all_partitions() -> AllPartitions:
    """Read every published partition of the input."""
    return AllPartitions()
