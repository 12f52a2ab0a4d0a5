"""Who watches the watcher: a look from a process that Dagster knows nothing of, as cron or a systemd timer starts it.

It looks with all watches, as the sensors do, and sees besides what no sensor can tell: that the code does not load, and
that Dagster does not run. What it alone can find has a watch of its own, `watching`, so that no sensor ends its alerts.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from flow_assets.automation.watching.keeping import AlertKeeper, OpenAlerts
from flow_assets.automation.watching.looking import ASKING_DAGSTER, WATCHES, Look, keep, look
from flow_assets.automation.watching.orchestration import observe
from flow_assets.errors import FlowError, StoreError
from flow_assets.insight.watch.orchestration import Orchestration
from flow_assets.insight.watch.situation import Situation
from flow_assets.insight.watch.words import paragraph, without_folders
from flow_assets.ledger import open_database
from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import open_instance
from flow_assets.settings import Settings
from flow_assets.texts import first_line, titled

WATCH = "watching"
"""Of what keeps the other watches from looking."""

Load = Callable[[Settings], Project]
"""Loads the project's code as Dagster's code server does."""


def look_from_outside(settings: Settings, load: Load, now: datetime, open_alerts: OpenAlerts | None) -> list[Look]:
    """Look once with every watch; one that cannot look keeps no other from it.

    Args:
        settings: of the deployment; all that is needed to write alerts.
        load: whatever it raises is a finding.
        now: in UTC.
        open_alerts: opens the alerts that are kept in the ledger; without it, findings are only returned.

    Raises:
        StoreError: the ledger cannot be used, so that no alert can be kept.
    """
    engine = open_database(settings.ledger)
    keeper = open_alerts(engine, settings.environment, {}) if open_alerts else None
    troubles: list[Finding] = []
    looks: list[Look] = []
    try:
        project = load(settings)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001  whatever keeps the code from loading is what is looked for
        troubles.append(_trouble("code does not load", "The code does not load", error, now, settings))
    else:
        orchestration = _orchestration(settings, now, troubles)
        owning = open_alerts(engine, settings.environment, project.graph.owners) if open_alerts else None
        looks += _looks(Situation(project, now, orchestration), owning, troubles)
    return [keep(WATCH, troubles, now.timestamp(), keeper), *looks]


def _orchestration(settings: Settings, now: datetime, troubles: list[Finding]) -> Orchestration:
    """What Dagster says; nothing if it has not been started yet, or its records cannot be read."""
    if not (settings.dagster_home / "dagster.yaml").exists():
        return Orchestration(is_known=False)
    try:
        with open_instance(settings.dagster_home) as instance:
            return observe(instance, now.timestamp())
    except StoreError as error:
        troubles.append(_trouble("dagster cannot be asked", "Dagster cannot be asked", error, now, settings))
        return Orchestration(is_known=False)


def _looks(situation: Situation, keeper: AlertKeeper | None, troubles: list[Finding]) -> Iterator[Look]:
    blind = ASKING_DAGSTER if troubles else frozenset()  # their alerts stay as they are
    for name, watch in WATCHES.items():
        if name in blind:
            continue
        try:
            yield look(name, watch, situation, keeper)
        except StoreError:
            raise
        except FlowError as error:
            what = f"The watch {name} cannot look"
            troubles.append(_trouble(f"{name} cannot look", what, error, situation.now, situation.project.settings))


def _trouble(identity: str, what: str, error: Exception, now: datetime, settings: Settings) -> Finding:
    told = str(error) if isinstance(error, FlowError) else f"{type(error).__name__}: {error}"
    line = first_line(told) or type(error).__name__
    return Finding(
        watch=WATCH,
        identity=identity,
        severity=AlertSeverity.CRITICAL,
        title=titled(f"{what}: {without_folders(line, settings)}"),
        text=paragraph(told, "As long as this lasts, nothing is made anew of it and nothing of it is watched."),
        since=now.timestamp(),
        evidence={"error": type(error).__name__, "first_line": line},
    )
