"""The past of arrivals, judged again."""

from datetime import timedelta
from pathlib import Path

import pytest

from flow_assets.insight.watch.budget import Budget
from flow_assets.insight.watch.calibration import replay_arrivals
from flow_assets.insight.watch.freshness.replay import replay_late_partitions
from flow_assets_tests.insight.watch.feeds import Feeds, SmallModel, days_from, end_of, new_york

DAYS = days_from("2024-03-01", 31)
NOW = new_york("2024-04-01")


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    made = Feeds.made(tmp_path)
    made.came_daily("raw", DAYS, but=[DAYS[20]])
    made.came("raw", DAYS[20], at=end_of(DAYS[20]) + timedelta(hours=20))
    return made


def late(feeds: Feeds) -> dict[str, tuple[int, tuple[str, ...]]]:
    with feeds.project() as project:
        found = replay_late_partitions(project, NOW, SmallModel)
    return {one.dataset: (one.judged, one.late) for one in found}


def test_a_day_that_came_late_counts_once(feeds: Feeds) -> None:
    assert late(feeds) == {"raw": (30, (DAYS[20],))}


def test_what_waited_for_it_does_not_count(feeds: Feeds) -> None:
    feeds.came_daily("clean", DAYS, after=timedelta(hours=6), but=[DAYS[20], DAYS[25]])
    feeds.came("clean", DAYS[20], at=end_of(DAYS[20]) + timedelta(hours=21))
    feeds.came("clean", DAYS[25], at=end_of(DAYS[25]) + timedelta(hours=22))
    found = late(feeds)
    assert found["raw"] == (30, (DAYS[20],))
    assert DAYS[20] not in found["clean"][1]


def test_a_declared_deadline_is_no_judgement(feeds: Feeds) -> None:
    feeds.declare("raw", 'by("10:00")')
    assert late(feeds) == {}


def test_with_the_real_baseline_it_is_part_of_the_calibration(feeds: Feeds) -> None:
    with feeds.project() as project:
        (found,) = replay_arrivals(project, NOW, Budget(1.0, {("freshness", "raw"): 7.0}))
    assert (found.watch, found.dataset, found.judgements) == ("freshness", "raw", 30)
    assert found.alarms <= 1
    began = end_of(DAYS[1])  # the first ended before anything was known
    assert found.weeks == max((NOW - began) / timedelta(weeks=1), 1.0)
    assert 0 < found.budget <= 1
