"""What cannot be made as long as some partitions are not right: whatever requires them, however far down."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from flow_assets.declaration import UNPARTITIONED, Dataset, DatasetGraph, partition_keys
from flow_assets.ledger.findings import Finding
from flow_assets.memo.reads import InputState, Reader, reader


def held_by(graph: DatasetGraph, dataset: str, partitions: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Dataset to those of its partitions that require one of `partitions` of `dataset`, in topological order.

    What reads without requiring is made without them, and is not among these.
    """
    held: dict[str, tuple[str, ...]] = {dataset: tuple(partitions)}
    for name, candidate in graph.datasets.items():
        upstreams = [upstream for upstream in candidate.ins if upstream in held]
        if upstreams and name != dataset:
            keys = _like(partition_keys(candidate.partitions), [held[upstream] for upstream in upstreams])
            required = [(_reader(graph, candidate, upstream), frozenset(held[upstream])) for upstream in upstreams]
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


def _like(keys: Sequence[str], missing: Sequence[Collection[str]]) -> Sequence[str]:
    """Those of `keys` that can require what is missing: of so many as there may be, few do.

    What is required is the same partition, or an input that has none.
    """
    wanted = {key for some in missing for key in some}
    return keys if UNPARTITIONED in wanted else [key for key in keys if key in wanted]


def _reader(graph: DatasetGraph, dataset: Dataset, upstream: str) -> Reader:
    return reader(dataset, InputState(upstream, partition_keys(graph.get(upstream).partitions), {}))
