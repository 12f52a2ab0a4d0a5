"""Resolve alerts by hand: they stay so for as long as the same is found, unless it becomes worse."""

from flow_assets.cli.alerts_options import AsJson, By, Note, Numbers, user_name

NAME = "resolve"
EXAMPLES = (
    "flow alerts resolve 3",
    "flow alerts resolve 3 4 --note 'as planned'",
    "flow alerts resolve 3 --json",
)


def command(numbers: Numbers, note: Note = "", by: By = None, as_json: AsJson = False) -> None:
    """Resolve alerts."""
    import time

    from flow_assets.cli.alerts_changed import print_changed
    from flow_assets.cli.console import out
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings

    settings, now = load_settings(), time.time()
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    alerts.resolve(numbers, by or user_name(), note, now)
    if as_json:
        print_changed(alerts, numbers, settings, now)
        return
    for number in dict.fromkeys(numbers):
        out().print(f"Alert {number} is resolved.")
