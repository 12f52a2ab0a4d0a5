import pytest

from flow_assets import all_partitions, lookback
from flow_assets.declaration import AllPartitions, Lookback
from flow_assets.errors import DefinitionError


def test_a_lookback_reads_the_day_itself_too_and_requires_it() -> None:
    assert lookback(days=1) == Lookback(1, include_current=True, require_current=True)


def test_what_is_not_read_is_not_required() -> None:
    assert lookback(days=28, include_current=False) == Lookback(28, include_current=False, require_current=False)


def test_the_day_itself_may_be_read_where_it_is_there() -> None:
    assert lookback(days=1, require_current=False) == Lookback(1, include_current=True, require_current=False)


def test_all_partitions_is_a_value() -> None:
    assert all_partitions() == AllPartitions()


@pytest.mark.parametrize("days", [0, -1])
def test_a_lookback_is_at_least_a_day(days: int) -> None:
    with pytest.raises(
        DefinitionError, match=rf"lookback\(days={days}\): must be at least 1; leave the input out of `ins`"
    ):
        lookback(days=days)


def test_a_lookback_counts_what_the_partitions_are() -> None:
    assert lookback(hours=24) == Lookback(24, unit="hours")
    assert lookback(months=1, include_current=False) == Lookback(1, False, False, "months")


@pytest.mark.parametrize("counts", [{}, {"hours": 24, "days": 1}])
def test_a_lookback_counts_one_unit(counts: dict[str, int]) -> None:
    with pytest.raises(DefinitionError, match="give one of `hours`, `days` and `months`"):
        lookback(**counts)
