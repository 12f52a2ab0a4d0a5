"""Runs launched in this process: what `flow run` asks Dagster for."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.utils import make_new_run_id

from flow_assets.materialization.skin.workers import end_orphans, worker_tag

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
FORCE_TAG = "flow_assets/force"
"""Run tag: names of datasets, separated by commas, that are computed even if nothing has changed."""

RETRY_TAG = "flow_assets/retry"
"""Run tag: "false" if what failed is not tried again before something changes; else it is."""

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def launch(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    datasets: Sequence[str],
    partitions: tuple[str, str] | None,
    *,
    force: Sequence[str] = (),
    retry: bool = False,
) -> bool:
    """Materialize `datasets` over a range of partitions in one Dagster run, and return whether it succeeded.

    Args:
        definitions: what Dagster knows of the project.
        instance: where the run is recorded.
        datasets: names of datasets that share their partitions definition.
        partitions: first and last partition key; None for datasets without partitions.
        force: datasets to compute even if nothing has changed.
        retry: whether what failed is tried again although nothing has changed since.

    Raises:
        KeyboardInterrupt: the run was interrupted; Dagster has recorded it as failed.
        FlowError: something other than a partition failed, such as the disk.
    """
    end_orphans(instance)
    run_id = make_new_run_id()
    tags = {**worker_tag(run_id), RETRY_TAG: str(retry).lower()}
    if force:
        tags[FORCE_TAG] = ",".join(force)
    if partitions:
        tags |= {RANGE_START: partitions[0], RANGE_END: partitions[1]}
    job = definitions.resolve_implicit_global_asset_job_def()
    keys = [dg.AssetKey(name) for name in datasets]
    try:
        job.execute_in_process(instance=instance, run_id=run_id, asset_selection=keys, tags=tags, run_config=_QUIET)
    except dg.Failure:  # partitions failed or are held: the listener was told of each
        return False
    except DagsterExecutionInterruptedError as error:
        raise KeyboardInterrupt from error
    return True
