"""The sources that can be landed, by name."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from flow_assets.automation.landing.delivery import Delivery, LandingReport, deliver
from flow_assets.automation.landing.nycflights13 import nycflights13
from flow_assets.errors import SelectionError

SOURCES: Mapping[str, Callable[[], Sequence[Delivery]]] = {"nycflights13": nycflights13}
"""Name of a source to the function that lists its deliveries."""


def land(
    source: str,
    landing: Path,
    *,
    until: str | None = None,
    next_days: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LandingReport:
    """Lay the files of `source` below the folder `landing`: all of them, or those of some days.

    Files without a day come with every call. A file that lies there with the source's bytes is left alone; one that
    differs is restored.

    Args:
        source: a name in `SOURCES`.
        landing: the landing folder; made if it does not exist.
        until: land everything up to this day, `YYYY-MM-DD`, and including it.
        next_days: land this many days after the newest that lies in the folder.
        progress: called with the number of files done and the number of all, after each file.

    Raises:
        SelectionError: there is no such source, or the days asked for make no sense.
        StoreError: the source's package is not installed or not what it was, or a file cannot be written.
    """
    if source not in SOURCES:
        raise SelectionError(f"There is no source {source!r}. There are: {', '.join(sorted(SOURCES))}.")
    return deliver(SOURCES[source](), landing, until=until, next_days=next_days, progress=progress)
