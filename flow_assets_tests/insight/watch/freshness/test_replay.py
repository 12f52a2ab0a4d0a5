"""Old files played back, a day at a time: what counts is the time since the one before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flow_assets_tests.insight.watch.feeds import Feeds, days_from

START = datetime(2026, 11, 1, 6, tzinfo=UTC)
LOADED, DRIPPED = days_from("2024-01-01", 60), days_from("2024-03-01", 12)


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    """Sixty days are loaded at once, two years late; then one comes each day, at the same time."""
    made = Feeds.made(tmp_path)
    made.declare("raw", 'by("08:00")')
    made.came("raw", *LOADED, at=START)
    return made


def drip(feeds: Feeds, *, but: int | None = None) -> datetime:
    """All twelve days, but one; returns when the last came."""
    for number, day in enumerate(DRIPPED, start=1):
        if number != but:
            feeds.came("raw", day, at=START + timedelta(days=number))
    return START + timedelta(days=len(DRIPPED))


def test_nothing_is_late_of_what_was_only_loaded(feeds: Feeds) -> None:
    assert feeds.late(START + timedelta(days=300)) == {}


def test_a_drip_at_its_pace_is_not_late(feeds: Feeds) -> None:
    assert feeds.late(drip(feeds) + timedelta(hours=30)) == {}


def test_a_late_day_is_found_once_and_only_the_next_one(feeds: Feeds) -> None:
    last = drip(feeds)
    assert feeds.late(last + timedelta(hours=47)) == {}
    for hours in (49, 500):
        assert feeds.late(last + timedelta(hours=hours)) == {"late raw 2024-03-13": ("2024-03-13",)}
    (found,) = feeds.look(last + timedelta(hours=49))
    assert found.text.startswith("2024-03-13 was due at 2026-11-15 06:00 UTC, 1 hour late (learned from the time")
    assert found.evidence["usual_arrival"] == "1 day after the one before"
    assert found.chart is not None
    assert found.chart.values[-2:] == (24.0, 49.0)
    feeds.came("raw", "2024-03-13", at=last + timedelta(hours=49))
    assert feeds.late(last + timedelta(hours=50)) == {}


def test_a_skipped_day_is_found_at_once_until_it_comes(feeds: Feeds) -> None:
    last = drip(feeds, but=11)
    skipped = {"late raw 2024-03-11": ("2024-03-11",)}
    assert feeds.late(last + timedelta(seconds=1)) == skipped
    (found,) = feeds.look(last + timedelta(hours=2))
    assert found.since == last.timestamp()
    assert "2024-03-12, which comes after it, is there" in found.text
    feeds.came("raw", "2024-03-11", at=last + timedelta(hours=3))
    assert feeds.late(last + timedelta(hours=4)) == {}


def test_an_older_day_that_is_filled_in_does_not_put_off_when_the_next_is_late(tmp_path: Path) -> None:
    feeds = Feeds.made(tmp_path)
    feeds.came("raw", *(day for day in LOADED if day != LOADED[40]), at=START)
    last = drip(feeds)
    feeds.came("raw", LOADED[40], at=last + timedelta(hours=20))
    assert feeds.late(last + timedelta(hours=47)) == {}
    assert feeds.late(last + timedelta(hours=49)) == {"late raw 2024-03-13": ("2024-03-13",)}


def test_of_several_skipped_days_those_that_were_not_filled_in_stay_late(feeds: Feeds) -> None:
    for number, day in enumerate((DRIPPED[0], DRIPPED[4]), start=1):
        feeds.came("raw", day, at=START + timedelta(days=number))
    now = START + timedelta(days=2, hours=1)
    assert feeds.late(now) == {"late raw 2024-03-02": ("2024-03-02", "2024-03-03", "2024-03-04")}
    feeds.came("raw", DRIPPED[1], at=now)
    assert feeds.late(now) == {"late raw 2024-03-02": ("2024-03-03", "2024-03-04")}  # the gap is the same


def test_a_day_skipped_in_the_very_first_steps_is_found(tmp_path: Path) -> None:
    feeds = Feeds.made(tmp_path)
    for number, day in enumerate(("2024-03-01", "2024-03-02", "2024-03-04")):
        feeds.came("raw", day, at=START + timedelta(minutes=number))
    assert feeds.late(START + timedelta(minutes=3), None) == {"late raw 2024-03-03": ("2024-03-03",)}


def test_a_day_missing_from_what_was_loaded_at_once_is_found(feeds: Feeds) -> None:
    feeds.came("raw", DRIPPED[0], DRIPPED[2], at=START + timedelta(days=1))
    assert feeds.late(START + timedelta(days=2)) == {"late raw 2024-03-02": ("2024-03-02",)}


def test_files_played_back_after_their_last_are_not_waited_for(tmp_path: Path) -> None:
    feeds = Feeds.made(tmp_path)
    feeds.sandbox.edit(
        "calendar.py", 'DAILY = DailyPartitions("2024-01-01", ', 'DAILY = DailyPartitions("2024-01-01", "2024-03-13", '
    )
    feeds.came("raw", *LOADED, at=START)
    assert feeds.late(drip(feeds) + timedelta(days=300)) == {}
