"""Times and lengths of time as people read them; `ledger.times` has them as the ledger writes them."""

from collections.abc import Sequence
from datetime import UTC, datetime

_DAY, _HOUR, _MINUTE = 86_400, 3600, 60
_SIGNS = ((_DAY, " d"), (_HOUR, " h"), (_MINUTE, " min"), (1, " s"))
_NOUNS = ((_DAY, " day"), (_HOUR, " hour"), (_MINUTE, " minute"))


def duration_text(seconds: float | None) -> str:
    """A length of time in figures: `12 ms`, `9.9 s`, `1 min 2 s`, `2 d 3 h`; a dot for none.

    Less than nothing, which two clocks may tell, is nothing.
    """
    if seconds is None:
        return "·"
    if seconds < 0.9995:
        amount = 1000 * max(seconds, 0.0)
        return f"{amount:.0f} ms" if amount >= 9.5 else f"{amount:.1f} ms" if amount else "0 s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    step = _HOUR if seconds >= _DAY else _MINUTE if seconds >= _HOUR else 1
    return " ".join(f"{count:,}{sign}" for count, sign in _largest(round(seconds / step) * step, _SIGNS))


def duration_in_words(seconds: float) -> str:
    """A length of time, to the minute, as a sentence says it: `3 hours`, `1 day 1 hour`."""
    counts = _largest(round(seconds / _MINUTE) * _MINUTE, _NOUNS)
    return " ".join(f"{count:,}{noun}{'s' if count > 1 else ''}" for count, noun in counts) or "less than a minute"


def moment_text(at: float | str | datetime, timespec: str = "minutes") -> str:
    """A moment in UTC: `2024-03-01 06:00 UTC`.

    Args:
        at: Unix time in seconds, ISO 8601, or a time that knows its zone.
        timespec: how exactly; see `datetime.isoformat`.
    """
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    time = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(' ', timespec)} UTC"


def _largest(seconds: int, units: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """How many of each unit, but for units of which there is none, and only of the two largest."""
    counts = []
    for length, unit in units:
        count, seconds = divmod(seconds, length)
        counts.append((count, unit))
    return [(count, unit) for count, unit in counts if count][:2]
