"""What does Dagster see? Datasets are found, resources are chosen, automation is added."""

import dagster as dg
from dagster_duckdb import DuckDBResource

from flow_assets.automation.requesting import build_schedules, build_sensors
from flow_assets.automation.watching import build_watches
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import build_assets
from flow_assets.materialization.skin.step import Listener
from flow_assets.settings import Settings, load_settings


def build_definitions(project: Project, listener: Listener | None = None) -> dg.Definitions:
    """Everything Dagster is told of a project."""
    return dg.Definitions(
        assets=build_assets(project, listener),
        resources=build_resources(project.settings),
        executor=dg.in_process_executor,
        sensors=[*build_sensors(project), *build_watches(project)],
        schedules=build_schedules(project),
    )


def build_resources(settings: Settings) -> dict[str, object]:
    """The resources that the settings choose."""
    return {"duckdb": DuckDBResource(database=":memory:", connection_config=settings.duckdb_config)}


@dg.definitions
def definitions() -> dg.Definitions:
    """The entry point named in `workspace.yaml` and `dg.toml`."""
    return build_definitions(Project.open(load_settings()))
