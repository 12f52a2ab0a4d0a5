import os
from datetime import timedelta
from pathlib import Path

import pytest

from flow_assets.ledger.findings import AlertSeverity
from flow_assets_tests.insight.watch.feeds import Feeds, days_from, new_york

NOON = new_york("2024-03-10 12:00")
WEEK = timedelta(days=7)


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    made = Feeds.made(tmp_path)
    made.declare("names", '"1 week"')
    made.declare("total", 'within("1 day", is_critical=True)')
    return made


def test_what_was_not_published_for_too_long_is_out_of_date(feeds: Feeds) -> None:
    feeds.came("names", "", at=NOON)
    assert feeds.late(NOON + WEEK) == {}
    (found,) = feeds.look(NOON + WEEK + timedelta(hours=1))
    assert (found.identity, found.title, found.partitions) == ("late names", "names is out of date", ())
    assert (found.severity, found.link) == (AlertSeverity.WARNING, "/assets/names")
    assert found.text.splitlines() == [
        "A new version was due at 2024-03-17 16:00 UTC, 1 hour late (declared: within 1 week).",
        "Its file is names.csv: ask its source.",
    ]
    assert feeds.look(NOON + 2 * WEEK + timedelta(hours=1))[0].severity is AlertSeverity.CRITICAL
    feeds.came("names", "", at=NOON + WEEK)
    assert feeds.late(NOON + WEEK + timedelta(hours=1)) == {}


def test_the_same_file_delivered_again_is_fresh(feeds: Feeds) -> None:
    feeds.came("names", "", at=NOON)
    landed = feeds.sandbox.data / "landing" / "names.csv"
    landed.parent.mkdir(parents=True)
    landed.write_text("n\n1\n")
    again = (NOON + timedelta(days=5)).timestamp()
    os.utime(landed, (again, again))
    assert feeds.late(NOON + timedelta(days=12)) == {}
    assert list(feeds.late(NOON + timedelta(days=12, seconds=1))) == ["late names"]


def test_one_made_of_what_is_late_is_not_found_too(feeds: Feeds) -> None:
    feeds.declare("raw", 'by("10:00")')
    feeds.came_daily("raw", days_from("2024-03-01", 9))
    feeds.came("total", "", at=NOON)
    assert list(feeds.late(NOON + timedelta(days=1))) == ["late raw 2024-03-10"]
    feeds.came("raw", "2024-03-10", "2024-03-11", at=NOON + timedelta(days=1))
    (found,) = feeds.look(NOON + timedelta(days=1, hours=1))
    assert (found.identity, found.severity) == ("late total", AlertSeverity.CRITICAL)


def test_one_that_failed_is_for_another_watch(feeds: Feeds) -> None:
    feeds.came("names", "", at=NOON)
    feeds.failed("names", "")
    assert feeds.late(NOON + 2 * WEEK) == {}


def test_static_partitions_are_never_late(feeds: Feeds) -> None:
    feeds.came("letters", "a", at=NOON)
    assert feeds.late(NOON + 50 * WEEK) == {}
