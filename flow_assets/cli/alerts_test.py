"""Send a test message to the destinations of alerts, and say which of them took it."""

from typing import TYPE_CHECKING, Annotated

import typer

from flow_assets.cli.alerts_options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flow_assets.automation.alerting.destinations import Destination
    from flow_assets.automation.alerting.notices import Message
    from flow_assets.automation.alerting.rehearsal import Tried

NAME = "test"
EXAMPLES = (
    "flow alerts test",
    "flow alerts test --to team --severity critical",
    "flow alerts test --dry-run --json",
)


def command(
    to: Annotated[list[str] | None, typer.Option(help="Only this destination; repeat it for several.")] = None,
    severity: Annotated[str, typer.Option(help="info, warning or critical.")] = "warning",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the message, and where it would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send a test message."""
    import time

    from flow_assets.automation.alerting.notices import Wording
    from flow_assets.automation.alerting.rehearsal import chosen, make_test_notice, send_test
    from flow_assets.automation.alerting.routes import load_routes
    from flow_assets.declaration import find_datasets
    from flow_assets.errors import SelectionError
    from flow_assets.ledger.findings import AlertSeverity
    from flow_assets.settings import load_settings

    if severity not in list(AlertSeverity):
        raise SelectionError(f"--severity {severity}: there are {', '.join(AlertSeverity)}.")
    settings = load_settings()
    graph = find_datasets(settings.datasets)
    destinations = chosen(load_routes(settings, graph), to or ())
    notice = make_test_notice(AlertSeverity(severity), time.time())
    message = Wording.of(settings, graph).message(notice)
    tries: list[Tried] = []
    if dry_run and not as_json:
        _print_message(message, destinations)
    for tried in () if dry_run else send_test(destinations, notice):
        tries.append(tried)
        if not as_json:
            _print_tried(tried)
    if as_json:
        _print_json(message, destinations, tries)
    if any(tried.problem for tried in tries):
        raise typer.Exit(1)


def _print_message(message: "Message", destinations: "Sequence[Destination]") -> None:
    from flow_assets.cli.console import out

    console = out()
    console.print(f"{message.title}\n\n{message.text}\n", markup=False)
    for destination in destinations:
        console.print(f"would go to {destination.name} ({destination.kind})", markup=False)


def _print_tried(tried: "Tried") -> None:
    from flow_assets.cli.console import out

    said = f"failed{', and will again' if tried.is_permanent else ''}: {tried.problem}" if tried.problem else "ok"
    out().print(f"{tried.destination.name} ({tried.destination.kind}): {said}", markup=False)


def _print_json(message: "Message", destinations: "Sequence[Destination]", tries: "Sequence[Tried]") -> None:
    """The message, and of each destination whether it took it; null where it was not asked."""
    from flow_assets.cli.console import print_json

    by_name = {tried.destination.name: tried for tried in tries}
    print_json(
        {
            "message": {"title": message.title, "text": message.text},
            "destinations": [
                {
                    "name": destination.name,
                    "kind": destination.kind,
                    "is_sent": not tried.problem if (tried := by_name.get(destination.name)) else None,
                    "is_permanent": tried.is_permanent if tried else None,
                    "error": tried.problem or None if tried else None,
                }
                for destination in destinations
            ],
        }
    )
