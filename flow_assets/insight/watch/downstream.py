"""What cannot be made as long as some partitions are not right: whatever requires them, however far down."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from flow_assets.declaration import DatasetGraph, partition_keys
from flow_assets.ledger.findings import Finding
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


def without_consequences(graph: DatasetGraph, findings: Mapping[tuple[str, str], Finding]) -> Iterator[Finding]:
    """Those of datasets that read none with a finding of the same kind; the others are what those affect.

    Args:
        graph: the datasets.
        findings: dataset and kind, such as a dimension of quality, to what was found.
    """
    for cause, names in affected_by(graph, findings).items():
        yield replace(findings[cause], affected=tuple(dict.fromkeys((*findings[cause].affected, *names))))


def affected_by(graph: DatasetGraph, found: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Dataset and kind of what is first in its chain, to the datasets downstream with the same kind."""
    affected: dict[tuple[str, str], list[str]] = {}
    for name, kind in found:
        read = [d.name for d in graph.select([name]) if (d.name, kind) in found]  # the first of a chain comes first
        affected.setdefault((read[0], kind), []).extend(n for n in (name,) if n != read[0])
    return affected


def _state(graph: DatasetGraph, name: str) -> InputState:
    return InputState(name, partition_keys(graph.get(name).partitions), {})
