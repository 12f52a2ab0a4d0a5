"""Tell what a subcommand of `flow alerts` has changed: as JSON in the form of the list."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.ledger.silences import Silence
    from flow_assets.settings import Settings


def print_changed(
    alerts: "Alerts", numbers: Sequence[int], settings: "Settings", now: float, silences: "Sequence[Silence]" = ()
) -> None:
    """Print what was changed.

    Args:
        alerts: of the deployment.
        numbers: the alerts that were changed.
        settings: of the deployment.
        now: when they were changed, Unix time in seconds.
        silences: those that have begun or ended; the latter say when, in `ended_at`.
    """
    from flow_assets.cli.alerts_list import listed_json
    from flow_assets.cli.alerts_owners import wording_of
    from flow_assets.cli.console import print_json

    changed = [alerts.get(number, now) for number in dict.fromkeys(numbers)]
    print_json(listed_json(changed, silences, now, wording_of(settings)))
