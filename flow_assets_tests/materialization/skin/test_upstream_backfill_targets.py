"""Why Dagster is told of a window's own partition only: what a backfill over chosen days asks for.

When the first case fails, Dagster no longer asks for the days after: `assets.py` can give it the real windows.
"""

import time

import dagster as dg
import pytest
from dagster._core.execution.backfill import PartitionBackfill

DAYS = ("2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04")
DAILY = dg.DailyPartitionsDefinition(DAYS[0], end_date="2024-03-05")


@pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")  # Dagster calls its own
@pytest.mark.parametrize(
    ("mapping", "asked_for"),
    [
        (dg.TimeWindowPartitionMapping(-2, 0, allow_nonexistent_upstream_partitions=True), DAYS[:3]),
        (dg.TimeWindowPartitionMapping(-2, -1, allow_nonexistent_upstream_partitions=True), DAYS[1:3]),
        (None, DAYS[:1]),
    ],
    ids=["window", "window without the day", "own partition"],
)
def test_a_backfill_of_one_day_asks_for_every_day_downstream(
    mapping: dg.PartitionMapping | None, asked_for: tuple[str, ...]
) -> None:
    source = dg.AssetSpec("source", partitions_def=DAILY)
    reader = dg.AssetSpec("reader", deps=[dg.AssetDep("source", partition_mapping=mapping)], partitions_def=DAILY)

    @dg.multi_asset(specs=[source, reader], can_subset=True)
    def step():  # type: ignore[no-untyped-def]
        yield from ()

    graph = dg.Definitions(assets=[step]).resolve_asset_graph()
    with dg.DagsterInstance.ephemeral() as instance:
        backfill = PartitionBackfill.from_asset_partitions(
            backfill_id="one_day",
            asset_graph=graph,
            partition_names=[DAYS[0]],
            asset_selection=[source.key, reader.key],
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
        target = backfill.get_asset_backfill_data(graph).target_subset
    assert sorted(target.get_partitions_subset(reader.key).get_partition_keys()) == list(asked_for)
