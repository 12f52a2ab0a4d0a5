"""Say that you take care of alerts: they are not repeated."""

from flow_assets.cli.alerts_options import By, Note, Numbers, user_name

NAME = "ack"
EXAMPLES = (
    "flow alerts ack 3",
    "flow alerts ack 3 4 7 --note 'the source is down until noon'",
)


def command(numbers: Numbers, note: Note = "", by: By = None) -> None:
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
