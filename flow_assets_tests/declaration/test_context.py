from datetime import UTC, datetime

import pytest

from flow_assets import DailyPartitions, HourlyPartitions, PartitionContext, StaticPartitions
from flow_assets.errors import ComputeError


def test_one_partition_has_a_key() -> None:
    assert PartitionContext(("2013-01-01",)).partition_key == "2013-01-01"


@pytest.mark.parametrize("keys", [(), ("2013-01-01", "2013-01-02")])
def test_several_partitions_have_no_single_key(keys: tuple[str, ...]) -> None:
    with pytest.raises(ComputeError, match=f"this call computes {len(keys)} partitions; use partition_keys"):
        _ = PartitionContext(keys).partition_key


def test_windows_of_time_begin_and_end() -> None:
    hours = HourlyPartitions("2013-11-03-00:00", timezone="America/New_York")
    context = PartitionContext.of(hours, ["2013-11-03-01:00", "2013-11-03-01:00-0500"])
    assert (context.start, context.end) == (datetime(2013, 11, 3, 5, tzinfo=UTC), datetime(2013, 11, 3, 7, tzinfo=UTC))
    day = PartitionContext.of(DailyPartitions("2013-01-01", timezone="America/New_York"), ["2013-11-03"])
    assert (day.end - day.start).total_seconds() == 25 * 3600


@pytest.mark.parametrize("partitions", [None, StaticPartitions(["a"])])
def test_other_partitions_have_no_window(partitions: StaticPartitions | None) -> None:
    context = PartitionContext.of(partitions, ["a"])
    with pytest.raises(ComputeError, match="are no windows of time"):
        _ = context.start
