"""Show what a dataset's columns hold over any range of partitions, without reading it again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from flow_assets.checks.profile import ColumnProfile
    from flow_assets.insight.profile import DatasetProfile

NAME = "profile-data"
EXAMPLES = (
    "flow profile-data departures",
    "flow profile-data departures --partitions 2013-02-01..2013-02-28",
    "flow profile-data raw_planes --json",
)


def command(
    dataset: Annotated[str, typer.Argument(help="A dataset.")],
    partitions: Annotated[str | None, typer.Option(help="Only these partitions: A..B, or one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Profile the data."""
    from flow_assets.cli.console import print_json
    from flow_assets.declaration import partition_keys
    from flow_assets.insight.profile import profile_dataset
    from flow_assets.materialization.project import Project
    from flow_assets.settings import load_settings

    project = Project.open(load_settings())
    found = profile_dataset(project, dataset, partitions)
    if as_json:
        print_json(_json(found))
    else:
        _print(found, partition_keys(project.graph.get(dataset).partitions))


def _json(found: "DatasetProfile") -> dict[str, Any]:
    return {
        "dataset": found.dataset,
        "partitions": [key or None for key in found.partitions],
        "absent": list(found.absent),
        "reread": found.reread,
        "merge_seconds": round(found.merge_seconds, 6),
        "rows": found.profile.rows,
        "columns": [_column_json(column) for column in found.profile.columns],
    }


def _column_json(column: "ColumnProfile") -> dict[str, Any]:
    from flow_assets.checks.profile import QUANTILES

    fields = {name: _plain(value) for name, value in vars(column).items()}
    return {
        **fields,
        "nulls": column.nulls,
        "quantiles": {str(q): _plain(v) for q, v in zip(QUANTILES, column.quantiles, strict=False)},
        "categories": dict(column.categories),
    }


def _plain(value: Any) -> Any:
    """JSON knows neither dates nor infinity; decimals lose nothing as texts."""
    from math import isfinite

    if value is None or isinstance(value, bool | int | str | tuple):
        return value
    return value if isinstance(value, float) and isfinite(value) else _text(value)


def _print(found: "DatasetProfile", every: Sequence[str]) -> None:
    from rich.markup import escape

    from flow_assets.checks.profile import QUANTILES
    from flow_assets.cli.console import keys_text, out, print_table, table

    keys = " ".join(filter(None, (found.dataset, keys_text(found.partitions, every))))
    quantiles = [f"{100 * q:g}%" for q in QUANTILES]
    shown = table(
        f"{keys}: {found.profile.rows:,} rows",
        *("column", "type", "nulls", "NaN", "distinct", "mean", "deviation", "least", *quantiles, "greatest"),
        texts=("type",),
    )
    for c in found.profile.columns:
        about = "" if c.approx_distinct is None or c.trues is not None else "~"
        ends = [_short(value) for value in (c.minimum, *(c.quantiles or [None] * len(QUANTILES)), c.maximum)]
        numbers = [
            about + _short(c.approx_distinct) if c.approx_distinct else "·",
            _mean(c),
            _short(c.standard_deviation),
        ]
        shown.add_row(c.name, escape(c.type), _nulls(c), f"{c.nan:,}" if c.nan else "·", *numbers, *map(escape, ends))
    console = out()
    print_table(console, shown)
    for line in _notes(found, every):
        console.print(line, markup=False)


def _notes(found: "DatasetProfile", every: Sequence[str]) -> list[str]:
    """What the table does not say."""
    from flow_assets.cli.console import keys_text

    profile = found.profile
    notes = [
        f"{c.name} as {c.type} is in {c.partitions:,} of {profile.partitions:,} partitions."
        for c in profile.columns
        if c.partitions < profile.partitions
    ]
    notes += [f"{c.name} has {c.infinite:,} infinite values." for c in profile.columns if c.infinite]
    if found.absent:
        notes.append(f"Not published: {keys_text(found.absent, every)}")
    merged = f"{profile.partitions:,} partition{'s' if profile.partitions > 1 else ''} merged"
    reread = f"{found.reread:,} of them had to be read" if found.reread else "no row was read"
    return ["", *notes, f"{merged} in {found.merge_seconds * 1000:,.0f} ms; {reread}."]


def _nulls(column: "ColumnProfile") -> str:
    return f"{column.nulls:,} ({column.nulls / column.rows:.1%})" if column.nulls else "·"


def _mean(column: "ColumnProfile") -> str:
    if column.trues is not None and column.count:
        return f"{column.trues / column.count:.1%} true"
    return _short(column.mean)


def _short(value: Any) -> str:
    """A value as people read it: four significant digits, and of a whole number all."""
    from datetime import datetime
    from decimal import Decimal

    if value is None:
        return "·"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        return _number(float(value))
    if isinstance(value, datetime):
        return _text(value.replace(microsecond=0)).replace("T", " ")
    text = _text(value)
    return text if len(text) <= 32 else f"{text[:31]}…"


def _number(value: float) -> str:
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"


def _text(value: Any) -> str:
    """Times as ISO 8601, those of UTC with a Z."""
    from datetime import date, time

    if isinstance(value, date | time):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)
