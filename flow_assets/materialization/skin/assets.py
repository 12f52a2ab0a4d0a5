"""Datasets as Dagster assets: one multi-asset for each partitions definition, whose one step carries out the plan.

A step for each dataset would skip everything downstream of a failed one, and a run for each partition would pay for a
process each; one step for all lets 364 days complete when one is bad.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.storage.tags import RETRY_NUMBER_TAG

from flow_assets.declaration import (
    UNPARTITIONED,
    AllPartitions,
    DailyPartitions,
    Dataset,
    HourlyPartitions,
    Input,
    MonthlyPartitions,
    Partitions,
    StaticPartitions,
)
from flow_assets.errors import StoreError
from flow_assets.materialization.materializer import Materializer
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin.describe import Particulars, asset_spec, event, particulars
from flow_assets.materialization.skin.events import store_together
from flow_assets.materialization.skin.interrupts import interruptible
from flow_assets.materialization.skin.launch import FORCE_TAG, RETRY_TAG
from flow_assets.materialization.skin.provenance import Provenance
from flow_assets.materialization.skin.workers import STEP_PREFIX, worker_tag
from flow_assets.materialization.warehouse import build_warehouse
from flow_assets.memo.planner import Wishes

Listener = Callable[[Outcome], None]

_COUNTED_CAUSES = 5


def build_assets(project: Project, listener: Listener | None = None) -> list[dg.AssetsDefinition]:
    """Every dataset of the project as Dagster assets.

    Args:
        project: whose datasets.
        listener: is told of each partition as it ends, besides Dagster. Such assets are for runs in this process: what
            takes time to find out (code version, column lineage) is left out of them, and their runs do not build the
            warehouse, which whoever listens builds when all are done.
    """
    by_partitions: dict[Partitions | None, list[Dataset]] = {}
    for dataset in project.graph.datasets.values():
        by_partitions.setdefault(dataset.partitions, []).append(dataset)
    # Nobody looks at the assets of a run that somebody listens to: they are gone when it ends.
    told = {name: Particulars() if listener else particulars(project, name) for name in project.graph.datasets}
    names = _step_names(by_partitions)
    return [
        _multi_asset(project, datasets, names[partitions], listener, told)
        for partitions, datasets in by_partitions.items()
    ]


def _multi_asset(
    project: Project,
    datasets: Sequence[Dataset],
    name: str,
    listener: Listener | None,
    told: Mapping[str, Particulars],
) -> dg.AssetsDefinition:
    partitions_def = dagster_partitions(datasets[0].partitions)

    @dg.multi_asset(
        name=name,
        specs=[
            asset_spec(dataset, _deps(dataset, project), partitions_def, told[dataset.name]) for dataset in datasets
        ],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions_def else None,
        required_resource_keys={"duckdb"},
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        context.instance.add_run_tags(context.run.run_id, worker_tag(context.run.run_id))
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
                for outcomes in materializer.materialize_in_batches(dataset, partitions or (UNPARTITIONED,)):
                    events = store_together(context, [event(outcome, provenance) for outcome in outcomes])
                    for outcome in outcomes:
                        if listener:
                            listener(outcome)
                    problems += [outcome for outcome in outcomes if not outcome.status.is_published]
                    yield from events
        _end(problems, None if listener else project)

    return step


def _end(problems: Sequence[Outcome], project: Project | None) -> None:
    """Build the warehouse of `project`, if one is given, and fail if there are problems, whatever comes of that."""
    try:
        if project:
            build_warehouse(project)
    except StoreError as error:
        if problems:
            raise dg.Failure(f"{_summary(problems)}\n{error}", allow_retries=False) from error
        raise
    if problems:
        raise dg.Failure(_summary(problems), allow_retries=False)


def dagster_partitions(partitions: Partitions | None) -> dg.PartitionsDefinition | None:
    """The Dagster partitions definition with the same keys."""
    if isinstance(partitions, HourlyPartitions | DailyPartitions | MonthlyPartitions):
        named = getattr(dg, f"{type(partitions).__name__}Definition")
        made: dg.PartitionsDefinition = named(partitions.start_date, partitions.end_date, timezone=partitions.timezone)
        return made
    if isinstance(partitions, StaticPartitions):
        return dg.StaticPartitionsDefinition(list(partitions.partition_keys))
    return None


def _deps(dataset: Dataset, project: Project) -> list[dg.AssetDep]:
    return [
        dg.AssetDep(name, partition_mapping=_mapping(mapping) if project.graph.get(name).partitions else None)
        for name, mapping in dataset.ins.items()
    ]


def _mapping(mapping: Input) -> dg.PartitionMapping | None:
    """Of a window Dagster is told of its own partition only; else each backfill would ask for the days after too."""
    return dg.AllPartitionMapping() if isinstance(mapping, AllPartitions) else None


def _summary(problems: Sequence[Outcome]) -> str:
    lines = []
    for status in (Status.FAILED, Status.HELD, Status.WAITING):
        some = [p for p in problems if p.status is status]
        if some:
            lines.append(f"{len(some)} partition{'s' if len(some) > 1 else ''} {status.value}:")
            lines += [f"  {p.dataset} {p.partition}: {p.reason}" for p in some[:_COUNTED_CAUSES]]
            lines += [f"  and {len(some) - _COUNTED_CAUSES} more"] if len(some) > _COUNTED_CAUSES else []
    return "\n".join(lines)


def _wishes(run: dg.DagsterRun, partitions: Sequence[str]) -> Wishes:
    """Whoever asks Dagster for a partition that failed wants it tried again; `flow run` says what it wants in tags.

    A re-execution has its parent's tags, but somebody else asks for it, unless Dagster retries a run that was killed.
    """
    is_as_asked = run.parent_run_id is None or RETRY_NUMBER_TAG in run.tags
    tags = run.tags if is_as_asked else {}
    forced = filter(None, tags.get(FORCE_TAG, "").split(","))
    force = frozenset((name, partition) for name in forced for partition in partitions)
    return Wishes(force, retry=tags.get(RETRY_TAG, "true") == "true")


def _step_names(all_partitions: Iterable[Partitions | None]) -> dict[Partitions | None, str]:
    """What people see of a step, and a re-execution knows it by: no other dataset's order or number may change it."""
    kinds = {partitions: _kind(partitions) for partitions in all_partitions}
    counted = Counter(kinds.values())
    return {
        partitions: STEP_PREFIX + (kind if counted[kind] == 1 else f"{kind}_{_digest(partitions)}")
        for partitions, kind in kinds.items()
    }


def _kind(partitions: Partitions | None) -> str:
    return type(partitions).__name__.removesuffix("Partitions").lower() if partitions else "unpartitioned"


def _digest(partitions: Partitions | None) -> str:
    return hashlib.sha256(repr(partitions).encode()).hexdigest()[:6]
