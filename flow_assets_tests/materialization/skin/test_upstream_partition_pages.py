"""Dagster's pages of partition keys, from which its UI plots metadata by partition, go on after a definition's end.

So the UI plots nothing by partition for the flights, whose last day is long past; by event it does. When this fails,
they end where they should: let `test_browser.py` look at the plots by partition.
"""

import dagster as dg
from dagster._core.definitions.partitions.context import PartitionLoadingContext
from dagster._core.definitions.temporal_context import TemporalContext
from dagster._time import get_current_datetime


def test_the_newest_keys_lie_after_the_end_date() -> None:
    days = dg.DailyPartitionsDefinition("2013-01-01", end_date="2014-01-01")
    now = PartitionLoadingContext(
        temporal_context=TemporalContext(effective_dt=get_current_datetime(), last_event_id=None),
        dynamic_partitions_store=None,
    )
    newest = days.get_paginated_partition_keys(now, limit=3, ascending=False, cursor=None).results
    assert days.get_last_partition_key() == "2013-12-31"
    assert min(newest) > "2014-01-01"
