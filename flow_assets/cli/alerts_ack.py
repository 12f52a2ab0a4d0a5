"""Say that you take care of alerts: they are not repeated."""

from flow_assets.cli.alerts_options import AsJson, By, Note, Numbers, user_name

NAME = "ack"
EXAMPLES = (
    "flow alerts ack 3",
    "flow alerts ack 3 4 7 --note 'the source is down until noon'",
    "flow alerts ack 3 --json",
)


def command(numbers: Numbers, note: Note = "", by: By = None, as_json: AsJson = False) -> None:
    """Acknowledge alerts."""
    import time

    from flow_assets.cli.alerts_changed import print_changed
    from flow_assets.cli.console import out
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings

    settings, now, who = load_settings(), time.time(), by or user_name()
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    alerts.acknowledge(numbers, who, note, now)
    if as_json:
        print_changed(alerts, numbers, settings, now)
        return
    for number in dict.fromkeys(numbers):
        out().print(f"Alert {number} is taken care of by {who}.", markup=False)
