import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.automation.requesting.memory import Asked, between, digest, dump, load
from flow_assets.declaration import find_datasets
from flow_assets.memo.entries import Action, Because, PlanEntry

GRAPH = find_datasets("flow_assets.datasets")
D1, D2, D3 = "2013-01-01", "2013-01-02", "2013-01-03"
ENTRY = PlanEntry("departures", D1, Action.COMPUTE, Because.KEY_CHANGED, "key")
PENDING = PlanEntry("departures", D2, Action.COMPUTE, Because.INPUT_PENDING, inputs=("a", "b"))


def asked(times: int = 1, at: float = 0.0, first: str = D1, last: str = D2, of: str = "") -> Asked:
    return Asked(("departures",), first, last, of, times, at)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [(1, 0), (2, 60), (3, 120), (4, 240), (7, 1920), (8, 3600), (9, 3600), (500, 3600), (10**6, 3600)],
)
def test_what_comes_to_nothing_is_asked_for_at_once_then_ever_more_seldom(times: int, seconds: float) -> None:
    assert asked(times, at=100.0).due == 100 + seconds


def test_it_is_remembered_while_the_plan_says_the_same_of_it() -> None:
    work = {(e.dataset, e.partition): e for e in (ENTRY, PENDING)}
    before = asked(of=digest(work.values()))
    assert before.still(GRAPH, work, set(), 5.0) == before
    for changed in (
        {("departures", D1): ENTRY},  # one of the two was made
        {**work, ("departures", D1): ENTRY._replace(key="another")},
        {**work, ("departures", D2): PENDING._replace(inputs=("a", "c"))},
        {},
    ):
        assert before.still(GRAPH, changed, set(), 5.0) is None
    elsewhere = {**work, ("departures", D3): ENTRY._replace(partition=D3), ("raw_weather", D1): ENTRY}
    assert before.still(GRAPH, elsewhere, set(), 5.0) == before


def test_the_wait_begins_when_its_run_ends() -> None:
    before = asked(2, at=1.0)
    seen = before.still(GRAPH, {}, {("departures", D2)}, 500.0)
    assert seen
    assert seen.due == 560.0


def test_what_is_no_longer_in_the_project_is_forgotten() -> None:
    gone = Asked(("departures", "gone"), D1, "2099-01-01", "", 3, 0.0)
    assert gone.cells(GRAPH) == set()
    assert Asked(("gone", "raw_planes"), "", "", "", 1, 0.0).cells(GRAPH) == {("raw_planes", "")}


@pytest.mark.parametrize(
    ("name", "first", "last", "expected"),
    [
        ("departures", D1, D3, (D1, D2, D3)),
        ("departures", D2, D2, (D2,)),
        ("departures", D2, D1, ()),
        ("departures", D1, "2031-01-01", ()),
        ("raw_planes", "", "", ("",)),
        ("raw_planes", D1, D1, ()),
        ("carrier_history", "9E", "AA", ("9E", "AA")),
    ],
)
def test_between_two_partitions(name: str, first: str, last: str, expected: tuple[str, ...]) -> None:
    assert between(GRAPH, name, first, last) == expected


@given(
    st.lists(
        st.builds(
            Asked,
            st.lists(st.text(), max_size=3).map(tuple),
            st.text(),
            st.text(),
            st.text(),
            st.integers(1, 100),
            st.floats(0, 2e9),
        )
    ).map(tuple)
)
def test_the_memory_survives_as_text(memory: tuple[Asked, ...]) -> None:
    assert load(dump(memory)) == memory


@pytest.mark.parametrize("text", [None, "", "[]", "no json", "{}", "[1]", '[{"datasets": []}]', '[{"other": 1}]', "7"])
def test_a_text_that_is_no_memory_is_none(text: str | None) -> None:
    assert load(text) == ()
