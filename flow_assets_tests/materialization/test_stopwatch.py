import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.materialization.stopwatch import Cost, Phase, Stopwatch

PHASES = st.dictionaries(st.sampled_from([phase.value for phase in Phase]), st.integers(0, 10**6).map(float))
COSTS = st.builds(Cost, st.integers(0, 10**6).map(float), st.integers(0, 10**6).map(float), PHASES)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the wall clock says: its last element."""
    said = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: said[-1])
    return said


def test_each_phase_has_its_own_time_and_what_is_in_none_is_in_the_whole(clock: list[float]) -> None:
    stopwatch = Stopwatch()
    start = stopwatch.read()
    for phase, seconds in ((Phase.SCAN, 1.0), (Phase.COMPUTE, 4.0), (Phase.SCAN, 2.0)):
        with stopwatch.timing(phase):
            clock.append(clock[-1] + seconds)
    clock.append(clock[-1] + 3.0)
    cost = stopwatch.read().since(start, shares=2)
    assert (cost.wall, cost.phases) == (5.0, {"scan": 1.5, "compute": 2.0})


def test_what_fails_has_taken_its_time_too(clock: list[float]) -> None:
    stopwatch = Stopwatch()

    def fail() -> None:
        with stopwatch.timing(Phase.CHECK):
            clock.append(7.0)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert stopwatch.read().phases == {"check": 7.0}


def test_a_reading_stays_as_it_was(clock: list[float]) -> None:
    stopwatch = Stopwatch()
    before = stopwatch.read()
    with stopwatch.timing(Phase.HASH):
        clock.append(1.0)
    assert before.phases == {}
    assert stopwatch.read().since(stopwatch.read()).phases == {}


@given(COSTS, COSTS)
def test_what_is_added_since_is_what_was_added(first: Cost, second: Cost) -> None:
    both = first.plus(second)
    since = both.since(first)
    assert (since.wall, since.cpu) == (second.wall, second.cpu)
    assert since.phases == {
        name: seconds for name, seconds in second.phases.items() if seconds or name not in first.phases
    }
    assert both.phases == second.plus(first).phases


@given(COSTS, st.integers(1, 100))
def test_shares_come_to_the_whole(cost: Cost, shares: int) -> None:
    one = cost.since(Cost(), shares)
    assert one.wall * shares == pytest.approx(cost.wall)
    assert {name: pytest.approx(seconds * shares) for name, seconds in one.phases.items()} == cost.phases
