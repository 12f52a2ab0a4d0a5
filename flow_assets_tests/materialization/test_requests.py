from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets import (
    DailyPartitions,
    DatasetSchema,
    Int64,
    StaticPartitions,
    all_partitions,
    column,
    dataset,
    lookback,
)
from flow_assets.declaration import (
    UNPARTITIONED,
    AllPartitions,
    Dataset,
    DatasetGraph,
    Input,
    Partitions,
    SamePartition,
    partition_keys,
)
from flow_assets.materialization.requests import Request, next_request
from flow_assets.memo.reads import windows

DAILY = DailyPartitions("2024-03-01", end_date="2024-03-06")
STATIC = StaticPartitions(["x", "y", "z"])
D1, D2, D3, D4, D5 = DAILY.keys()


class Numbers(DatasetSchema):
    number: Int64 = column("A number")


@dataset(schema=Numbers, sort_by=["number"])
def template() -> Any:
    return None


def declared(name: str, partitions: Partitions | None, **ins: Input) -> Dataset:
    return replace(template, name=name, partitions=partitions, ins=ins)


SAME = SamePartition()
GRAPH = DatasetGraph.of(
    [
        declared("whole", None),
        declared("raw", DAILY),
        declared("day", DAILY, raw=SAME, whole=SAME),
        declared("window", DAILY, day=lookback(days=2)),
        declared("static", STATIC, day=all_partitions()),
        declared("mixed", STATIC, static=all_partitions()),
        declared("last", None, window=all_partitions(), static=all_partitions()),
    ]
)


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ({}, None),
        ({"raw": []}, None),
        ({"raw": [D1, D2]}, Request(("raw",), (D1, D2))),
        ({"raw": [D1, D2, D4]}, Request(("raw",), (D1, D2))),
        ({"raw": [D1], "day": [D1], "window": [D1, D2, D3]}, Request(("raw", "day"), (D1,))),
        ({"raw": [D4, D5], "day": [D4, D5], "window": [D4, D5]}, Request(("raw", "day", "window"), (D4, D5))),
        ({"raw": [D1, D4], "day": [D1, D4]}, Request(("raw", "day"), (D1,))),
        ({"whole": [UNPARTITIONED], "day": [D1]}, Request(("whole",), (UNPARTITIONED,))),
        ({"whole": [UNPARTITIONED], "raw": [D1], "day": [D1]}, Request(("whole",), (UNPARTITIONED,))),
        ({"raw": [D1], "day": [D2]}, Request(("raw",), (D1,))),
        ({"day": [D1], "static": ["x"], "last": [UNPARTITIONED]}, Request(("day",), (D1,))),
        ({"static": ["x", "y"], "mixed": ["x", "y"]}, Request(("static", "mixed"), ("x", "y"))),
        # `mixed x` reads `static z` too, which is asked for only later
        ({"static": ["x", "z"], "mixed": ["x", "z"]}, Request(("static",), ("x",))),
        ({"static": ["x"], "last": [UNPARTITIONED]}, Request(("static",), ("x",))),
        ({"last": [UNPARTITIONED]}, Request(("last",), (UNPARTITIONED,))),
    ],
)
def test_the_next_request(work: dict[str, list[str]], expected: Request | None) -> None:
    assert next_request(GRAPH, {name: work.get(name, []) for name in GRAPH.datasets}) == expected


@st.composite
def graphs(draw: st.DrawFn) -> DatasetGraph:
    made: list[Dataset] = []
    for number in range(draw(st.integers(1, 6))):
        partitions = draw(st.sampled_from([None, DAILY, STATIC]))
        upstream = draw(st.lists(st.sampled_from(made), unique_by=lambda d: d.name, max_size=3)) if made else []
        ins = {d.name: draw(st.sampled_from(_mappings(partitions, d.partitions))) for d in upstream}
        made.append(declared(f"d{number}", partitions, **ins))
    return DatasetGraph.of(made)


def _mappings(reader: Partitions | None, upstream: Partitions | None) -> list[Input]:
    if upstream is None:
        return [SAME]
    if reader != upstream:
        return [all_partitions()]
    back = [lookback(days=2), lookback(days=1, include_current=False)] if reader == DAILY else []
    return [SAME, all_partitions(), *back]


@given(st.data())
def test_every_partition_is_asked_for_once_and_never_before_what_it_reads(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    work = {
        name: [k for k in partition_keys(d.partitions) if data.draw(st.booleans())]
        for name, d in graph.datasets.items()
    }
    wanted = {(name, key) for name, keys in work.items() for key in keys}
    asked: list[tuple[str, str]] = []
    while request := next_request(graph, work):
        for name in request.datasets:
            assert not (_unmade(graph.get(name), graph, work, request.partitions)), (name, request, work)
            asked += [(name, key) for key in request.partitions]
            work[name] = [key for key in work[name] if key not in request.partitions]
    assert sorted(asked) == sorted(wanted)


def _unmade(reader: Dataset, graph: DatasetGraph, work: dict[str, list[str]], keys: Sequence[str]) -> set[str]:
    """What `keys` of `reader` read and is still to be made."""
    unmade = set()
    for name, mapping in reader.ins.items():
        upstream = partition_keys(graph.get(name).partitions)
        read = upstream if isinstance(mapping, AllPartitions) else windows(reader, name, upstream, keys)
        unmade |= {f"{name} {key}" for key in read if key in work[name]}
    return unmade
