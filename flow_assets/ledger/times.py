"""Times as the ledger writes them: in UTC, ISO 8601, to the millisecond, so that as texts they are in order."""

import time
from datetime import UTC, datetime


def ledger_time(at: float | datetime) -> str:
    """A moment, by Unix time in seconds or by a time that knows its zone, as the ledger writes it."""
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def now_text() -> str:
    """The present as the ledger writes it."""
    return ledger_time(time.time())


def unix_time(at: str) -> float:
    """A time of the ledger as Unix time in seconds."""
    return datetime.fromisoformat(at).timestamp()
