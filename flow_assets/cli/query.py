"""Ask the warehouse in SQL."""

import math
from decimal import Decimal
from typing import Annotated

import typer

NAME = "query"
EXAMPLES = (
    'flow query "SELECT table_schema, table_name FROM information_schema.tables"',
    'flow query "SELECT count(*) FROM partitioned.departures"',
    'flow query "FROM features.delay_training_set" --limit 5 --json',
)


def command(
    sql: Annotated[str, typer.Argument(help="A query; schemas are layers, views are datasets.")],
    limit: Annotated[int, typer.Option(min=1, help="Rows to print at most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Query the warehouse."""
    from rich.markup import escape

    from flow_assets.cli.console import out, print_json, print_table, table
    from flow_assets.materialization.warehouse import query
    from flow_assets.settings import load_settings

    names, rows, is_complete = query(load_settings().warehouse, sql, limit)
    if as_json:
        print_json([dict(zip(names, map(_plain, row), strict=True)) for row in rows])
    else:
        numbers = {name for name, *values in zip(names, *rows, strict=True) if all(map(_is_number, values))}
        shown = table(None, *names, texts=set(names) - numbers)
        for row in rows:
            shown.add_row(*(escape("NULL" if value is None else str(value)) for value in row))
        print_table(out(), shown)
    if not is_complete:
        typer.echo(f"flow: only the first {limit} rows are shown; see more with --limit.", err=True)


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float | Decimal)


def _plain(value: object) -> object:
    """JSON has neither NaN nor infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
