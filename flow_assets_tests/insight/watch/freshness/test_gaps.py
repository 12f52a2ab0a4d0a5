"""Whatever is missing: each gap is one finding, and all that is late is in one."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets_tests.insight.watch.feeds import Feeds, days_from, end_of

DAYS = days_from("2024-03-01", 24)


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Feeds:
    made = Feeds.made(tmp_path_factory.mktemp("feeds"))
    made.declare("raw", 'by("10:00")')
    return made


_NUMBERS = count(1)


@given(
    came=st.lists(st.booleans(), min_size=18, max_size=18),
    passed=st.integers(0, 6),
    filled_in=st.sets(st.sampled_from(DAYS[6:24])),
)
@settings(max_examples=15)
def test_any_days_that_are_missing(feeds: Feeds, came: list[bool], passed: int, filled_in: set[str]) -> None:
    """Six days are there; of the others some came when due, some later, and it is the morning after some of them."""
    feeds.sandbox.options["environment"] = f"example {next(_NUMBERS)}"
    is_there = dict(zip(DAYS, [True] * 6 + came, strict=True))
    now = end_of(DAYS[17 + passed]) + timedelta(hours=10, seconds=1)
    seen = DAYS[: 18 + passed]
    feeds.came_daily("raw", [day for day in seen if is_there[day]])
    late = filled_in.intersection(day for day in seen if not is_there[day])
    if late:
        feeds.came("raw", *sorted(late), at=now - timedelta(minutes=1))
    missing = [day for day in seen if not is_there[day] and day not in late]
    found = feeds.late(now, None)
    assert sorted(day for partitions in found.values() for day in partitions) == missing
    for identity, partitions in found.items():
        positions = [seen.index(day) for day in partitions]
        first = positions[0]  # or what was filled in before it when that was due already, from the gap's beginning on
        while seen[first - 1] in late and positions[0] < len(seen) - 1:
            first -= 1
        assert identity == f"late raw {seen[positions[0] if seen[first - 1] in missing else first]}"
        assert positions == list(range(positions[0], positions[-1] + 1))
        assert seen[positions[0] - 1] not in missing
        assert not set(seen[positions[-1] + 1 : positions[-1] + 2]).intersection(missing)


def test_a_gap_that_is_filled_in_from_its_beginning_stays_one(feeds: Feeds) -> None:
    feeds.sandbox.options["environment"] = "catching up"
    feeds.came_daily("raw", DAYS[:8])
    now = end_of(DAYS[12]) + timedelta(hours=11)
    assert feeds.late(now, None) == {f"late raw {DAYS[8]}": tuple(DAYS[8:13])}
    for number in range(8, 12):
        now += timedelta(minutes=1)
        feeds.came("raw", DAYS[number], at=now)
        assert feeds.late(now, None) == {f"late raw {DAYS[8]}": tuple(DAYS[number + 1 : 13])}
    feeds.came("raw", DAYS[12], at=now)
    assert feeds.late(now, None) == {}
    assert feeds.late(end_of(DAYS[13]) + timedelta(hours=11), None) == {f"late raw {DAYS[13]}": (DAYS[13],)}


def test_what_always_comes_too_late_is_one_gap_and_another_one_after_it_was_on_time(feeds: Feeds) -> None:
    feeds.sandbox.options["environment"] = "a day behind"
    feeds.came_daily("raw", DAYS[:6])
    for number in range(6, 10):  # each comes after the next one was due
        at = end_of(DAYS[number + 1]) + timedelta(hours=11)
        assert list(feeds.late(at - timedelta(minutes=1), None)) == [f"late raw {DAYS[6]}"]
        feeds.came("raw", DAYS[number], at=at)
    feeds.came("raw", DAYS[10], at=end_of(DAYS[10]) + timedelta(hours=12))
    assert list(feeds.late(end_of(DAYS[11]) + timedelta(hours=11), None)) == [f"late raw {DAYS[11]}"]
