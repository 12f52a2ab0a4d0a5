from datetime import date

import pytest

from flow_assets.insight.periods import label_of, unit_of


@pytest.mark.parametrize(
    ("last", "unit"),
    [
        (date(2013, 1, 1), "day"),
        (date(2013, 3, 1), "day"),
        (date(2013, 3, 2), "week"),
        (date(2013, 12, 31), "week"),
        (date(2014, 6, 1), "month"),
        (date(2030, 1, 1), "year"),
    ],
)
def test_at_most_sixty_periods_are_shown(last: date, unit: str) -> None:
    assert unit_of(date(2013, 1, 1), last) == unit


@pytest.mark.parametrize(
    ("unit", "label"), [("day", "2013-12-31"), ("week", "2013-12-30"), ("month", "2013-12"), ("year", "2013")]
)
def test_a_period_is_named_by_its_beginning(unit: str, label: str) -> None:
    assert label_of(unit)(date(2013, 12, 31)) == label
