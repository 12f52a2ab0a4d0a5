"""Which datasets and partitions to ask Dagster for next, given what the plan calls for."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flow_assets.declaration import AllPartitions, Dataset, DatasetGraph, partition_keys
from flow_assets.memo.entries import Action, PlanEntry
from flow_assets.memo.planner import Planner

WORK = (Action.COMPUTE, Action.RESTORE, Action.CHECK)

Scope = Mapping[str, Sequence[str]]
"""Datasets, in topological order, with their partitions."""


@dataclass(frozen=True)
class Request:
    """One Dagster run: datasets that share their partitions definition, over contiguous partitions."""

    datasets: tuple[str, ...]
    partitions: tuple[str, ...]


def plan_scope(planner: Planner, scope: Scope) -> list[PlanEntry]:
    """What must be done with every partition of `scope`."""
    with _without_garbage_collection():
        return [
            entry for name, partitions in scope.items() for entry in planner.plan(planner.graph.get(name), partitions)
        ]


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A plan makes hundreds of thousands of tuples and no garbage; looking for it would take a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def next_request(graph: DatasetGraph, work: Scope) -> Request | None:
    """The first run to launch for `work`, the partitions there is something to do for; None if there is nothing.

    The first dataset's first contiguous range is asked for, and with it every later dataset that needs the very same
    range and reads nothing that would have to be made in another run first.
    """
    first = next((name for name, partitions in work.items() if partitions), None)
    if first is None:
        return None
    keys = partition_keys(graph.get(first).partitions)
    wanted = next(_ranges(keys, work[first]))
    chosen = [first]
    for name in work:
        dataset = graph.get(name)
        if name == first or dataset.partitions != graph.get(first).partitions:
            continue
        if wanted in _ranges(keys, work[name]) and _is_ready(dataset, work, chosen, wanted):
            chosen.append(name)
    return Request(tuple(chosen), wanted)


def _is_ready(dataset: Dataset, work: Scope, chosen: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether nothing that `dataset` reads has to be made in another run first."""
    for upstream, mapping in dataset.ins.items():
        reads_more = isinstance(mapping, AllPartitions) and set(work.get(upstream, ())) - set(wanted)
        if work.get(upstream) and (upstream not in chosen or reads_more):
            return False
    return True


def _ranges(keys: Sequence[str], wanted: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """`wanted` as maximal runs of consecutive `keys`."""
    members, run = set(wanted), list[str]()
    for key in keys:
        if key in members:
            run.append(key)
        elif run:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)
