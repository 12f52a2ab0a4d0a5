"""Resolve alerts by hand: they stay so for as long as the same is found, unless it becomes worse."""

from typing import Annotated

import typer

NAME = "resolve"
EXAMPLES = (
    "flow alerts resolve 3",
    "flow alerts resolve 3 4 --note 'as planned'",
)


def command(
    numbers: Annotated[list[int], typer.Argument(help="Their numbers; all of them, or none.")],
    note: Annotated[str, typer.Option(help="What others should know.")] = "",
    by: Annotated[str | None, typer.Option(help="Who says so; by default, you.")] = None,
) -> None:
    """Resolve alerts."""
    import time

    from flow_assets.cli.alerts_ack import user_name
    from flow_assets.cli.console import out
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings

    settings = load_settings()
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    alerts.resolve(numbers, by or user_name(), note, time.time())
    for number in dict.fromkeys(numbers):
        out().print(f"Alert {number} is resolved.")
