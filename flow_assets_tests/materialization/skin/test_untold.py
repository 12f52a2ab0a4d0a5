"""What Dagster has yet to be told: partitions that are as they should be, and that it shows otherwise or not at all."""

import dagster as dg
import pytest
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from flow_assets_tests.materialization.skin.conftest import deploy
from flow_assets_tests.materialization.skin.test_assets import ALL_DAYS, BAD, DAILY
from flow_assets_tests.sandbox import DAYS, Sandbox


def test_what_was_in_trouble_and_is_as_it_was_again_is_told_to_dagster_once(sandbox: Sandbox) -> None:
    def status() -> dict[str, set[str]]:
        """Dataset to the partitions that Dagster shows as failed."""
        graph, found = deployment.definitions.resolve_asset_graph(), {}
        for key in map(dg.AssetKey, DAILY):
            partitions_def = graph.get(key).partitions_def
            cached = get_and_update_asset_status_cache_value(deployment.instance, key, partitions_def)
            assert cached
            failed = cached.deserialize_failed_partition_subsets(partitions_def)
            found[key.to_user_string()] = set(failed.get_partition_keys())
        return found

    day = "2024-03-03"
    good = sandbox.land(day).read_bytes()
    with deploy(sandbox) as deployment:
        deployment.materialize(*DAILY, days=ALL_DAYS)
        sandbox.land(day, BAD)
        assert not deployment.materialize(*DAILY, days=ALL_DAYS).success
        assert status() == {key: {day} for key in DAILY}
        sandbox.land(day, good)
        assert set(sandbox.work()) == {"meters_seen"}
        before = len(deployment.instance.get_runs())
        assert sandbox.flow_json("run")["computed"] == 1  # meters_seen
        assert status() == {key: set() for key in DAILY}
        assert len(deployment.instance.get_runs()) == before + 2
        assert sandbox.flow_json("run")["computed"] == 0
        assert len(deployment.instance.get_runs()) == before + 2


KILLED_UNTOLD = """
import os, signal
from flow_assets.materialization.skin import telling
store, batches = telling.store_together, []
def die(context, events):
    batches.append(events)
    if len(batches) == {number}:
        os.kill(os.getpid(), signal.SIGKILL)
    return store(context, events)
telling.store_together = die
from flow_assets.cli import main; main()
"""


def test_what_a_killed_run_published_without_telling_dagster_is_told_by_the_next(sandbox: Sandbox) -> None:
    # Two batches a dataset: what is unchanged, of which there is nothing, and what was computed.
    assert sandbox.flow("run", *DAILY, python=KILLED_UNTOLD.format(number=4), check=False).returncode == -9
    reasons = {name: said for name, said in sandbox.plan("readings", "raw_readings").items() if said[0] == "reuse"}
    told, untold = ("reuse", "unchanged"), [f"readings {day}" for day in DAYS]
    assert set(reasons) == {*untold, *(f"raw_readings {day}" for day in DAYS)}
    assert [name for name, said in reasons.items() if said != told] == untold
    assert "Dagster has yet to be told" in reasons[untold[0]][1]
    assert sandbox.flow_json("run")["computed"] == len(DAYS) + 1  # trends, meters_seen
    with deploy(sandbox) as deployment:
        for key in map(dg.AssetKey, DAILY):
            assert deployment.instance.get_materialized_partitions(key) == set(DAYS)
    assert set(sandbox.plan().values()) == {told}


def test_a_failing_event_log_leaves_partitions_that_ask_for_a_run(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(context: object, events: list[object]) -> list[object]:
        if events:
            raise OSError("no space")
        return []

    with deploy(sandbox) as deployment, monkeypatch.context() as patched:
        patched.setattr("flow_assets.materialization.skin.telling.store_together", fail)
        assert not deployment.materialize("raw_readings", days=ALL_DAYS).success
    with sandbox.project() as project:
        assert project.holdings.troubles("raw_readings") == set(DAYS)
    with deploy(sandbox) as deployment:
        assert len(deployment.events(deployment.materialize("raw_readings", days=ALL_DAYS))) == len(DAYS)
    with sandbox.project() as project:
        assert project.holdings.troubles("raw_readings") == set()
