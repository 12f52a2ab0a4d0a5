"""How numbers are written on the page."""

from collections.abc import Mapping
from math import floor


def number(value: float | None) -> str:
    """A count, with a comma at thousands; a dot for nothing."""
    return "·" if not value else f"{value:,.0f}"


def short(value: float | None) -> str:
    """A count of at most four signs or so: `1.2 k`, `3.4 M`."""
    if value is None:
        return "·"
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g} {unit}"
    return f"{value:,.0f}"


def percent(share: float | None) -> str:
    """A share; only all is 100 %."""
    if share is None:
        return "·"
    return "100 %" if share >= 1 else f"{floor(share * 1000) / 10:.1f} %"


def counts(states: Mapping[str, int]) -> str:
    """How many are in each state: `1 late, 364 fresh`."""
    return ", ".join(f"{count:,} {state}" for state, count in states.items()) or "no partitions"
