"""End silences: what is still off is delivered then."""

from flow_assets.cli.alerts_options import By, Note, Number, OfDataset, OfOwner, OfWatch, target_of, user_name

NAME = "unsilence"
EXAMPLES = (
    "flow alerts unsilence 3",
    "flow alerts unsilence --dataset departures",
)


def command(
    number: Number = None,
    dataset: OfDataset = "",
    watch: OfWatch = "",
    owner: OfOwner = "",
    note: Note = "",
    by: By = None,
) -> None:
    """End silences."""
    import time

    from flow_assets.cli.console import out
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings

    settings, target = load_settings(), target_of(number, dataset, watch, owner)
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    alerts.unsilence(target, by or user_name(), note, time.time())
    out().print(f"{f'Alert {target}' if isinstance(target, int) else f'What fits {target}'} is delivered again.")
