from datetime import UTC, datetime

import pytest

from flow_assets.errors import SelectionError
from flow_assets.insight.spans import since_text, span_seconds

ALLOWED = "a number and one of s, m, h, d, w, from {} to 5000w, such as 30m, 12h or 7d."


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("90s", 90),
        ("5m", 300),
        ("12h", 43_200),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("5000w", 3_024_000_000),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert span_seconds("--every", text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "5", "m", "0s", "05m", "-1h", "1.5h", "1 h", "1H", "1y", "5001w", "9" * 40 + "s"]
)
def test_what_is_no_span_is_told_with_what_is(text: str) -> None:
    with pytest.raises(SelectionError) as told:
        span_seconds("--every", text)
    assert str(told.value) == f"--every {text!r} cannot be used; write {ALLOWED.format('1s')}"


def test_some_spans_are_too_short_for_what_they_are_given_to() -> None:
    assert span_seconds("--for", "60s", least="1m") == 60
    with pytest.raises(SelectionError) as told:
        span_seconds("--for", "59s", least="1m")
    assert str(told.value) == f"--for '59s' cannot be used; write {ALLOWED.format('1m')}"


@pytest.mark.parametrize(
    ("since", "text"),
    [
        ("90s", "2024-03-10T07:58:30.000+00:00"),
        ("12h", "2024-03-09T20:00:00.000+00:00"),
        ("7d", "2024-03-03T08:00:00.000+00:00"),
        ("2w", "2024-02-25T08:00:00.000+00:00"),
        ("2024-01-02", "2024-01-02T00:00:00.000+00:00"),
    ],
)
def test_since_when(since: str, text: str) -> None:
    assert since_text(since, datetime(2024, 3, 10, 8, tzinfo=UTC)) == text


@pytest.mark.parametrize("since", ["", "soon", "0d", "2024-02-30", "5001w"])
def test_what_is_no_time_is_told_with_what_is(since: str) -> None:
    with pytest.raises(SelectionError) as told:
        since_text(since)
    assert str(told.value) == f"since {since!r} cannot be used; write a date, 2013-02-01, or {ALLOWED.format('1s')}"
