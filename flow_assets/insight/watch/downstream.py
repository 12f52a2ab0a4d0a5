"""What cannot be made as long as some partitions are not right: whatever requires them, however far down."""

from collections.abc import Collection, Mapping

from flow_assets.declaration import DatasetGraph, partition_keys
from flow_assets.memo.reads import InputState, reader


def held_by(graph: DatasetGraph, dataset: str, partitions: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Dataset to those of its partitions that require one of `partitions` of `dataset`, in topological order.

    What reads without requiring is made without them, and is not among these.
    """
    held: dict[str, tuple[str, ...]] = {dataset: tuple(partitions)}
    for name, candidate in graph.datasets.items():
        required = [
            (reader(candidate, _state(graph, upstream)), frozenset(held[upstream]))
            for upstream in candidate.ins
            if upstream in held
        ]
        if required and name != dataset:
            keys = partition_keys(candidate.partitions)
            found = tuple(key for key in keys if any(read(key).required in missing for read, missing in required))
            if found:
                held[name] = found
    del held[dataset]
    return held


def _state(graph: DatasetGraph, name: str) -> InputState:
    return InputState(name, partition_keys(graph.get(name).partitions), {})
