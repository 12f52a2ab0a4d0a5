from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from flow_assets.insight.watch.freshness.look import freshness
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import AlertSeverity
from flow_assets_tests.insight.watch.feeds import Feeds, SmallModel, days_from, end_of, new_york

MARCH = days_from("2024-03-01", 31)


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    return Feeds.made(tmp_path)


def test_nothing_is_late_where_nothing_ever_came(feeds: Feeds) -> None:
    for name in ("raw", "clean", "hours", "months"):
        feeds.declare(name, '"1 hour"')
    feeds.declare("total", '"1 hour"')
    assert feeds.late(new_york("2026-01-01")) == {}


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_day_is_late_from_its_bound_on_until_it_comes(feeds: Feeds, is_declared: bool) -> None:
    if is_declared:
        feeds.declare("raw", 'by("10:00")')
    feeds.came_daily("raw", MARCH[:9])  # at five o'clock; learned: ten
    bound = new_york("2024-03-11 10:00")  # of 10 March, on which the clock was put forward
    assert feeds.late(bound - timedelta(seconds=1)) == {}
    found = feeds.look(bound + timedelta(hours=2))
    assert [(f.identity, f.partitions, f.severity) for f in found] == [
        ("late raw 2024-03-10", ("2024-03-10",), AlertSeverity.WARNING)
    ]
    assert found[0].since == bound.timestamp()
    assert feeds.look(bound + timedelta(hours=10, seconds=1))[0].severity is AlertSeverity.CRITICAL
    feeds.came("raw", "2024-03-10", at=bound + timedelta(hours=11))
    assert feeds.late(bound + timedelta(hours=11, seconds=1)) == {}


def test_what_is_known_of_a_late_day_is_told(feeds: Feeds) -> None:
    feeds.came_daily("raw", MARCH[:9])
    (found,) = feeds.look(new_york("2024-03-11 11:30"))
    assert found.title == "raw: 2024-03-10 is late"
    assert found.text.splitlines() == [
        "2024-03-10 was due at 2024-03-11 14:00 UTC, 1 hour 30 minutes late (learned from earlier partitions).",
        "Its file raw/2024-03-10.csv has not landed: ask its source.",
        "Waiting for it: clean, model.",
    ]
    assert found.affected == ("clean", "model")
    assert found.link == "/assets/raw?view=partitions&partition=2024-03-10"
    assert found.dataset == "raw"
    assert found.evidence == {
        "due_at": "2024-03-11 14:00 UTC",
        "due_because": "learned from earlier partitions",
        "late_seconds": 5400.0,
        "missing_partitions": 1.0,
        "bound_seconds": 36_000.0,
        "last_published": "2024-03-09",
        "last_published_at": "2024-03-10 10:00 UTC",
        "usual_arrival": "5 hours after the period's end",
        "usual_seconds_low": 18_000.0,
        "usual_seconds_high": 18_000.0,
    }
    assert found.chart is not None
    assert found.chart.labels == tuple(MARCH[1:10])  # the first day was there before
    assert found.chart.values[-2:] == (5.0, 11.5)
    assert found.chart.high == (10.0,) * 9
    landed = feeds.sandbox.data / "landing" / "raw" / "2024-03-10.csv"
    landed.parent.mkdir(parents=True)
    landed.write_text("n\n1\n")
    assert "raw/2024-03-10.csv has landed: run it." in feeds.look(new_york("2024-03-11 11:30"))[0].text


def test_the_newest_partition_is_told_with_its_own_time_whatever_was_filled_in_since(feeds: Feeds) -> None:
    feeds.came_daily("raw", [day for day in MARCH[:9] if day != "2024-03-05"])
    feeds.came("raw", "2024-03-05", at=new_york("2024-03-11 08:00"))
    (found,) = feeds.look(new_york("2024-03-11 11:30"))
    assert found.evidence["last_published"] == "2024-03-09"
    assert found.evidence["last_published_at"] == "2024-03-10 10:00 UTC"


def test_a_deadline_may_be_critical_at_once(feeds: Feeds) -> None:
    feeds.declare("raw", 'by("10:00", is_critical=True)')
    feeds.came_daily("raw", MARCH[:3])
    assert feeds.look(new_york("2024-03-05 10:01"))[0].severity is AlertSeverity.CRITICAL


def test_a_growing_gap_is_one_finding(feeds: Feeds) -> None:
    feeds.declare("raw", 'by("10:00")')
    feeds.came_daily("raw", MARCH[:9])
    for count in (1, 2, 5):
        now = end_of(MARCH[8 + count]) + timedelta(hours=12)
        assert feeds.late(now) == {"late raw 2024-03-10": tuple(MARCH[9 : 9 + count])}
    feeds.came("raw", MARCH[11], at=now)  # in the middle of it
    assert feeds.late(now) == {"late raw 2024-03-10": tuple(MARCH[9:11]), "late raw 2024-03-13": tuple(MARCH[12:14])}


def test_filling_in_an_old_day_makes_nothing_look_fresh_and_is_no_usual_arrival(feeds: Feeds) -> None:
    feeds.came_daily("raw", MARCH[:9], but=MARCH[3:4])
    now = new_york("2024-03-11 10:01")
    assert feeds.late(now) == {f"late raw {MARCH[3]}": (MARCH[3],), "late raw 2024-03-10": ("2024-03-10",)}
    feeds.came("raw", MARCH[3], at=now)
    feeds.came("raw", "2024-01-15", at=now)
    (found,) = feeds.look(now)
    assert (found.identity, found.evidence["bound_seconds"]) == ("late raw 2024-03-10", 36_000.0)


def test_history_that_is_filled_in_is_not_late(feeds: Feeds) -> None:
    feeds.came_daily("raw", MARCH[:9])
    now = new_york("2024-03-10 06:00")
    feeds.came("raw", *days_from("2024-01-01", 5), at=now)  # from the beginning on; the rest is still to come
    feeds.came("raw", *days_from("2024-01-06", 5), at=now + timedelta(minutes=1))
    assert feeds.late(now + timedelta(minutes=2)) == {}


def test_one_day_tried_out_and_then_the_last_week_is_a_new_beginning(feeds: Feeds) -> None:
    feeds.came("raw", "2024-01-01", at=new_york("2024-03-10 06:00"))
    feeds.came("raw", *MARCH[2:9], at=new_york("2024-03-10 06:10"))
    assert feeds.late(new_york("2024-03-10 07:00")) == {}


def test_days_that_ended_before_the_first_publication_are_history(feeds: Feeds) -> None:
    feeds.declare("raw", 'by("10:00")')
    began = new_york("2024-03-10 06:00")
    feeds.came("raw", *MARCH[:6], at=began)  # up to the 6th
    assert feeds.late(began + timedelta(hours=20)) == {}
    feeds.came("raw", "2024-03-09", at=began + timedelta(hours=1))
    passed = feeds.look(began + timedelta(hours=2))
    assert [f.partitions for f in passed] == [("2024-03-07", "2024-03-08")]
    assert "2024-03-09, which comes after it, is there" in passed[0].text


@pytest.mark.parametrize("is_declared", [True, False])
def test_weekends_are_learned(feeds: Feeds, is_declared: bool) -> None:
    if is_declared:
        feeds.declare("raw", 'by("10:00")')
    days = days_from("2024-02-26", 26)  # to Friday, 22 March
    feeds.came_daily("raw", days, but=[day for day in days if end_of(day).weekday() in (6, 0)])  # Saturday, Sunday
    assert feeds.late(new_york("2024-03-25 23:00")) == {}  # Monday evening
    assert feeds.late(new_york("2024-03-26 10:01")) == {"late raw 2024-03-25": ("2024-03-25",)}
    feeds.came_daily("raw", MARCH[25:26])
    feeds.came("raw", "2024-03-25", at=new_york("2024-03-27 06:00"))
    assert feeds.late(new_york("2024-03-27 06:00")) == {}


class Homebody(SmallModel):
    """Expects nothing, until it is told otherwise."""

    def expects(self, *, at: datetime) -> bool:
        return False


def test_what_is_not_known_to_stay_away_is_waited_for(feeds: Feeds) -> None:
    feeds.declare("raw", 'by("10:00")')
    feeds.came_daily("raw", MARCH[:9], but=MARCH[3:4])
    assert set(feeds.late(new_york("2024-03-11 10:01"), Homebody)) == {"late raw 2024-03-04", "late raw 2024-03-10"}


def test_a_holiday_of_the_year_before_is_one(feeds: Feeds) -> None:
    feeds.declare("raw", 'by("10:00")')
    before, after = days_from("2024-06-01", 390), days_from("2025-06-26", 8)
    feeds.came("raw", *[day for day in before if day != "2024-07-04"], at=end_of(before[-1]))
    feeds.came_daily("raw", after)
    assert set(feeds.late(new_york("2025-07-05 12:00"), Homebody)) == {"late raw 2024-07-04"}
    assert set(feeds.late(new_york("2025-07-06 12:00"), Homebody)) == {"late raw 2024-07-04", "late raw 2025-07-05"}


def test_a_source_that_died_has_no_holidays(feeds: Feeds) -> None:
    feeds.came_daily("raw", MARCH[:9])
    (found,) = feeds.look(new_york("2024-05-01 12:00"))
    assert (found.identity, found.partitions[-1], len(found.partitions)) == ("late raw 2024-03-10", "2024-04-30", 52)


def test_what_was_restored_says_nothing_of_when_it_came(feeds: Feeds) -> None:
    for number, day in enumerate(MARCH[:9]):
        feeds.came("raw", day, at=end_of(day) + timedelta(hours=1), change="restored", run=f"restoring {number}")
    assert feeds.late(new_york("2024-03-13 12:00")) == {}


def test_what_is_computed_again_came_when_it_came_first(feeds: Feeds) -> None:
    feeds.came_daily("raw", MARCH[:9])
    feeds.came("raw", *MARCH[:9], at=new_york("2024-03-10 20:00"))
    assert feeds.late(new_york("2024-03-11 10:01")) == {"late raw 2024-03-10": ("2024-03-10",)}


def test_a_look_asks_the_ledger_as_often_for_many_partitions_as_for_few(feeds: Feeds) -> None:
    asked = []
    for days in (10, 100):
        feeds.came_daily("raw", days_from("2024-03-01", days))
        now = end_of(days_from("2024-03-01", days)[-1]) + timedelta(hours=6)
        statements: list[str] = []
        with feeds.project() as project:
            listen(project.engine, "before_cursor_execute", lambda *told, into=statements: into.append(told[2]))
            assert freshness(Situation(project, now), SmallModel) == []
        asked.append(len([statement for statement in statements if statement.startswith("SELECT")]))
    assert asked[0] == asked[1] <= 16
