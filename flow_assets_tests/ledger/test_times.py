"""The ledger's times."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from flow_assets.ledger.times import ledger_time, now_text, unix_time


@given(st.integers(0, 4_000_000_000_000))
def test_they_are_read_as_they_were_written(milliseconds: int) -> None:
    assert abs(unix_time(ledger_time(milliseconds / 1000)) - milliseconds / 1000) < 0.0011


@given(
    *(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()) for _ in range(2)),
)
def test_as_texts_they_are_in_order(first: datetime, second: datetime) -> None:
    one, other = sorted((first, second), key=lambda at: at.astimezone(UTC))
    assert ledger_time(one) <= ledger_time(other)


def test_all_are_in_utc_and_of_one_length() -> None:
    assert ledger_time(datetime(2024, 3, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))) == "2024-02-29T16:00:00.000+00:00"
    assert len(now_text()) == len(ledger_time(0.0))
