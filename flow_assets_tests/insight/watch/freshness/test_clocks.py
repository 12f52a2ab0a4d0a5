"""Hours and months, and the nights on which clocks are changed."""

from datetime import timedelta
from pathlib import Path

import pytest

from flow_assets import HourlyPartitions
from flow_assets_tests.insight.watch.feeds import Feeds, days_from, new_york, publish


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    return Feeds.made(tmp_path)


def came_hourly(feeds: Feeds, hours: list[str], minutes: int) -> None:
    with feeds.project() as project:
        partitions = project.graph.get("hours").partitions
        assert isinstance(partitions, HourlyPartitions)
        came = {partitions.window(hour)[1] + timedelta(minutes=minutes): [hour] for hour in hours}
        publish(project, "hours", came, "computed", hours[0])


def hours_of(day: str, first: int, last: int) -> list[str]:
    return [f"{day}-{hour:02}:00" for hour in range(first, last + 1)]


@pytest.mark.parametrize("is_declared", [True, False])
def test_an_hour_is_late_minutes_after_its_end(feeds: Feeds, is_declared: bool) -> None:
    if is_declared:
        feeds.declare("hours", '"20 minutes"')
    came_hourly(feeds, hours_of("2024-06-10", 6, 12), minutes=10)  # learned: twenty
    assert feeds.late(new_york("2024-06-10 14:20")) == {}
    assert feeds.late(new_york("2024-06-10 14:21")) == {"late hours 2024-06-10-13:00": ("2024-06-10-13:00",)}
    assert feeds.late(new_york("2024-06-10 16:21")) == {
        "late hours 2024-06-10-13:00": tuple(hours_of("2024-06-10", 13, 15))
    }


def test_of_two_equal_hours_each_has_its_own_end(feeds: Feeds) -> None:
    feeds.declare("hours", '"20 minutes"')
    came_hourly(feeds, hours_of("2024-11-02", 18, 23), minutes=10)
    came_hourly(feeds, ["2024-11-03-00:00", "2024-11-03-01:00"], minutes=10)
    second = "2024-11-03-01:00-0500"
    begins = new_york("2024-11-03 02:00") - timedelta(hours=1)
    assert feeds.late(begins + timedelta(minutes=79)) == {}
    assert feeds.late(begins + timedelta(minutes=81)) == {f"late hours {second}": (second,)}
    came_hourly(feeds, [second], minutes=30)
    assert feeds.late(begins + timedelta(minutes=91)) == {}
    assert list(feeds.late(begins + timedelta(minutes=141))) == ["late hours 2024-11-03-02:00"]


def test_the_hour_that_the_clock_skips_is_not_missed(feeds: Feeds) -> None:
    feeds.declare("hours", '"20 minutes"')
    came_hourly(feeds, ["2024-03-10-00:00", "2024-03-10-01:00", "2024-03-10-03:00"], minutes=10)
    assert feeds.late(new_york("2024-03-10 04:30")) == {}


@pytest.mark.parametrize(
    ("day", "due_at"),
    [
        ("2024-03-08", "2024-03-09 13:00 UTC"),
        ("2024-03-09", "2024-03-10 12:00 UTC"),  # the clock is put forward that night
        ("2024-11-01", "2024-11-02 12:00 UTC"),
        ("2024-11-02", "2024-11-03 13:00 UTC"),  # and back
    ],
)
def test_a_time_of_day_is_that_of_the_partitions_clock(feeds: Feeds, day: str, due_at: str) -> None:
    feeds.declare("raw", 'by("08:00")')
    feeds.came_daily("raw", days_from((new_york(day) - timedelta(days=5)).date().isoformat(), 5))
    (found,) = feeds.look(new_york(day) + timedelta(hours=40), None)
    assert (found.partitions, found.evidence["due_at"]) == ((day,), due_at)


@pytest.mark.parametrize("deadline", ['by("08:00", days_later=2)', '"2 days"'])
def test_a_month_is_late_days_after_its_end(feeds: Feeds, deadline: str) -> None:
    feeds.declare("months", deadline)
    for number in range(1, 6):
        feeds.came("months", f"2023-{number:02}-01", at=new_york(f"2023-{number + 1:02}-02 09:00"))
    feeds.came("months", "2023-07-01", at=new_york("2023-08-02 09:00"))
    assert feeds.late(new_york("2023-08-02 09:01")) == {"late months 2023-06-01": ("2023-06-01",)}
    assert feeds.late(new_york("2023-09-02 00:00")) == {"late months 2023-06-01": ("2023-06-01",)}
    assert feeds.late(new_york("2023-09-03 08:01")) == {
        "late months 2023-06-01": ("2023-06-01",),
        "late months 2023-08-01": ("2023-08-01",),
    }
