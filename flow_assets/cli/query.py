"""Ask the warehouse in SQL."""

from typing import Annotated

import typer

NAME = "query"
EXAMPLES = (
    'Examples:  flow query "SELECT carrier, count(*) FROM partitioned.departures GROUP BY ALL"   |   '
    'flow query "SHOW ALL TABLES"'
)


def command(
    sql: Annotated[str, typer.Argument(help="A query; schemas are layers, views are datasets.")],
    limit: Annotated[int, typer.Option(min=1, help="Rows to print at most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Query the warehouse."""
    from flow_assets.cli.console import out, print_json, table
    from flow_assets.materialization.warehouse import query
    from flow_assets.settings import load_settings

    names, rows, is_complete = query(load_settings().warehouse, sql, limit)
    if as_json:
        print_json([dict(zip(names, map(_plain, row), strict=True)) for row in rows])
        return
    shown = table("", *names)
    for row in rows:
        shown.add_row(*("NULL" if value is None else str(value) for value in row))
    out().print(shown)
    if not is_complete:
        out().print(f"... more than {limit} rows; see more with --limit.")


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
