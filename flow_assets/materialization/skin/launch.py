"""Runs launched in this process: what `flow run` asks Dagster for."""

from collections.abc import Sequence

import dagster as dg

from flow_assets.materialization.skin.assets import FORCE_TAG

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def launch(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    datasets: Sequence[str],
    partitions: tuple[str, str] | None,
    *,
    force: Sequence[str] = (),
) -> bool:
    """Materialize `datasets` over a range of partitions in one Dagster run, and return whether it succeeded.

    Args:
        definitions: what Dagster knows of the project.
        instance: where the run is recorded.
        datasets: names of datasets that share their partitions definition.
        partitions: first and last partition key; None for datasets without partitions.
        force: datasets to compute even if nothing has changed.
    """
    tags = {FORCE_TAG: ",".join(force)} if force else {}
    if partitions:
        tags |= {RANGE_START: partitions[0], RANGE_END: partitions[1]}
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(name) for name in datasets],
        tags=tags,
        raise_on_error=False,
        run_config=_QUIET,
    )
    return bool(result.success)
