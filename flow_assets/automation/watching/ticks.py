"""The sensors that watch: one for each watch, and one that delivers alerts. None of them asks for a run."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg

from flow_assets.automation.watching.keeping import AlertKeeper, Deliver
from flow_assets.automation.watching.looking import WATCHES, look
from flow_assets.automation.watching.orchestration import observe
from flow_assets.errors import FlowError
from flow_assets.insight.watch.orchestration import ObservedRun
from flow_assets.insight.watch.situation import Situation
from flow_assets.materialization.project import Project

DELIVERY = "alert_delivery"
"""Name of the sensor that delivers."""

_WHAT = {
    "freshness": "Watches for partitions that are late, by their deadline or as they used to arrive.",
    "durations": "Watches for runs and datasets that take longer than they used to, or hang.",
    "quality": "Watches for rules that are broken, and for metrics that drift within their limits.",
    "failures": "Watches for failed partitions and runs, sensors and schedules that fail, and silent daemons.",
    "resources": "Watches for memory and disks that fill up.",
}


def build_watch_sensors(project: Project, keeper: AlertKeeper, deliver: Deliver) -> list[dg.SensorDefinition]:
    """A sensor for each of `WATCHES`, and `alert_delivery`; each runs until somebody switches it off.

    They are apart from each other: one that fails keeps no other from looking.

    Args:
        project: what is watched.
        keeper: keeps the alerts.
        deliver: delivers what is due.
    """
    known: dict[str, ObservedRun] = {}  # runs that have ended, for all watches
    watches = [_watch_sensor(project, name, keeper, known) for name in WATCHES]
    delivery = _sensor(
        project, DELIVERY, "Delivers alerts to where the routes say, until they have arrived.", _delivery(deliver)
    )
    return [*watches, delivery]


def _watch_sensor(
    project: Project, name: str, keeper: AlertKeeper, known: dict[str, ObservedRun]
) -> dg.SensorDefinition:
    def tick(context: dg.SensorEvaluationContext) -> str:
        now = datetime.now(UTC)
        orchestration = observe(context.instance, now.timestamp(), known=known, is_within_daemon=True)
        seen = look(name, WATCHES[name], Situation(project, now, orchestration), keeper)
        for alert in seen.opened:
            context.log.warning(alert.finding.title)
        return seen.text

    return _sensor(project, name, _WHAT[name], tick)


def _delivery(deliver: Deliver) -> Callable[[dg.SensorEvaluationContext], str]:
    return lambda context: deliver(time.time())


def _sensor(
    project: Project, name: str, description: str, tick: Callable[[dg.SensorEvaluationContext], str]
) -> dg.SensorDefinition:
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            return dg.SkipReason(tick(context))
        except FlowError as error:
            context.log.error(str(error))
            raise

    return dg.SensorDefinition(
        name=name,
        evaluation_fn=evaluate,
        minimum_interval_seconds=project.settings.watch_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=description,
    )
