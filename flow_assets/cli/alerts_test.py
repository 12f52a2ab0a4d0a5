"""Send a test message to the destinations of alerts, and say which of them took it."""

from typing import Annotated

import typer

NAME = "test"
EXAMPLES = (
    "flow alerts test",
    "flow alerts test --to team --severity critical",
    "flow alerts test --dry-run",
)


def command(
    to: Annotated[list[str] | None, typer.Option(help="Only this destination; repeat it for several.")] = None,
    severity: Annotated[str, typer.Option(help="info, warning or critical.")] = "warning",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the message, and where it would go.")] = False,
) -> None:
    """Send a test message."""
    import time

    from flow_assets.automation.alerting.notices import Wording
    from flow_assets.automation.alerting.rehearsal import chosen, make_test_notice, send_test
    from flow_assets.automation.alerting.routes import load_routes
    from flow_assets.cli.console import out
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
    console = out()
    if dry_run:
        message = Wording.of(settings, graph).message(notice)
        console.print(f"{message.title}\n\n{message.text}\n", markup=False)
        for destination in destinations:
            console.print(f"would go to {destination.name} ({destination.kind})", markup=False)
        return
    failed = 0
    for tried in send_test(destinations, notice):
        failed += bool(tried.problem)
        said = f"failed{', and will again' if tried.is_permanent else ''}: {tried.problem}" if tried.problem else "ok"
        console.print(f"{tried.destination.name} ({tried.destination.kind}): {said}", markup=False)
    if failed:
        raise typer.Exit(1)
