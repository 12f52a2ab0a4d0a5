"""Watching put together for a deployment: its alerts are kept in its ledger, and delivered as its settings say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import dagster as dg

from flow_assets.automation.alerting.delivering import deliver_due
from flow_assets.automation.alerting.notices import Wording
from flow_assets.automation.watching.looking import Look
from flow_assets.automation.watching.outside import Load, look_from_outside
from flow_assets.automation.watching.ticks import build_watch_sensors
from flow_assets.declaration import DatasetGraph
from flow_assets.errors import RoutesError
from flow_assets.ledger import open_database
from flow_assets.ledger.alerts import Alerts
from flow_assets.materialization.project import Project
from flow_assets.settings import Settings

_UNDELIVERED = "Nothing is delivered: the file of routes cannot be used, see flow alerts routes."


@dataclass(frozen=True)
class Watched:
    """What one look from outside found.

    Attributes:
        at: when it looked, in UTC.
        looks: one for each watch.
        delivery: what became of what is due, in one line.
        wording: what findings are worded by; it knows no owners where the code does not load.
        routes_error: why nothing could be delivered; what was found is in the ledger nevertheless.
    """

    at: datetime
    looks: Sequence[Look]
    delivery: str
    wording: Wording
    routes_error: RoutesError | None = None


def build_watches(project: Project) -> list[dg.SensorDefinition]:
    """A sensor for each watch, and the one that delivers."""
    deliver = partial(deliver_due, project.alerts, project.settings, project.graph)
    return build_watch_sensors(project, project.alerts, deliver)


def watch_once(settings: Settings, load: Load, now: datetime) -> Watched:
    """Look with every watch from outside Dagster, deliver what is due, and say what became of that.

    Args:
        settings: of the deployment.
        load: loads its code; whatever it raises is a finding.
        now: in UTC.

    Raises:
        StoreError: the ledger cannot be used.
    """
    loaded: list[Project] = []

    def load_and_keep(settings: Settings) -> Project:
        loaded.append(load(settings))
        return loaded[0]

    looks = look_from_outside(settings, load_and_keep, now, Alerts)
    graph = loaded[0].graph if loaded else None
    wording = Wording.of(settings, graph or DatasetGraph({}))
    alerts = loaded[0].alerts if loaded else Alerts(open_database(settings.ledger), settings.environment)
    try:
        return Watched(now, looks, deliver_due(alerts, settings, graph, now.timestamp()), wording)
    except RoutesError as error:
        return Watched(now, looks, _UNDELIVERED, wording, error)
