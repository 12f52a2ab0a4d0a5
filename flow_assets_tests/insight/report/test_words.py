import pytest

from flow_assets.insight.report import words


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


def test_states_are_counted_in_words() -> None:
    assert words.counts({"late": 1, "fresh": 1364}) == "1 late, 1,364 fresh"
    assert words.counts({}) == "no partitions"
