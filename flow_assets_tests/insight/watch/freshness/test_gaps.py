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
        assert identity == f"late raw {partitions[0]}"
        positions = [seen.index(day) for day in partitions]
        assert positions == list(range(positions[0], positions[-1] + 1))
        assert seen[positions[0] - 1] not in missing
        assert not set(seen[positions[-1] + 1 : positions[-1] + 2]).intersection(missing)
