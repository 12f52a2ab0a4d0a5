"""Ways in which a landed file goes bad: each takes its lines, as text, and returns what came instead."""

import bz2
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

Spoil = Callable[[pd.DataFrame], pd.DataFrame]

MISSING = "NA"
CODECS = {
    ".gz": (gzip.compress, gzip.decompress),
    ".bz2": (bz2.compress, bz2.decompress),
    ".csv": (bytes, bytes),
}
OUTCOME = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")


def rewrite(path: Path, spoil: Spoil) -> None:
    """Land the file again, spoiled."""
    compress, decompress = CODECS[path.suffix]
    lines = pd.read_csv(io.BytesIO(decompress(path.read_bytes())), dtype=str, keep_default_na=False)
    spoiled = spoil(lines)
    assert not spoiled.equals(lines), path
    path.write_bytes(compress(spoiled.to_csv(index=False).encode()))


def some(lines: pd.DataFrame, share: float) -> pd.Index:
    """A share of the lines at random, one at least; the same each time."""
    chosen = np.random.default_rng(4).choice(len(lines), max(1, round(share * len(lines))), replace=False)
    return lines.index[np.sort(chosen)]


def nulls(column: str, share: float) -> Spoil:
    def spoil(lines: pd.DataFrame) -> pd.DataFrame:
        lines = lines.copy()
        lines.loc[some(lines[lines[column] != MISSING], share), column] = MISSING
        return lines

    return spoil


def cancelled(share: float) -> Spoil:
    def spoil(lines: pd.DataFrame) -> pd.DataFrame:
        lines = lines.copy()
        lines.loc[some(lines, share), list(OUTCOME)] = MISSING
        return lines

    return spoil


def twice(share: float) -> Spoil:
    return lambda lines: pd.concat([lines, lines.loc[some(lines, share)]])


def only(where: str) -> Spoil:
    """Only the lines of which a condition on the text is true; see `pandas.DataFrame.query`."""
    return lambda lines: lines.query(where)


def half_of_the_lines(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.loc[some(lines, 0.5)]


def swapped(one: str, other: str) -> Spoil:
    return lambda lines: lines.assign(**{one: lines[other], other: lines[one]})


def put(column: str, value: str) -> Spoil:
    """One line with another value."""

    def spoil(lines: pd.DataFrame) -> pd.DataFrame:
        lines = lines.copy()
        lines.loc[len(lines) // 2, column] = value
        return lines

    return spoil


def converted(change: Callable[[float], float], *columns: str, digits: int = 4) -> Spoil:
    """Numbers in another unit."""

    def value(text: str) -> str:
        return text if text == MISSING else str(round(change(float(text)), digits or None))

    return lambda lines: lines.assign(**{column: lines[column].map(value) for column in columns})


def by_the_clock(minutes: int, *columns: str) -> Spoil:
    """Clock readings, as hhmm, moved around midnight."""

    def moved(reading: float) -> float:
        at = (int(reading) // 100 * 60 + int(reading) % 100 + minutes) % 1440
        return at // 60 * 100 + at % 60

    return converted(moved, *columns, digits=0)


def both(first: Spoil, second: Spoil) -> Spoil:
    return lambda lines: second(first(lines))


def hours_later(hours: int) -> Spoil:
    """UTC that is not."""
    moved = pd.Timedelta(hours=hours)
    return lambda lines: lines.assign(
        time_hour=(pd.to_datetime(lines["time_hour"]) + moved).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    )


def cut_off(path: Path) -> None:
    """Land the first half of the file's bytes."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
