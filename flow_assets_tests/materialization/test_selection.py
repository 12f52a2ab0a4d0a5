import pytest

from flow_assets.declaration import DatasetGraph
from flow_assets.errors import SelectionError
from flow_assets.materialization.selection import select
from flow_assets_tests.materialization.test_requests import D1, D2, D3, D4, D5, GRAPH

ALL_DAYS = (D1, D2, D3, D4, D5)


@pytest.mark.parametrize(
    ("names", "partitions", "expected"),
    [
        (["day"], None, {"raw": ALL_DAYS, "whole": ("",), "day": ALL_DAYS}),
        (["day"], f"{D2}..{D3}", {"raw": (D2, D3), "whole": ("",), "day": (D2, D3)}),
        (["day"], D5, {"raw": (D5,), "whole": ("",), "day": (D5,)}),
        (["mixed"], "y..z", {"whole": ("",), "static": ("y", "z"), "mixed": ("y", "z")}),
        (["window"], f"{D3}..{D3}", {"raw": (D3,), "whole": ("",), "day": (D3,), "window": (D3,)}),
        (["whole"], None, {"whole": ("",)}),
    ],
)
def test_what_is_asked_for(names: list[str], partitions: str | None, expected: dict[str, tuple[str, ...]]) -> None:
    assert select(GRAPH, names, partitions) == expected


def test_everything_in_topological_order() -> None:
    found = list(select(GRAPH))
    assert set(found) == set(GRAPH.datasets)
    for name in found:
        assert all(found.index(upstream) < found.index(name) for upstream in GRAPH.get(name).ins)
    assert "static" not in select(GRAPH, partitions=D1)


@pytest.mark.parametrize(
    ("names", "partitions", "said"),
    [
        (["dya"], None, "There is no dataset 'dya'"),
        (
            ["day"],
            "2024-04-01",
            "--partitions 2024-04-01: day has no such partitions; there are 2024-03-01..2024-03-05",
        ),
        (["day"], f"{D1}..2024-04-01", "day has no such partitions"),
        (["day"], f"..{D1}", "day has no such partitions"),
        (["day"], "", "day has no such partitions"),
        (["static"], D1, "static has no such partitions"),
        ([], "2024-04-01", "--partitions 2024-04-01: no dataset has them"),
        (["whole"], D1, "no dataset has them; there are none"),
        (["day"], f"{D3}..{D1}", f"{D3} comes after {D1}; turn them round"),
    ],
)
def test_what_does_not_exist_is_said(names: list[str], partitions: str | None, said: str) -> None:
    with pytest.raises(SelectionError) as error:
        select(GRAPH, names, partitions)
    assert said in str(error.value)


def test_a_graph_of_nothing() -> None:
    assert select(DatasetGraph({})) == {}
