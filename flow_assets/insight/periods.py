"""Divides the time that partitions are about into so many periods as a line can show."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

MOST_PERIODS = 60

Label = Callable[[date], str]

_DAYS = {"day": 1, "week": 7, "month": 31}
_LABELS: Mapping[str, Label] = {
    "day": lambda day: day.isoformat(),
    "week": lambda day: (day - timedelta(days=day.weekday())).isoformat(),
    "month": lambda day: f"{day:%Y-%m}",
    "year": lambda day: f"{day:%Y}",
}


def unit_of(first: date, last: date) -> str:
    """The shortest of day, week, month and year of which at most 60 reach from `first` to `last`."""
    days = (last - first).days + 1
    return next((unit for unit, length in _DAYS.items() if days <= MOST_PERIODS * length), "year")


def label_of(unit: str) -> Label:
    """What names the period in which a day lies: the day itself, the Monday of its week, its month or year."""
    return _LABELS[unit]
