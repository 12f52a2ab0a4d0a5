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
from flow_assets.materialization.requests import BRIDGED, Request, next_request
from flow_assets.memo.reads import windows

DAILY = DailyPartitions("2024-03-01", end_date="2024-03-06")
STATIC = StaticPartitions(["x", "y", "z"])
D1, D2, D3, D4, D5 = DAILY.keys()
RAW_TO_WINDOW = ("raw", "day", "window")


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
    assert next_request(GRAPH, {name: work.get(name, []) for name in GRAPH.datasets}, {}) == expected


@pytest.mark.parametrize(
    ("work", "reusable", "expected"),
    [
        ({"raw": [D1, D4]}, {"raw": [D2, D3, D5]}, Request(("raw",), (D1, D2, D3, D4))),
        ({"raw": [D1, D4]}, {"raw": [D2]}, Request(("raw",), (D1,))),  # D3 waits or is held
        ({"raw": [D2]}, {"raw": [D1, D3, D4, D5]}, Request(("raw",), (D2,))),
        # its own range is shorter, and all in what is asked for anyway
        ({"raw": [D1, D2, D3], "day": [D2]}, {"day": [D1, D3]}, Request(("raw", "day"), (D1, D2, D3))),
        ({"raw": [D1, D2, D3], "day": [D2]}, {"day": [D1]}, Request(("raw",), (D1, D2, D3))),
        ({"raw": [D1, D3], "day": [D1]}, {"raw": [D2], "day": [D2, D3]}, Request(("raw", "day"), (D1, D2, D3))),
        ({"raw": [D1], "day": [D1, D3]}, {"raw": [D2, D3], "day": [D2]}, Request(("raw",), (D1,))),
        # `window D3` reads `day D1`, which is asked for only later
        ({"raw": [D3], "day": [D1, D3], "window": [D3]}, {}, Request(("raw", "day"), (D3,))),
        ({"static": ["x", "z"]}, {"static": ["y"]}, Request(("static",), ("x", "y", "z"))),
    ],
)
def test_small_gaps_are_bridged_by_what_is_reusable(
    work: dict[str, list[str]], reusable: dict[str, list[str]], expected: Request
) -> None:
    assert next_request(GRAPH, {name: work.get(name, []) for name in GRAPH.datasets}, reusable) == expected


@pytest.mark.parametrize(
    ("most", "work", "expected"),
    [
        (2, {"raw": [D1, D2, D3, D4, D5], "day": [D1, D2, D3, D4, D5]}, Request(("raw", "day"), (D1, D2))),
        (2, {"raw": [D3, D4, D5], "day": [D3, D4, D5], "window": [D3, D4, D5]}, Request(RAW_TO_WINDOW, (D3, D4))),
        (2, {"raw": [D1, D2, D3], "day": [D2, D3]}, Request(("raw",), (D1, D2))),
        (1, {"whole": [UNPARTITIONED], "raw": [D1, D2]}, Request(("whole",), (UNPARTITIONED,))),
        (5, {"raw": [D1, D2, D3, D4, D5]}, Request(("raw",), (D1, D2, D3, D4, D5))),
        # `every` reads all days, of which two are asked for only later
        (3, {"raw": [D1, D2, D3, D4, D5], "every": [D1, D2, D3, D4, D5]}, Request(("raw",), (D1, D2, D3))),
        (5, {"raw": [D1, D2], "every": [D1, D2]}, Request(("raw", "every"), (D1, D2))),
    ],
)
def test_long_ranges_are_asked_for_in_pieces(most: int, work: dict[str, list[str]], expected: Request) -> None:
    graph = DatasetGraph.of([*GRAPH.datasets.values(), declared("every", DAILY, raw=all_partitions())])
    assert next_request(graph, {name: work.get(name, []) for name in graph.datasets}, {}, most) == expected


@pytest.mark.parametrize(("gap", "is_bridged"), [(BRIDGED, True), (BRIDGED + 1, False)])
def test_large_gaps_are_left(gap: int, is_bridged: bool) -> None:
    partitions = DailyPartitions("2024-03-01", end_date="2024-05-01")
    keys = partitions.keys()[: gap + 2]
    graph = DatasetGraph.of([declared("raw", partitions)])
    request = next_request(graph, {"raw": [keys[0], keys[-1]]}, {"raw": keys[1:-1]})
    assert request == Request(("raw",), tuple(keys) if is_bridged else (keys[0],))


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
    planned = {
        (name, key): data.draw(st.sampled_from(["work", "work", "reuse", "reuse", "hold"]))
        for name, d in graph.datasets.items()
        for key in partition_keys(d.partitions)
    }
    work, reusable = (
        {name: [key for n, key in planned if n == name and planned[n, key] == action] for name in graph.datasets}
        for action in ("work", "reuse")
    )
    asked: list[tuple[str, str]] = []
    most = data.draw(st.sampled_from([None, 1, 2, 3]))
    while request := next_request(graph, work, reusable, most):
        assert most is None or len(request.partitions) <= most
        for name in request.datasets:
            assert not (_unmade(graph.get(name), graph, work, request.partitions)), (name, request, work)
            assert set(request.partitions) & set(work[name])
            asked += [(name, key) for key in request.partitions if key in work[name]]
            assert {*work[name], *reusable[name]}.issuperset(request.partitions)
            reusable[name] += [key for key in request.partitions if key in work[name]]
            work[name] = [key for key in work[name] if key not in request.partitions]
    assert sorted(asked) == sorted(p for p, action in planned.items() if action == "work")


def _unmade(reader: Dataset, graph: DatasetGraph, work: dict[str, list[str]], keys: Sequence[str]) -> set[str]:
    """What `keys` of `reader` read and is still to be made."""
    unmade = set()
    for name, mapping in reader.ins.items():
        upstream = partition_keys(graph.get(name).partitions)
        read = upstream if isinstance(mapping, AllPartitions) else windows(reader, name, upstream, keys)
        unmade |= {f"{name} {key}" for key in read if key in work[name]}
    return unmade
