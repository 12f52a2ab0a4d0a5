"""Runs launched in this process: what `flow run` asks Dagster for."""

import math
from collections.abc import Sequence

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from flow_assets.ledger import Owner
from flow_assets.materialization.skin.assets import FORCE_TAG, RETRY_TAG

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
LAUNCHER_TAG = "flow_assets/launched_by"
"""Run tag: host, process id and start time of the process that carries the run out."""

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


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
    tags = {LAUNCHER_TAG: _this_process(), RETRY_TAG: str(retry).lower()}
    if force:
        tags[FORCE_TAG] = ",".join(force)
    if partitions:
        tags |= {RANGE_START: partitions[0], RANGE_END: partitions[1]}
    job = definitions.resolve_implicit_global_asset_job_def()
    keys = [dg.AssetKey(name) for name in datasets]
    try:
        job.execute_in_process(instance=instance, asset_selection=keys, tags=tags, run_config=_QUIET)
    except dg.Failure:  # partitions failed or are held: the listener was told of each
        return False
    except DagsterExecutionInterruptedError as error:
        raise KeyboardInterrupt from error
    return True


def end_orphans(instance: dg.DagsterInstance) -> None:
    """Mark the runs whose `flow run` died on this host as failed; nobody else would ever end them.

    A re-execution has its parent's tags, but Dagster carries it out, not the `flow run` they name.
    """
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        launcher = run.tags.get(LAUNCHER_TAG)
        if launcher and run.parent_run_id is None and not _is_alive(launcher):
            instance.report_run_failed(run, "The process of `flow run` that carried this run out was killed.")


def _this_process() -> str:
    me = Owner()
    return f"{me.host} {me.pid} {me.process_started}"


def _is_alive(launcher: str) -> bool:
    """Whether the process still runs; of another host's nobody here can tell."""
    host, pid, started = launcher.rsplit(" ", 2)
    return Owner("", host, int(pid), float(started)).is_alive(expires=math.inf)
