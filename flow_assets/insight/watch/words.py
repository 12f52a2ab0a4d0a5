"""What findings say alike: partitions as a span, times, and errors that differ only in their numbers."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_LISTED = 3
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{8,}\b|\d+")
_LONGEST_TITLE = 240


def span(partitions: Sequence[str]) -> str:
    """Partitions, in order: each of a few, else the first and the last; empty for a dataset that has none."""
    if len(partitions) <= _LISTED:
        return ", ".join(partitions)
    return f"{partitions[0]} .. {partitions[-1]} ({len(partitions)} partitions)"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 run`, `3 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def time_text(at: float) -> str:
    """A Unix time as people read it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def unix_time(at: str) -> float:
    """A time of the ledger, UTC and ISO 8601, as Unix time in seconds."""
    return datetime.fromisoformat(at).timestamp()


def ledger_time(at: float) -> str:
    """A Unix time as the ledger writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def alike(line: str, partition: str = "") -> str:
    """What a line has in common with those that differ from it in numbers and in the partition they are about."""
    return _NUMBER.sub("#", line.replace(partition, "*") if partition else line)


def titled(text: str) -> str:
    """A title on one line, and not too long for a channel."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 3]}..."


def paragraph(*lines: str) -> str:
    """A sentence a line, without empty ones."""
    return "\n".join(filter(None, lines))
