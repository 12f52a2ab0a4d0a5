"""End silences: what is still off is delivered then."""

from typing import Annotated

import typer

NAME = "unsilence"
EXAMPLES = (
    "flow alerts unsilence 3",
    "flow alerts unsilence --dataset departures",
)


def command(
    number: Annotated[int | None, typer.Argument(help="The number of one alert.")] = None,
    dataset: Annotated[str, typer.Option(help="The silence of this dataset.")] = "",
    watch: Annotated[str, typer.Option(help="The silence of this watch.")] = "",
    owner: Annotated[str, typer.Option(help="The silence of this owner.")] = "",
    note: Annotated[str, typer.Option(help="What others should know.")] = "",
    by: Annotated[str | None, typer.Option(help="Who says so; by default, you.")] = None,
) -> None:
    """End silences."""
    import time

    from flow_assets.cli.alerts_ack import user_name
    from flow_assets.cli.alerts_silence import target_of
    from flow_assets.cli.console import out
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings

    settings, target = load_settings(), target_of(number, dataset, watch, owner)
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    alerts.unsilence(target, by or user_name(), note, time.time())
    out().print(f"{f'Alert {target}' if isinstance(target, int) else f'What fits {target}'} is delivered again.")
