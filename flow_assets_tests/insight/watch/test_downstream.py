"""What is held downstream, beside the definition: each partition of each dataset asked what it requires."""

from collections.abc import Collection, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.declaration import DatasetGraph, partition_keys
from flow_assets.insight.watch.downstream import held_by
from flow_assets.memo.reads import InputState, reader
from flow_assets_tests.insight.watch.feeds import Feeds, days_from

DAYS = days_from("2024-01-01", 20)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatasetGraph]:
    with Feeds.made(tmp_path_factory.mktemp("feeds")).project() as project:
        yield project.graph


def by_definition(graph: DatasetGraph, dataset: str, partitions: Collection[str]) -> dict[str, tuple[str, ...]]:
    held = {dataset: tuple(partitions)}
    for name in (name for name in graph.datasets if name != dataset):
        candidate = graph.get(name)
        reads = {
            n: reader(candidate, InputState(n, partition_keys(graph.get(n).partitions), {})) for n in candidate.ins
        }
        keys = partition_keys(candidate.partitions)
        found = tuple(key for key in keys if any(r(key).required in held.get(n, ()) for n, r in reads.items()))
        held |= {name: found} if found else {}
    return {name: found for name, found in held.items() if name != dataset}


@given(days=st.sets(st.sampled_from(DAYS), min_size=1))
def test_what_requires_some_partitions(graph: DatasetGraph, days: set[str]) -> None:
    held = held_by(graph, "raw", sorted(days))
    assert held == by_definition(graph, "raw", sorted(days))
    assert held == {"clean": tuple(sorted(days)), "model": tuple(sorted(days))}


def test_what_requires_a_whole(graph: DatasetGraph) -> None:
    held = held_by(graph, "names", [""])
    assert held == by_definition(graph, "names", [""])
    assert held["clean"] == partition_keys(graph.get("clean").partitions)
