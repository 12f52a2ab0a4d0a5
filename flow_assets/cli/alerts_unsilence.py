"""End silences: what is still off is delivered then."""

from flow_assets.cli.alerts_options import (
    AsJson,
    By,
    Note,
    Number,
    OfDataset,
    OfOwner,
    OfWatch,
    target_of,
    user_name,
)

NAME = "unsilence"
EXAMPLES = (
    "flow alerts unsilence 3",
    "flow alerts unsilence --dataset departures",
    "flow alerts unsilence 3 --json",
)


def command(  # noqa: PLR0913  named in the same ways in which it was silenced
    number: Number = None,
    dataset: OfDataset = "",
    watch: OfWatch = "",
    owner: OfOwner = "",
    note: Note = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """End silences."""
    import time

    from flow_assets.cli.alerts_changed import print_changed
    from flow_assets.cli.console import out
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings

    settings, now, target = load_settings(), time.time(), target_of(number, dataset, watch, owner)
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    ended = alerts.unsilence(target, by or user_name(), note, now)
    if as_json:
        numbers = [target] if isinstance(target, int) else []
        print_changed(alerts, numbers, settings, now, ended)
        return
    what = f"Alert {target}" if isinstance(target, int) else f"What fits {target}"
    out().print(f"{what} is delivered again.", markup=False)
