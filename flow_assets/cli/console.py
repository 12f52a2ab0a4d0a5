"""How the commands print: tables for people, JSON for scripts, progress beside both."""

import json
import sys
from collections.abc import Collection, Sequence
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

_ENDLESS = 100_000


def print_json(value: Any) -> None:
    """Print one JSON value to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()  # so that a reader who has left is noticed here, and not while the interpreter ends


def out() -> Console:
    """Standard output; as wide as needed where nobody looks, so that nothing is cut off or wrapped."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_ENDLESS)


def print_table(console: Console, shown: Table) -> None:
    """Print a table whole: where the terminal is too narrow, lines wrap rather than numbers being cut off."""
    whole = Measurement.get(console, console.options.update_width(_ENDLESS), shown).maximum
    narrow, console.width = console.width, max(console.width, whole)
    console.print(shown)
    console.width = narrow


def progress() -> Progress:
    """Progress bars on standard error; none where nobody looks."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def table(title: str | None, *columns: str, texts: Collection[str] = ()) -> Table:
    """A table whose columns are numbers, but for the first and those in `texts`."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        made.add_column(column, justify="left" if number == 0 or column in texts else "right", no_wrap=True)
    return made


def keys_text(keys: Sequence[str]) -> str:
    """Partition keys as the first and the last."""
    return keys[0] if len(keys) == 1 else f"{keys[0]} .. {keys[-1]} ({len(keys)} partitions)"


def size_text(size: int) -> str:
    """Bytes in the unit people would choose."""
    amount, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
