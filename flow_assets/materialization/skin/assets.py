"""Datasets as Dagster assets: one multi-asset for each partitions definition, whose one step carries out the plan.

A step for each dataset would skip everything downstream of a failed one, and a run for each partition would pay for a
process each; one step for all lets 364 days complete when one is bad.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from flow_assets.declaration import (
    AllPartitions,
    DailyPartitions,
    Dataset,
    HourlyPartitions,
    Input,
    MonthlyPartitions,
    Partitions,
    StaticPartitions,
)
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin.asset_checks import check_specs
from flow_assets.materialization.skin.describe import Particulars, asset_spec, particulars
from flow_assets.materialization.skin.step import Listener, carry_out
from flow_assets.materialization.skin.workers import STEP_PREFIX, worker_tag


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
        check_specs=[spec for dataset in datasets for spec in check_specs(dataset, partitions_def)],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions_def else None,
        required_resource_keys={"duckdb"},
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        context.instance.add_run_tags(context.run.run_id, worker_tag(context.run.run_id))
        yield from carry_out(context, project, datasets, listener)

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


def _deps(dataset: Dataset, project: Project) -> list[dg.AssetDep]:
    return [
        dg.AssetDep(name, partition_mapping=_mapping(mapping) if project.graph.get(name).partitions else None)
        for name, mapping in dataset.ins.items()
    ]


def _mapping(mapping: Input) -> dg.PartitionMapping | None:
    """Of a window Dagster is told of its own partition only; else each backfill would ask for the days after too."""
    return dg.AllPartitionMapping() if isinstance(mapping, AllPartitions) else None


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
