"""Which datasets and partitions to ask Dagster for next, given what the plan calls for."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flow_assets.declaration import AllPartitions, Dataset, DatasetGraph, partition_keys
from flow_assets.memo.entries import PlanEntry
from flow_assets.memo.planner import Planner
from flow_assets.memo.reads import windows

BRIDGED = 10
"""Gaps of so many partitions are asked for too: a reused partition costs Dagster 15 to 30 ms, a run 0.6 s."""

Scope = Mapping[str, Sequence[str]]
"""Datasets, in topological order, with their partitions."""


@dataclass(frozen=True)
class Request:
    """One Dagster run: datasets that share their partitions definition, over contiguous partitions.

    Some of the partitions may be asked for only to bridge a gap, and are reused.
    """

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


def next_request(
    graph: DatasetGraph, work: Scope, reusable: Scope, most_partitions: int | None = None
) -> Request | None:
    """The first run to launch for `work`, the partitions there is something to do for; None if there is nothing.

    The first dataset's first range is asked for, and with it every later dataset that needs the very same range, or
    has all its work in it, and reads nothing that would have to be made in another run first.

    Args:
        graph: where the datasets are.
        work: of each dataset, what there is something to do for.
        reusable: of each dataset, what may be asked for too where that saves a run; it is already what it should be.
        most_partitions: a longer range is asked for in pieces; without it, in one.
    """
    first = next((name for name, partitions in work.items() if partitions), None)
    if first is None:
        return None
    keys = partition_keys(graph.get(first).partitions)

    def ranges(name: str) -> Iterator[tuple[str, ...]]:
        return _ranges(keys, work[name], reusable.get(name, ()), most_partitions or len(keys))

    wanted = next(ranges(first))
    chosen = [first]
    for name in work:
        dataset = graph.get(name)
        if name == first or dataset.partitions != graph.get(first).partitions:
            continue
        if set(wanted).isdisjoint(work[name]):
            continue
        holds_all = set(work[name]) <= set(wanted) <= {*work[name], *reusable.get(name, ())}
        if (holds_all or wanted in ranges(name)) and _is_ready(dataset, graph, work, chosen, wanted):
            chosen.append(name)
    return Request(tuple(chosen), wanted)


def _is_ready(dataset: Dataset, graph: DatasetGraph, work: Scope, chosen: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether nothing that `wanted` of `dataset` read has to be made in another run first."""
    for name, mapping in dataset.ins.items():
        left = set(work.get(name, ())) - set(wanted if name in chosen else ())
        if left and not isinstance(mapping, AllPartitions):
            left &= set(windows(dataset, name, partition_keys(graph.get(name).partitions), wanted))
        if left:
            return False
    return True


def _ranges(
    keys: Sequence[str], wanted: Sequence[str], reusable: Sequence[str], most: int
) -> Iterator[tuple[str, ...]]:
    """`wanted` as at most so many consecutive `keys`, over short gaps too where all of the gap is reusable."""
    members, bridges = set(wanted), set(reusable)
    run, gap = list[str](), list[str]()
    for key in keys:
        if key in members:
            run += [*gap, key]
            gap = []
        elif run:
            gap.append(key)
            if key not in bridges or len(gap) > BRIDGED:
                yield from _pieces(run, most)
                run, gap = [], []
    if run:
        yield from _pieces(run, most)


def _pieces(run: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    return (tuple(run[start : start + most]) for start in range(0, len(run), most))
