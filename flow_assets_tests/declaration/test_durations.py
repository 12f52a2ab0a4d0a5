from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flow_assets.declaration.durations import Duration, duration
from flow_assets.errors import DefinitionError

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "count", "unit", "seconds"),
    [
        ("1 hour", 1, "hour", 3600),
        ("36 hours", 36, "hour", 129_600),
        ("15 minutes", 15, "minute", 900),
        ("90 seconds", 90, "second", 90),
        ("1 day", 1, "day", 86_400),
        ("2 weeks", 2, "week", 1_209_600),
    ],
)
def test_a_number_and_a_unit(text: str, count: int, unit: str, seconds: int) -> None:
    found = Duration.parse(text)
    assert (found, found.seconds) == (Duration(count, unit), seconds)


@pytest.mark.parametrize(
    "text", ["", "hour", "0 hours", "-1 hour", "1.5 hours", "1  hour", "1 month", "1 hour ", None, 3]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match="is no length of time; write a number and a unit, such as '36 hours'"):
        duration(text)


def test_a_day_of_the_calendar_has_as_many_hours_as_the_clock_gives_it() -> None:
    spring, autumn = (datetime(2013, month, day, tzinfo=NEW_YORK) for month, day in ((3, 10), (11, 3)))
    lengths = [Duration(1, "day").after(day).astimezone(UTC) - day.astimezone(UTC) for day in (spring, autumn)]
    assert lengths == [timedelta(hours=23), timedelta(hours=25)]
    assert Duration(24, "hour").after(autumn) == datetime(2013, 11, 3, 23, tzinfo=NEW_YORK)
    assert Duration(1, "day").after(datetime(2013, 11, 4, tzinfo=NEW_YORK), -1) == autumn


def test_no_time_later_is_the_same_time_also_in_an_hour_that_comes_twice() -> None:
    second = datetime(2013, 11, 3, 1, fold=1, tzinfo=NEW_YORK)
    assert Duration(1, "day").after(second, 0).astimezone(UTC) == datetime(2013, 11, 3, 6, tzinfo=UTC)


def test_a_midnight_that_the_clock_skips_is_as_much_later() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # on 2013-03-31 the clock goes from 0:00 to 1:00
    found = Duration(1, "day").after(datetime(2013, 3, 30, tzinfo=beirut))
    assert (found.hour, found.astimezone(UTC)) == (1, datetime(2013, 3, 30, 22, tzinfo=UTC))
