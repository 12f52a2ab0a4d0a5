"""What Dagster's unfinished runs and backfills have in hand, whoever asked for them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.tags import PARTITION_NAME_TAG, WILL_RETRY_TAG

from flow_assets.automation.requesting.memory import Cell, between
from flow_assets.declaration import UNPARTITIONED, DatasetGraph
from flow_assets.materialization.skin.launch import RANGE_END, RANGE_START
from flow_assets.materialization.skin.workers import end_orphans

_RETRIES_BEGIN_WITHIN = timedelta(minutes=5)
"""Dagster's daemon retries a killed run within seconds, or as soon as it is back.

Without a limit, a run that is never retried would block its partitions for ever. What a daemon that was away for longer
retries late may have been asked for meanwhile: then the second run finds it made.
"""


def in_hand(instance: dg.DagsterInstance, graph: DatasetGraph) -> set[Cell]:
    """Every partition that a queued, starting or running run is for, or that a backfill has still to ask for.

    Args:
        instance: where runs are recorded; those of a `flow run` that was killed are ended first.
        graph: the datasets; other assets' runs are none of ours.
    """
    end_orphans(instance)
    cells = {cell for run in _unfinished(instance) for cell in cells_of_run(instance, run, graph)}
    for backfill in instance.get_backfills(filters=BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED])):
        cells.update(_cells_of_backfill(backfill, graph))
    return cells


def _unfinished(instance: dg.DagsterInstance) -> Iterator[dg.DagsterRun]:
    """Runs that have not ended, and those that were killed and that Dagster is about to retry."""
    yield from instance.get_runs(dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES)))
    lately = datetime.now(UTC) - _RETRIES_BEGIN_WITHIN
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], tags={WILL_RETRY_TAG: "true"}, updated_after=lately)
    for run in instance.get_runs(failed):
        if run.is_complete_and_waiting_to_retry and run.remote_job_origin:  # a `flow run` has none: nobody retries it
            yield run


def cells_of_run(instance: dg.DagsterInstance, run: dg.DagsterRun, graph: DatasetGraph) -> Iterator[Cell]:
    """Every partition of the project's datasets that a run is for."""
    key = run.tags.get(PARTITION_NAME_TAG, "")
    first, last = run.tags.get(RANGE_START, key), run.tags.get(RANGE_END, key)
    for name in selected_assets(instance, run):
        if name not in graph.datasets:
            continue
        if graph.get(name).partitions is None:
            yield name, UNPARTITIONED
        elif first and last:
            yield from ((name, partition) for partition in between(graph, name, first, last))


def selected_assets(instance: dg.DagsterInstance, run: dg.DagsterRun) -> set[str]:
    """The assets a run is for; one that selects none is for all of its job's, and for none if it is a job of ops."""
    selected: Iterable[dg.AssetKey | None] = run.asset_selection or ()
    if run.asset_selection is None and run.execution_plan_snapshot_id:
        plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
        outputs = (output for step in plan.steps for output in step.outputs)
        selected = [output.properties.asset_key for output in outputs if output.properties]
    return {key.to_user_string() for key in selected if key}


def _cells_of_backfill(backfill: PartitionBackfill, graph: DatasetGraph) -> Iterator[Cell]:
    data = backfill.asset_backfill_data
    if data is None:
        return
    left = data.target_subset - (data.materialized_subset | data.failed_and_downstream_subset)
    for asset in left.iterate_asset_partitions():
        name = asset.asset_key.to_user_string()
        if name in graph.datasets:
            yield name, asset.partition_key or UNPARTITIONED
