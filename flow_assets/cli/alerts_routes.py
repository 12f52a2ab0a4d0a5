"""Check the file of alert routes, and show which alert would go where."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flow_assets.cli.alerts_options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flow_assets.automation.alerting.rehearsal import Way
    from flow_assets.automation.alerting.routes import Routes

NAME = "routes"
EXAMPLES = (
    "flow alerts routes",
    "flow alerts routes departures",
    "flow alerts routes --json",
)


def command(
    dataset: Annotated[str | None, typer.Argument(help="A dataset; all by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the routes."""
    from flow_assets.automation.alerting.rehearsal import ways
    from flow_assets.automation.alerting.routes import load_routes
    from flow_assets.cli.console import out, print_json
    from flow_assets.declaration import find_datasets
    from flow_assets.settings import load_settings

    settings = load_settings()
    graph = find_datasets(settings.datasets)
    routes = load_routes(settings, graph)
    shown = ways(routes, [graph.get(dataset).name] if dataset else [*graph.datasets, ""])
    if as_json:
        print_json(_json(routes, shown))
    elif settings.alert_routes is None:
        out().print("FLOW_ASSETS_ALERT_ROUTES names no file, so alerts are only kept in the ledger: flow alerts list")
    else:
        _print(routes, shown)


def _json(routes: "Routes", shown: "Sequence[Way]") -> dict[str, Any]:
    return {
        "destinations": {name: {"kind": place.kind} for name, place in routes.places.items()},
        "alerts": [{"dataset": way.dataset or None, "watches": way.watches, "to": way.names} for way in shown],
    }


def _print(routes: "Routes", shown: "Sequence[Way]") -> None:
    from flow_assets.automation.alerting.routes import WATCHES
    from flow_assets.cli.console import out, print_table, table
    from flow_assets.ledger.findings import AlertSeverity

    columns = ("dataset", "watches", *AlertSeverity)
    made = table("Where alerts go", *columns, texts=columns)
    every = len(WATCHES)
    for way in shown:
        watches = "all" if len(way.watches) == every else ", ".join(way.watches)
        made.add_row(way.dataset or "(none)", watches, *(", ".join(way.names[s]) or "·" for s in AlertSeverity))
    console = out()
    print_table(console, made)
    places = ", ".join(f"{name} ({place.kind})" for name, place in routes.places.items())
    console.print(f"\nDestinations: {places}. Try them: flow alerts test", markup=False)
    used = {name for route in routes.routes for name in (place.name for place in route.destinations)}
    if unused := [name for name in routes.places if name not in used]:
        console.print(f"No route leads to {', '.join(unused)}.", markup=False)
