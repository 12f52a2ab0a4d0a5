"""How the commands print: tables for people, JSON for scripts, progress beside both."""

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


def print_json(value: Any) -> None:
    """Print one JSON value to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def out() -> Console:
    """Standard output; as wide as needed where nobody looks."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=200)


def progress() -> Progress:
    """Progress bars on standard error, which stay there although Dagster captures it while a step runs."""
    stream = os.fdopen(os.dup(sys.stderr.fileno()), "w")
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=stream),
        disable=not stream.isatty(),
    )


def table(title: str, *columns: str) -> Table:
    """A table whose columns after the first are numbers."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        made.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    return made


def size_text(size: int) -> str:
    """Bytes in the unit people would choose."""
    amount, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
