import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.asset_backfill import AssetBackfillData
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from flow_assets.materialization.skin import open_instance
from flow_assets_tests.daemon import daemon
from flow_assets_tests.materialization.skin.conftest import Deployment, deploy
from flow_assets_tests.sandbox import DAYS, Sandbox

DAILY = ("raw_readings", "readings", "trends")
UNFINISHED = (BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING)


def backfill(deployment: Deployment, backfill_id: str, log: Path) -> tuple[BulkActionStatus, AssetBackfillData]:
    """Ask for all days of all daily datasets, wait for the end, and return how it ended."""
    graph = deployment.definitions.resolve_asset_graph()
    deployment.instance.add_backfill(
        PartitionBackfill.from_asset_partitions(
            backfill_id=backfill_id,
            asset_graph=graph,
            partition_names=list(DAYS),
            asset_selection=[dg.AssetKey(name) for name in DAILY],
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=deployment.instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
    )
    end_at = time.monotonic() + 90
    while time.monotonic() < end_at:
        found = deployment.instance.get_backfill(backfill_id)
        if found and found.status not in UNFINISHED:
            return found.status, found.get_asset_backfill_data(graph)
        time.sleep(0.2)
    raise TimeoutError(log.read_text()[-3000:])


def partitions_of(subset: object, name: str) -> list[str]:
    keys = subset.iterate_asset_partitions()  # type: ignore[attr-defined]
    return sorted(key.partition_key for key in keys if key.asset_key == dg.AssetKey(name))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")  # Dagster calls its own
def test_a_backfill_reports_exactly_the_partitions_that_are_not_published(sandbox: Sandbox) -> None:
    bad, good = DAYS[2], [day for day in DAYS if day != DAYS[2]]
    sandbox.land(bad, "meter,watts,note\na,many,x\n")
    with deploy(sandbox) as deployment, daemon(sandbox) as log:
        status, data = backfill(deployment, "with_a_bad_day", log)
        assert status is BulkActionStatus.COMPLETED_FAILED, log.read_text()
        assert {name: partitions_of(data.materialized_subset, name) for name in DAILY} == dict.fromkeys(DAILY, good)
        failed = data.failed_and_downstream_subset - data.materialized_subset  # as the UI counts them
        assert {name: partitions_of(failed, name) for name in DAILY} == {name: [bad] for name in DAILY}
        sandbox.land(bad)
        status, data = backfill(deployment, "all_good", log)
        assert status is BulkActionStatus.COMPLETED_SUCCESS, log.read_text()
        assert {name: partitions_of(data.materialized_subset, name) for name in DAILY} == {
            name: list(DAYS) for name in DAILY
        }
    with open_instance(sandbox.settings.dagster_home) as instance:
        assert len(list(instance.get_runs())) == 2
    with sandbox.project() as project:
        counts = {(n, d): len(project.holdings.history(n, d)) for n in DAILY for d in DAYS}
    twice = [at for at, count in counts.items() if count == 2]
    assert twice == [("trends", DAYS[3]), ("trends", DAYS[4])]  # they had been computed without the bad day
