"""Spans of time as people write them in a shell: `90s`, `2h`, `7d`; and since when, as a date or so long ago."""

import re
from datetime import UTC, date, datetime, time, timedelta

from flow_assets.errors import SelectionError
from flow_assets.ledger.times import ledger_time

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(rf"([1-9]\d{{0,9}})([{''.join(_UNITS)}])")
_SHORTEST = "1s"
LONGEST = "5000w"


def span_seconds(asked: str, text: str, least: str = _SHORTEST) -> int:
    """How many seconds a span has.

    Args:
        asked: the option that it is given to, such as `--for`; errors name it.
        text: a number and a unit: `s`, `m`, `h`, `d` or `w`.
        least: the shortest that makes sense there.

    Raises:
        SelectionError: it is none, shorter than `least`, or longer than 5000 weeks.
    """
    seconds = _seconds(text)
    if not _seconds(least) <= seconds <= _seconds(LONGEST):
        raise SelectionError(f"{asked} {text!r} cannot be used; write {_allowed(least)}.")
    return seconds


def since_text(since: str, now: datetime | None = None) -> str:
    """When that was: UTC, ISO 8601.

    Args:
        since: a date in UTC, or how long ago.
        now: from when that is counted; the present by default.

    Raises:
        SelectionError: it says no time.
    """
    if 0 < (seconds := _seconds(since)) <= _seconds(LONGEST):
        then = (now or datetime.now(UTC)) - timedelta(seconds=seconds)
    else:
        try:
            then = datetime.combine(date.fromisoformat(since), time(), UTC)
        except ValueError:
            allowed = f"a date, 2013-02-01, or {_allowed(_SHORTEST)}"
            raise SelectionError(f"since {since!r} cannot be used; write {allowed}.") from None
    return ledger_time(then)


def _seconds(text: str) -> int:
    """None at all where it is no span."""
    found = _SPAN.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else 0


def _allowed(least: str) -> str:
    return f"a number and one of {', '.join(_UNITS)}, from {least} to {LONGEST}, such as 30m, 12h or 7d"
