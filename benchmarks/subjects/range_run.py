"""One Dagster run over all partitions of one dataset, in this process: how long all of it takes, and how long its work.

    python -m benchmarks.subjects.range_run DATASET

Works on the deployment that the settings name. Prints JSON: seconds from asking for the run to the warehouse's end,
seconds that computing and writing took as each partition's outcome tells, the partitions, and the class of the
event-log storage.
"""

import json
import sys
import time

from flow_assets.declaration import partition_keys
from flow_assets.definitions import build_definitions
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import launch, open_instance
from flow_assets.materialization.warehouse import build_warehouse
from flow_assets.settings import load_settings


def main(dataset: str) -> None:
    """Launch the run and say what it took."""
    project = Project.open(load_settings())
    keys = partition_keys(project.graph.get(dataset).partitions)
    outcomes: list[Outcome] = []
    definitions = build_definitions(project, outcomes.append)
    with open_instance(project.settings.dagster_home) as instance:
        start = time.perf_counter()
        is_successful = launch(definitions, instance, [dataset], (keys[0], keys[-1]))
        build_warehouse(project)
        whole = time.perf_counter() - start
        storage = type(instance.event_log_storage).__name__
    if not is_successful or {outcome.status for outcome in outcomes} != {Status.COMPUTED}:
        sys.exit(f"{dataset}: not every partition was computed.")
    work = sum(outcome.seconds for outcome in outcomes)
    print(json.dumps({"whole": whole, "work": work, "partitions": len(outcomes), "storage": storage}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
