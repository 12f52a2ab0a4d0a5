"""What a source delivers, and laying it down: whole files only, written once."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from flow_assets.errors import SelectionError, StoreError


@dataclass(frozen=True)
class Delivery:
    """One file that a source delivers.

    Attributes:
        day: the day it is of, `YYYY-MM-DD`; None for files that come once, before all others.
        path: where it lands, below the landing folder.
        content: makes its bytes, the same each time.
    """

    day: str | None
    path: str
    content: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True)
class LandingReport:
    """What one call laid down.

    Attributes:
        written: files that were missing or differed.
        unchanged: files that lay there with the same bytes and were left alone.
        days: the first and the last day delivered; None if no day was.
        remaining_days: days of the source after the newest that lies in the folder now.
    """

    written: int
    unchanged: int
    days: tuple[str, str] | None
    remaining_days: int


def deliver(
    deliveries: Sequence[Delivery],
    landing: Path,
    *,
    until: str | None = None,
    next_days: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LandingReport:
    """Lay `deliveries` below `landing`; see `land` for the arguments and the errors."""
    days = sorted({d.day for d in deliveries if d.day})
    wanted = _days_wanted(days, _newest_landed(deliveries, landing), until, next_days)
    chosen = sorted((d for d in deliveries if d.day is None or d.day in wanted), key=lambda d: (d.day or "", d.path))
    written = 0
    for done, delivery in enumerate(chosen, start=1):
        written += _lay(landing / delivery.path, delivery.content())
        if progress:
            progress(done, len(chosen))
    newest = _newest_landed(deliveries, landing)
    return LandingReport(
        written=written,
        unchanged=len(chosen) - written,
        days=(min(wanted), max(wanted)) if wanted else None,
        remaining_days=sum(day > newest for day in days),
    )


def _days_wanted(days: Sequence[str], newest: str, until: str | None, next_days: int | None) -> set[str]:
    if until is not None and next_days is not None:
        raise SelectionError("Both `until` and `next` are given; give one of them, or neither for all days.")
    if next_days is not None:
        if next_days < 1:
            raise SelectionError(f"next {next_days}: no day is asked for; give a number of days from 1 on.")
        return set([day for day in days if day > newest][:next_days])
    if until is None:
        return set(days)
    try:
        last = date.fromisoformat(until).isoformat()
    except ValueError as error:
        raise SelectionError(f"until {until!r} is no date; write it as YYYY-MM-DD.") from error
    if days and last < days[0]:
        raise SelectionError(f"until {until}: the source begins on {days[0]}; give that day or a later one.")
    return {day for day in days if day <= last}


def _newest_landed(deliveries: Sequence[Delivery], landing: Path) -> str:
    """The newest day of which a file lies in the folder; empty, before all days, if there is none."""
    return max((d.day for d in deliveries if d.day and (landing / d.path).exists()), default="")


def _lay(path: Path, content: bytes) -> bool:
    """Make `path` hold `content`; whoever looks sees the old file, or the new one whole. Returns whether it wrote."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror}. Check the folder's permissions and its free space."
        ) from error
    return True
