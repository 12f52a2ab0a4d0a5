"""Delivery to where the settings say."""

from flow_assets.automation.alerting.engine import Delivered, deliver
from flow_assets.automation.alerting.routes import load_routes
from flow_assets.declaration import DatasetGraph
from flow_assets.ledger.alerts import Alerts
from flow_assets.settings import Settings


def deliver_due(alerts: Alerts, settings: Settings, graph: DatasetGraph | None, now: float) -> str:
    """Deliver what is due, and say in one line what became of it.

    Args:
        alerts: whose notices they are.
        settings: name the file of routes, which is read anew.
        graph: the datasets; None if the code that declares them does not load.
        now: Unix time in seconds.

    Raises:
        RoutesError: the file of routes cannot be used.
        StoreError: the ledger cannot be used.
    """
    if settings.alert_routes is None:
        return "No routes: alerts stay in the ledger, see flow alerts (FLOW_ASSETS_ALERT_ROUTES)."
    return _text(deliver(alerts, load_routes(settings, graph), now))


def _text(delivered: Delivered) -> str:
    told = (
        (delivered.sent, "delivered"),
        (delivered.failed, "failed and will be tried again"),
        (delivered.refused, "refused: see flow alerts show"),
    )
    said = "; ".join(f"{count} {what}" for count, what in told if count)
    return f"{said}." if said else "Nothing is due."
