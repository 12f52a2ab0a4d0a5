"""How numbers and times are written on the page."""

from collections.abc import Mapping
from datetime import UTC, datetime
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


def duration(seconds: float | None) -> str:
    """Seconds in the unit people would choose."""
    if seconds is None:
        return "·"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms" if seconds > 0 else "0 s"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def percent(share: float | None) -> str:
    """A share; only all is 100 %."""
    if share is None:
        return "·"
    return "100 %" if share >= 1 else f"{floor(share * 1000) / 10:.1f} %"


def moment(at: str | float | None) -> str:
    """A time to the minute, UTC, from ISO 8601 or Unix time."""
    if at is None:
        return "never"
    time = datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) else datetime.fromisoformat(at)
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def counts(states: Mapping[str, int]) -> str:
    """How many are in each state: `1 late, 364 fresh`."""
    return ", ".join(f"{count:,} {state}" for state, count in states.items()) or "no partitions"
