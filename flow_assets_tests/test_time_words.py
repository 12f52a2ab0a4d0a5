"""What people read of times and lengths of time."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.time_words import duration_in_words, duration_text, moment_text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((None, "·"), (0, "0 s"), (-3.0, "0 s"), (0.0004, "0.4 ms"), (0.0123, "12 ms"), (0.25, "250 ms")),
        *((0.9994, "999 ms"), (0.9996, "1.0 s"), (59.94, "59.9 s"), (59.96, "1 min"), (75, "1 min 15 s")),
        *((3599.9, "1 h"), (5000, "1 h 23 min"), (86_399, "1 d"), (216_000, "2 d 12 h"), (90_061, "1 d 1 h")),
        (360_000_000, "4,166 d 16 h"),
    ],
)
def test_a_length_of_time_is_in_the_units_people_would_choose(seconds: float | None, said: str) -> None:
    assert duration_text(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0, "less than a minute"), (29, "less than a minute"), (31, "1 minute"), (5400, "1 hour 30 minutes")),
        *((86_400, "1 day"), (86_700, "1 day 5 minutes"), (180_060, "2 days 2 hours"), (172_799, "2 days")),
    ],
)
def test_a_sentence_says_it_in_words(seconds: float, said: str) -> None:
    assert duration_in_words(seconds) == said


@given(st.floats(0, 1e12))
def test_a_length_of_time_has_two_units_at_most(seconds: float) -> None:
    assert len(duration_text(seconds).split()) in (2, 4)
    assert "60" not in duration_text(seconds).split()


def test_a_moment_is_in_utc() -> None:
    assert moment_text("2024-03-01T10:00:59+01:00") == "2024-03-01 09:00 UTC"
    assert moment_text(0.0) == moment_text(0) == "1970-01-01 00:00 UTC"
    assert moment_text(59.9, "seconds") == "1970-01-01 00:00:59 UTC"
    assert moment_text(datetime(2024, 3, 1, tzinfo=ZoneInfo("Asia/Tokyo"))) == "2024-02-29 15:00 UTC"
