from datetime import timedelta
from pathlib import Path

import pytest

from flow_assets_tests.insight.watch.feeds import Feeds, days_from, new_york

MARCH = days_from("2024-03-01", 31)
LATE = "2024-03-10"
NOON = new_york("2024-03-11 12:00")


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    """Nine days are there of everything."""
    made = Feeds.made(tmp_path)
    made.came("names", "", at=new_york("2024-02-20 12:00"))
    for number, name in enumerate(("raw", "clean", "model", "forecast")):
        made.came_daily(name, MARCH[:9], after=timedelta(hours=4, minutes=number))
    return made


def declare_all(feeds: Feeds) -> None:
    for name, clock in (("raw", "08:00"), ("clean", "09:00"), ("model", "10:00")):
        feeds.declare(name, f'by("{clock}")')


def test_what_waits_for_a_late_partition_is_affected_and_not_late_itself(feeds: Feeds) -> None:
    declare_all(feeds)
    feeds.came("forecast", LATE, at=NOON)
    (found,) = feeds.look(NOON)
    assert (found.identity, found.affected) == (f"late raw {LATE}", ("clean", "model"))


def test_a_deadline_downstream_is_one_for_what_it_waits_for(feeds: Feeds) -> None:
    feeds.declare("model", 'by("10:00")')
    feeds.came("forecast", LATE, at=NOON)
    (found,) = feeds.look(NOON, None)
    assert (found.identity, found.affected) == (f"late raw {LATE}", ("clean", "model"))
    assert found.since == new_york("2024-03-11 10:00").timestamp()
    assert f"{LATE} of model, which waits for it, was due at 2024-03-11 14:00 UTC" in found.text


def test_what_is_late_although_all_it_needs_is_there_is_found_by_itself(feeds: Feeds) -> None:
    declare_all(feeds)
    feeds.came("forecast", LATE, at=NOON)
    feeds.came("raw", LATE, at=new_york("2024-03-11 04:00"))
    (found,) = feeds.look(NOON)
    assert (found.identity, found.affected) == (f"late clean {LATE}", ("model",))
    assert "All that it needs is there: run it." in found.text


def test_what_needs_no_partition_of_the_same_day_waits_for_nothing(feeds: Feeds) -> None:
    feeds.declare("forecast", 'by("10:00")')
    declare_all(feeds)
    assert set(feeds.late(NOON)) == {f"late raw {LATE}", f"late forecast {LATE}"}


def test_what_has_just_got_what_it_needs_is_given_the_time_it_takes(feeds: Feeds) -> None:
    declare_all(feeds)
    feeds.came("forecast", LATE, at=NOON)
    assert list(feeds.late(NOON)) == [f"late raw {LATE}"]
    feeds.came("raw", LATE, at=NOON)
    assert feeds.late(NOON + timedelta(minutes=4)) == {}
    assert list(feeds.late(NOON + timedelta(minutes=6))) == [f"late clean {LATE}"]


def test_time_that_it_takes_is_learned(feeds: Feeds) -> None:
    later = days_from("2024-03-10", 20)
    for name, hours in (("raw", 4), ("clean", 5), ("model", 6), ("forecast", 4)):
        feeds.came_daily(name, later, after=timedelta(hours=hours))
    feeds.declare("clean", 'by("06:00")')
    came = new_york("2024-03-31 12:00")
    feeds.came("raw", "2024-03-30", at=came)
    feeds.came("forecast", "2024-03-30", at=came)
    assert feeds.late(came + timedelta(hours=2)) == {}  # an hour is usual, three are put up with
    assert list(feeds.late(came + timedelta(hours=3, minutes=1))) == ["late clean 2024-03-30"]


@pytest.mark.parametrize("name", ["raw", "clean"])
def test_what_failed_is_for_another_watch(feeds: Feeds, name: str) -> None:
    declare_all(feeds)
    feeds.came("forecast", LATE, at=NOON)
    feeds.came("raw", LATE, at=new_york("2024-03-11 04:00"))
    feeds.failed(name, LATE)
    assert feeds.late(NOON) == {}


def test_what_failed_within_a_gap_is_told_with_it(feeds: Feeds) -> None:
    declare_all(feeds)
    feeds.failed("raw", "2024-03-11")
    (found,) = [f for f in feeds.look(new_york("2024-03-13 12:00")) if f.dataset == "raw"]
    assert found.partitions == ("2024-03-10", "2024-03-12")
    assert found.evidence["failed_or_blocked"] == "2024-03-11"


def test_a_whole_dataset_that_is_missing_is_to_blame(tmp_path: Path) -> None:
    feeds = Feeds.made(tmp_path)
    feeds.declare("clean", 'by("10:00")')
    feeds.came_daily("raw", MARCH[:10])
    feeds.came("clean", *MARCH[:9], at=new_york("2024-03-10 06:00"))  # before it read names
    (found,) = feeds.look(NOON, None)
    assert (found.identity, found.title, found.partitions) == ("late names", "names is missing", ())
    assert found.affected == ("clean", "model")
    assert "Its file names.csv has not landed" in found.text
