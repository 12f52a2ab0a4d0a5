"""What a baseline can be told; anything else is one clear error."""

import math
from datetime import datetime

from flow_assets.errors import BaselineError


def check_rate(rate: float) -> float:
    """A rate of false alarms, per judgement.

    Raises:
        BaselineError: it is not between 0 and 0.5.
    """
    if not 0 < rate <= 0.5:
        raise BaselineError(f"false_alarm_rate={rate!r} is no rate per judgement; say one above 0 and at most 0.5.")
    return rate


def check_seconds(seconds: float) -> float:
    """Seconds, none negative.

    Raises:
        BaselineError: they are negative or not finite.
    """
    if not 0 <= seconds < math.inf:
        raise BaselineError(f"seconds={seconds!r} is no duration; say a finite number that is not negative.")
    return float(seconds)


def check_size(size: float | None) -> float | None:
    """A count of rows or bytes, or None.

    Raises:
        BaselineError: it is negative or not finite.
    """
    if size is not None and not 0 <= size < math.inf:
        raise BaselineError(f"size={size!r} is no count; say a finite number that is not negative, or None.")
    return size


def check_at(at: datetime | None) -> datetime | None:
    """A moment with a time zone, or None.

    Raises:
        BaselineError: it has no time zone.
    """
    if at is not None and at.tzinfo is None:
        raise BaselineError(f"at={at.isoformat()} has no time zone; say one, as in datetime(..., tzinfo=UTC).")
    return at


def check_delay(seconds: float) -> float:
    """Seconds after the end of a period; negative before it.

    Raises:
        BaselineError: they are not finite.
    """
    if not math.isfinite(seconds):
        raise BaselineError(f"seconds={seconds!r} is no delay; say a finite number, or None for what never came.")
    return float(seconds)
