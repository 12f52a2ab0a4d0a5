"""The sensor and the schedule: each tick plans anew, asks for what the plan calls for, and says so.

The datasets are those that were loaded; their partitions, the landing folder and the ledger are looked at in each tick.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster._core.storage.tags import MAX_RETRIES_TAG

from flow_assets.automation.requesting.decide import Situation, decide
from flow_assets.automation.requesting.in_hand import in_hand
from flow_assets.automation.requesting.memory import Asked, dump, load
from flow_assets.automation.requesting.words import Teller
from flow_assets.declaration import UNPARTITIONED, partition_keys
from flow_assets.errors import FlowError, SettingsError
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import Request, plan_scope
from flow_assets.materialization.skin.launch import RANGE_END, RANGE_START, RETRY_TAG

REASON_TAG = "flow_assets/why"
"""Run tag: why the sensor or the schedule asked for the run."""


@dataclass(frozen=True)
class Tick:
    """What came of one tick; `lines` say it in words."""

    requests: Sequence[dg.RunRequest]
    lines: Sequence[str]
    memory: tuple[Asked, ...]


def build_sensors(project: Project) -> list[dg.SensorDefinition]:
    """The sensor `landing_folder`."""
    settings = project.settings
    status = dg.DefaultSensorStatus

    @dg.sensor(
        asset_selection=dg.AssetSelection.all(),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=status.RUNNING if settings.automation == "sensor" else status.STOPPED,
        description="Asks for what the plan calls for as soon as it does: new days, changed files, changed code.",
    )
    def landing_folder(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        tick = take_tick(project, context, load(context.cursor))
        # A run that came to nothing is planned and asked for anew; Dagster's retry would repeat it as it was.
        requests = [r.with_replaced_attrs(tags={**r.tags, MAX_RETRIES_TAG: "0"}) for r in tick.requests]
        skipped = None if requests else " ".join(tick.lines)
        return dg.SensorResult(run_requests=requests or None, skip_reason=skipped, cursor=dump(tick.memory))

    return [landing_folder]


def build_schedules(project: Project) -> list[dg.ScheduleDefinition]:
    """The schedule `daily`.

    Raises:
        SettingsError: the cron line in the settings is none.
    """
    settings = project.settings
    status = dg.DefaultScheduleStatus

    def daily(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        tick = take_tick(project, context, ())
        # Several runs of one tick must have keys, or Dagster would take them for one.
        keyed = [r.with_replaced_attrs(run_key=str(number)) for number, r in enumerate(tick.requests)]
        return keyed or dg.SkipReason(" ".join(tick.lines))

    try:
        schedule = dg.schedule(
            settings.schedule_cron,
            name="daily",
            job_name=IMPLICIT_ASSET_JOB_NAME,
            execution_timezone=_timezone(project),
            default_status=status.RUNNING if settings.automation == "schedule" else status.STOPPED,
            description="Asks at set times for what the plan calls for; for whoever switches the sensor off.",
        )(daily)
    except dg.DagsterInvalidDefinitionError as error:
        raise SettingsError(
            f"FLOW_ASSETS_SCHEDULE_CRON: {settings.schedule_cron!r} is no cron line of five fields, as is '0 6 * * *'."
        ) from error
    return [schedule]


def take_tick(
    project: Project, context: dg.SensorEvaluationContext | dg.ScheduleEvaluationContext, memory: Sequence[Asked]
) -> Tick:
    """Plan everything and decide what to ask for.

    Raises:
        FlowError: the landing folder, the store or the ledger cannot be read; the tick's log has the message too.
    """
    try:
        return _tick(project, context, memory)
    except FlowError as error:
        context.log.error(str(error))
        raise


def _tick(
    project: Project, context: dg.SensorEvaluationContext | dg.ScheduleEvaluationContext, memory: Sequence[Asked]
) -> Tick:
    graph = project.graph
    # Looked at before the plan, so that a run that ends meanwhile is not asked for again; and after it for new ones.
    before = in_hand(context.instance, graph)
    # Dagster gives a tick a minute: a file that is still being written is left to the next.
    planner = project.planner(graph.datasets.values(), may_wait=False)
    entries = plan_scope(planner, {name: partition_keys(d.partitions) for name, d in graph.datasets.items()})
    busy = before | in_hand(context.instance, graph)
    situation = Situation(planner, entries, busy, memory, time.time())
    decision = decide(situation, project.settings.max_partitions_per_run)
    teller = Teller(situation, decision)
    lines = list(teller.lines())
    if decision.requests:  # of a tick that asks for nothing Dagster shows the reason
        for line in lines:
            context.log.info(line)
    return Tick([_run_request(r, teller.asked(r)) for r in decision.requests], lines, decision.memory)


def _run_request(request: Request, reason: str) -> dg.RunRequest:
    tags = {RETRY_TAG: "false", REASON_TAG: reason}
    if request.partitions != (UNPARTITIONED,):
        tags |= {RANGE_START: request.partitions[0], RANGE_END: request.partitions[-1]}
    return dg.RunRequest(asset_selection=[dg.AssetKey(name) for name in request.datasets], tags=tags)


def _timezone(project: Project) -> str:
    """The one in which most datasets' days begin."""
    zones = [getattr(d.partitions, "timezone", None) for d in project.graph.datasets.values()]
    counted = Counter(zone for zone in zones if zone)
    return counted.most_common(1)[0][0] if counted else "UTC"
