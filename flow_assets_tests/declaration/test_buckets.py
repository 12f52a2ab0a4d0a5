import pytest

from flow_assets import hash_buckets
from flow_assets.declaration import HashBuckets
from flow_assets.errors import DefinitionError


def test_null_keys_have_a_bucket_of_their_own_after_the_others() -> None:
    assert hash_buckets("tail_number", 8) == HashBuckets("tail_number", 8)
    assert hash_buckets("tail_number", 8).null_bucket == 8


@pytest.mark.parametrize("count", [0, -8])
def test_there_is_at_least_one_bucket(count: int) -> None:
    with pytest.raises(DefinitionError, match=rf"hash_buckets\('tail_number', {count}\): at least one bucket"):
        hash_buckets("tail_number", count)
