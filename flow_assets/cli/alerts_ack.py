"""Say that you take care of alerts: they are not repeated."""

from typing import Annotated

import typer

NAME = "ack"
EXAMPLES = (
    "flow alerts ack 3",
    "flow alerts ack 3 4 7 --note 'the source is down until noon'",
)


def command(
    numbers: Annotated[list[int], typer.Argument(help="Their numbers; all of them, or none.")],
    note: Annotated[str, typer.Option(help="What others should know.")] = "",
    by: Annotated[str | None, typer.Option(help="Who takes care; by default, you.")] = None,
) -> None:
    """Acknowledge alerts."""
    import time

    from flow_assets.cli.console import out
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings

    settings = load_settings()
    who = by or user_name()
    Alerts(open_database(settings.ledger), settings.environment).acknowledge(numbers, who, note, time.time())
    for number in dict.fromkeys(numbers):
        out().print(f"Alert {number} is taken care of by {who}.", markup=False)


def user_name() -> str:
    """The name of the user at this machine; their number, if they have none."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that nobody has named
        return f"user {os.getuid()}"
