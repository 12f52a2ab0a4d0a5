"""How the commands print: tables for people, JSON for scripts, progress beside both."""

import json
import re
import sys
from collections.abc import Collection, Sequence
from typing import Any, Literal

from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

_ENDLESS = 100_000
_FOLDED_WIDTH = 24
_LISTED_KEYS = 3


def print_json(value: Any) -> None:
    """Print one JSON value to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()  # so that a reader who has left is noticed here, and not while the interpreter ends


def out() -> Console:
    """Standard output; as wide as needed where nobody looks, so that nothing is cut off or wrapped."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_ENDLESS)


def print_table(console: Console, shown: Table) -> None:
    """Print a table whole: where the terminal is too narrow, lines wrap rather than numbers being cut off.

    Its folded column wraps between words, so that the others stay in line. Where nobody looks each row is one line, and
    no blanks end it.
    """
    narrow, console.width = console.width, max(console.width, _least_width(console, shown))
    with console.capture() as printed:
        console.print(shown)
    text = printed.get()
    console.out(text if console.is_terminal else re.sub(r" +$", "", text, flags=re.M), end="", highlight=False)
    console.width = narrow


def _least_width(console: Console, shown: Table) -> int:
    """How wide it is if what can be folded is folded as much as one can still read."""
    folded = [column for column in shown.columns if not column.no_wrap]
    for column in folded:
        column.max_width = _FOLDED_WIDTH
    least = Measurement.get(console, console.options.update_width(_ENDLESS), shown).maximum
    for column in folded:
        column.max_width = None
    return least


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


def table(title: str | None, *columns: str, texts: Collection[str] = (), folded: str = "") -> Table:
    """A table whose columns are numbers, but for the first and those in `texts`; `folded` may be of several lines."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        justify: Literal["left", "right"] = "left" if number == 0 or column in texts else "right"
        made.add_column(column, justify=justify, no_wrap=column != folded, overflow="fold")
    return made


def keys_text(keys: Sequence[str], every: Sequence[str]) -> str:
    """Some partition keys of `every`, both in order: the first and the last, with dots only where none is left out."""
    if len(keys) < 2:
        return "".join(keys)
    start = every.index(keys[0]) if keys[0] in every else len(every)
    if list(every[start : start + len(keys)]) == list(keys):
        return f"{keys[0]} .. {keys[-1]} ({len(keys)} partitions)"
    few = len(keys) <= _LISTED_KEYS
    return ", ".join(keys) if few else f"{keys[0]}, {keys[1]}, ... {keys[-1]} ({len(keys)} partitions)"


def cause_text(reason: str, partition: str) -> str:
    """What reasons of several partitions have in common: of blocked ones the rules, of held ones what holds them."""
    from flow_assets.checks.results import rules_named
    from flow_assets.memo.explain import BLOCKED_BEFORE

    named = rules_named(reason.removeprefix(f"{BLOCKED_BEFORE}: "))
    return ", ".join(named) or (reason.replace(partition, "") if partition else reason)


def size_text(size: int) -> str:
    """Bytes in the unit people would choose."""
    amount, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
