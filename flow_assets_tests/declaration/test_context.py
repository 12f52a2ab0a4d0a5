import pytest

from flow_assets import PartitionContext
from flow_assets.errors import ComputeError


def test_one_partition_has_a_key() -> None:
    assert PartitionContext(("2013-01-01",)).partition_key == "2013-01-01"


@pytest.mark.parametrize("keys", [(), ("2013-01-01", "2013-01-02")])
def test_several_partitions_have_no_single_key(keys: tuple[str, ...]) -> None:
    with pytest.raises(ComputeError, match=f"this call computes {len(keys)} partitions; use partition_keys"):
        _ = PartitionContext(keys).partition_key
