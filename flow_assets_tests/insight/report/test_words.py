import pytest

from flow_assets.insight.report import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "·"),
        (0, "0 s"),
        (0.0187, "18.7 ms"),
        (4.51, "4.51 s"),
        (61.6, "1 min 2 s"),
        (120, "2 min"),
        (7260, "2 h 1 min"),
        (3_600_000, "1,000 h"),
    ],
)
def test_a_duration_has_the_unit_that_people_would_choose(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("share", "said"), [(None, "·"), (1, "100 %"), (0.99999, "99.9 %"), (0.5, "50.0 %"), (0, "0.0 %")]
)
def test_only_all_is_100_percent(share: float | None, said: str) -> None:
    assert words.percent(share) == said


@pytest.mark.parametrize(
    ("count", "said"), [(None, "·"), (0, "0"), (9_999, "9,999"), (15_368, "15.4 k"), (2_500_000, "2.5 M"), (3e9, "3 G")]
)
def test_a_count_is_short(count: float | None, said: str) -> None:
    assert words.short(count) == said


def test_times_are_to_the_minute_in_utc() -> None:
    assert words.moment("2024-03-01T10:00:59+01:00") == "2024-03-01 09:00 UTC"
    assert words.moment(0.0) == "1970-01-01 00:00 UTC"
    assert words.moment(None) == "never"


def test_states_are_counted_in_words() -> None:
    assert words.counts({"late": 1, "fresh": 1364}) == "1 late, 1,364 fresh"
    assert words.counts({}) == "no partitions"
