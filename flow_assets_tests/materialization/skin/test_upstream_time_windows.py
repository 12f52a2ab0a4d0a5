"""Dagster takes for a lookback's window of hours, days or months what is read, around clock changes too."""

from collections.abc import Callable
from functools import partial

import dagster as dg
import pytest
from duckdb import DuckDBPyRelation

from flow_assets import (
    DailyPartitions,
    DatasetSchema,
    HourlyPartitions,
    MonthlyPartitions,
    String,
    column,
    dataset,
    lookback,
)
from flow_assets.declaration import Lookback, TimePartitions, partition_keys
from flow_assets.materialization.skin.assets import dagster_partitions
from flow_assets.memo.reads import windows


class Letters(DatasetSchema):
    letter: String = column("A letter")


@pytest.mark.parametrize("include_current", [True, False])
@pytest.mark.parametrize(
    ("partitions", "mapping"),
    [
        (
            HourlyPartitions("2013-11-02-20:00", "2013-11-03-08:00", "America/New_York"),
            partial(lookback, hours=3),
        ),
        (
            HourlyPartitions("2013-03-09-20:00", "2013-03-10-08:00", "America/New_York"),
            partial(lookback, hours=3),
        ),
        (
            HourlyPartitions("2024-10-26-22:00", "2024-10-27-06:00", "Europe/Berlin"),
            partial(lookback, hours=24),
        ),
        (DailyPartitions("2013-11-01", "2013-11-08", "America/New_York"), partial(lookback, days=2)),
        (MonthlyPartitions("2013-01-01", "2014-02-01", "Europe/Berlin"), partial(lookback, months=2)),
    ],
)
def test_dagsters_window_is_ours(
    partitions: TimePartitions, mapping: Callable[..., Lookback], include_current: bool
) -> None:
    ours = mapping(include_current=include_current)

    @dataset(schema=Letters, sort_by=["letter"], partitions=partitions, ins={"source": ours})
    def reader(source: DuckDBPyRelation) -> DuckDBPyRelation: ...

    theirs = dg.TimeWindowPartitionMapping(
        -ours.count, 0 if include_current else -1, allow_nonexistent_upstream_partitions=True
    )
    defined = dagster_partitions(partitions)
    assert defined
    keys = partition_keys(partitions)
    for key in keys:
        subset = defined.empty_subset().with_partition_keys([key])
        read = theirs.get_upstream_mapped_partitions_result_for_partitions(subset, defined, defined).partitions_subset
        assert sorted(read.get_partition_keys()) == sorted(windows(reader, "source", keys, [key]))
