"""A backfill through Dagster's daemon: every partition has its checks' results, and a blocked one fails alone."""

import pytest
from dagster._core.execution.backfill import BulkActionStatus

from flow_assets_tests.daemon import daemon
from flow_assets_tests.materialization.skin.conftest import deploy
from flow_assets_tests.materialization.skin.graphql import answered
from flow_assets_tests.materialization.skin.meters_with_rules import add_rules
from flow_assets_tests.materialization.skin.test_backfill import DAILY, backfill, partitions_of
from flow_assets_tests.materialization.skin.test_checked_runs import BLOCKED, NAMES, RAW, WARNED, statuses
from flow_assets_tests.sandbox import DAYS, Sandbox

CHECKS = """{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks {
    name blocking
    executionForLatestMaterialization { evaluation { severity description partition } }
    partitionStatuses { ... on AssetCheckTimePartitionStatuses { ranges { startKey endKey status } } }
} } } } }"""
PATCH = '''"""Loaded wherever the datasets are: has their partitions checked, except in the process of the test."""
import sys

if "pytest" not in sys.modules:
    from flow_assets.materialization.skin import step
    from flow_assets_tests.materialization.skin.checked import Checked

    step.Materializer = Checked
'''


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")  # Dagster calls its own
def test_a_backfill_shows_each_partition_its_own_result(sandbox: Sandbox) -> None:
    add_rules(sandbox)
    sandbox.write("patch.py", PATCH)
    broken = ",".join((f"{RAW} {WARNED} note_length", f"{RAW} {BLOCKED} watts_in_range"))
    with deploy(sandbox) as deployment, daemon(sandbox, BROKEN=broken) as log:
        status, data = backfill(deployment, "with_a_blocked_day", log)
        assert status is BulkActionStatus.COMPLETED_FAILED, log.read_text()
        failed = data.failed_and_downstream_subset - data.materialized_subset
        good = [day for day in DAYS if day != BLOCKED]
        assert partitions_of(failed, RAW) == [BLOCKED]
        assert partitions_of(data.materialized_subset, RAW) == good
        assert statuses(deployment, "validity") == {
            "SUCCEEDED": [day for day in good if day != WARNED],
            "FAILED": [WARNED, BLOCKED],
        }
        assert statuses(deployment, "uniqueness") == {"SUCCEEDED": list(DAYS)}
        for name in DAILY[1:]:
            assert statuses(deployment, "completeness", name) == {"SUCCEEDED": list(DAYS)}
        answer = answered(sandbox, deployment.instance, CHECKS)
    nodes = {node["assetKey"]["path"][0]: node["assetChecksOrError"] for node in answer["assetNodes"]}
    checks = {check["name"]: check for check in nodes[RAW]["checks"]}
    assert {name for name, check in checks.items() if check["blocking"]} == {*NAMES} - {"consistency"}
    ranges = checks["validity"]["partitionStatuses"]["ranges"]
    assert [(of["startKey"], of["endKey"], of["status"]) for of in ranges] == [
        (DAYS[0], DAYS[0], "SUCCEEDED"),
        (WARNED, BLOCKED, "FAILED"),
        (DAYS[3], DAYS[4], "SUCCEEDED"),
    ]
    evaluation = checks["validity"]["executionForLatestMaterialization"]["evaluation"]
    assert (evaluation["severity"], evaluation["partition"]) == ("ERROR", None)
    assert evaluation["description"] == f"2 of 5 partitions: {WARNED}; {BLOCKED}"
