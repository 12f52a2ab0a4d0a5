"""Datasets as Dagster assets: one multi-asset for each partitions definition, whose one step carries out the plan.

A step for each dataset would skip everything downstream of a failed one, and a run for each partition would pay for a
process each; one step for all lets 364 days complete when one is bad.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg

from flow_assets.declaration import (
    UNPARTITIONED,
    AllPartitions,
    DailyPartitions,
    Dataset,
    Frame,
    HourlyPartitions,
    Input,
    Lookback,
    MonthlyPartitions,
    Partitions,
    StaticPartitions,
)
from flow_assets.materialization.materializer import Materializer
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin.interrupts import interruptible
from flow_assets.materialization.skin.provenance import Provenance
from flow_assets.materialization.skin.windows import allow_different_windows
from flow_assets.materialization.warehouse import build_warehouse
from flow_assets.memo.planner import Wishes

Listener = Callable[[Outcome], None]

_KINDS = {Frame.DUCKDB: "duckdb", Frame.PANDAS: "pandas", Frame.ARROW: "arrow"}
_COUNTED_CAUSES = 5

FORCE_TAG = "flow_assets/force"
"""Run tag: names of datasets, separated by commas, that are computed even if nothing has changed."""

RETRY_TAG = "flow_assets/retry"
"""Run tag: "false" if what failed is not tried again before something changes; else it is."""


def build_assets(project: Project, listener: Listener | None = None) -> list[dg.AssetsDefinition]:
    """Every dataset of the project as Dagster assets.

    Args:
        project: whose datasets.
        listener: is told of each partition as it ends, besides Dagster.
    """
    allow_different_windows()
    by_partitions: dict[Partitions | None, list[Dataset]] = {}
    for dataset in project.graph.datasets.values():
        by_partitions.setdefault(dataset.partitions, []).append(dataset)
    return [
        _multi_asset(project, datasets, f"materialize_{_name(partitions)}_{number}", listener)
        for number, (partitions, datasets) in enumerate(by_partitions.items(), start=1)
    ]


def _multi_asset(
    project: Project, datasets: Sequence[Dataset], name: str, listener: Listener | None
) -> dg.AssetsDefinition:
    partitions_def = dagster_partitions(datasets[0].partitions)

    @dg.multi_asset(
        name=name,
        specs=[_spec(dataset, partitions_def, project) for dataset in datasets],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions_def else None,
        required_resource_keys={"duckdb"},
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        selected = {key.to_user_string() for key in context.selected_asset_keys}
        partitions = context.partition_keys if context.has_partition_key_range or context.has_partition_key else None
        wanted = [dataset for dataset in datasets if dataset.name in selected]
        with (
            context.resources.duckdb.get_connection() as connection,
            interruptible(connection),
            project.claims() as claims,
        ):
            planner = project.planner(wanted, _wishes(context.run, partitions or (UNPARTITIONED,)))
            materializer = Materializer(project, planner, connection, claims, context.run.run_id)
            problems: list[Outcome] = []
            for dataset in wanted:
                provenance = Provenance(dataset, planner, context.instance)
                for outcome in materializer.materialize(dataset, partitions or (UNPARTITIONED,)):
                    if listener:
                        listener(outcome)
                    if not outcome.status.is_published:
                        problems.append(outcome)
                    yield _event(outcome, provenance)
        build_warehouse(project)
        if problems:
            raise dg.Failure(_summary(problems), allow_retries=False)

    return step


def dagster_partitions(partitions: Partitions | None) -> dg.PartitionsDefinition | None:
    """The Dagster partitions definition with the same keys."""
    if isinstance(partitions, HourlyPartitions | DailyPartitions | MonthlyPartitions):
        named = getattr(dg, f"{type(partitions).__name__}Definition")
        made: dg.PartitionsDefinition = named(partitions.start_date, partitions.end_date, timezone=partitions.timezone)
        return made
    if isinstance(partitions, StaticPartitions):
        return dg.StaticPartitionsDefinition(list(partitions.partition_keys))
    return None


def _spec(dataset: Dataset, partitions_def: dg.PartitionsDefinition | None, project: Project) -> dg.AssetSpec:
    deps = [
        dg.AssetDep(name, partition_mapping=_mapping(mapping, project.graph.get(name)))
        for name, mapping in dataset.ins.items()
    ]
    columns = [
        dg.TableColumn(
            c.name,
            str(c.type),
            description=f"{c.description} ({c.unit})" if c.unit else c.description,
            constraints=dg.TableColumnConstraints(nullable=c.nullable),
        )
        for c in dataset.schema.columns()
    ]
    return dg.AssetSpec(
        dataset.name,
        deps=deps,
        group_name=dataset.layer,
        description=dataset.description,
        owners=list(dataset.owners),
        partitions_def=partitions_def,
        kinds={_KINDS[frame] for frame in dataset.frames.values()},
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns)},
        skippable=True,
    )


def _mapping(mapping: Input, upstream: Dataset) -> dg.PartitionMapping | None:
    if upstream.partitions is None:
        return None
    if isinstance(mapping, AllPartitions):
        return dg.AllPartitionMapping()
    if isinstance(mapping, Lookback):
        end = 0 if mapping.include_current else -1
        return dg.TimeWindowPartitionMapping(-mapping.count, end, allow_nonexistent_upstream_partitions=True)
    return None


def _event(outcome: Outcome, provenance: Provenance) -> dg.AssetMaterialization | dg.AssetObservation:
    partition = outcome.partition or None
    metadata: dict[str, Any] = {"status": outcome.status.value, "reason": outcome.reason}
    if not outcome.status.is_published:
        return dg.AssetObservation(outcome.dataset, partition=partition, metadata=metadata)
    metadata |= {"dagster/partition_row_count": outcome.rows, "bytes": outcome.bytes, "seconds": outcome.seconds}
    tags = {"dagster/data_version": outcome.content_hash or "", "dagster/code_version": outcome.code_fingerprint or ""}
    tags |= provenance.tags(outcome.partition)
    return dg.AssetMaterialization(outcome.dataset, partition=partition, metadata=metadata, tags=tags)


def _summary(problems: Sequence[Outcome]) -> str:
    lines = []
    for status in (Status.FAILED, Status.HELD, Status.WAITING):
        some = [p for p in problems if p.status is status]
        if some:
            lines.append(f"{len(some)} partitions {status.value}:")
            lines += [f"  {p.dataset} {p.partition}: {p.reason}" for p in some[:_COUNTED_CAUSES]]
            lines += [f"  and {len(some) - _COUNTED_CAUSES} more"] if len(some) > _COUNTED_CAUSES else []
    return "\n".join(lines)


def _wishes(run: dg.DagsterRun, partitions: Sequence[str]) -> Wishes:
    """Whoever asks Dagster for a partition that failed wants it tried again; `flow run` says what it wants in tags.

    A re-execution has its parent's tags, but somebody else asks for it.
    """
    tags = run.tags if run.parent_run_id is None else {}
    forced = filter(None, tags.get(FORCE_TAG, "").split(","))
    force = frozenset((name, partition) for name in forced for partition in partitions)
    return Wishes(force, retry=tags.get(RETRY_TAG, "true") == "true")


def _name(partitions: Partitions | None) -> str:
    return type(partitions).__name__.removesuffix("Partitions").lower() if partitions else "unpartitioned"
