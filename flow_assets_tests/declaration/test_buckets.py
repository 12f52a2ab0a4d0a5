from datetime import date, datetime
from typing import Any

import pytest

from flow_assets import hash_buckets, range_buckets
from flow_assets.declaration import HashBuckets, RangeBuckets
from flow_assets.errors import DefinitionError


def test_null_keys_have_a_bucket_of_their_own_after_the_others() -> None:
    assert hash_buckets("tail_number", 8) == HashBuckets("tail_number", 8)
    assert hash_buckets("tail_number", 8).null_bucket == 8


@pytest.mark.parametrize("count", [0, -8])
def test_there_is_at_least_one_bucket(count: int) -> None:
    with pytest.raises(DefinitionError, match=rf"hash_buckets\('tail_number', {count}\): at least one bucket"):
        hash_buckets("tail_number", count)


def test_ranges_have_one_bucket_more_than_borders_and_one_for_nulls() -> None:
    buckets = range_buckets("age_years", [18, 30])
    assert buckets == RangeBuckets("age_years", (18, 30))
    assert (buckets.count, buckets.null_bucket) == (3, 3)


@pytest.mark.parametrize(
    ("borders", "message"),
    [
        ([], "give at least one border"),
        ([1, "a"], "all integers, all dates or all texts"),
        ([1.5], "all integers, all dates or all texts"),
        ([True, False], "all integers, all dates or all texts"),
        ([datetime(2013, 1, 1)], "all integers, all dates or all texts"),
        ([1, 1], "borders must ascend"),
        ([date(2013, 1, 2), date(2013, 1, 1)], "borders must ascend"),
        ([2**63], "64-bit integers"),
        (["a\0"], "NUL"),
    ],
)
def test_borders_ascend_and_are_of_one_type(borders: list[Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        range_buckets("age_years", borders)
