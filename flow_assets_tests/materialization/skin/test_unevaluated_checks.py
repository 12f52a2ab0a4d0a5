"""Checks of partitions of which a run makes nothing: they show what is there, and nothing where nothing is."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from flow_assets.declaration import Dataset
from flow_assets.errors import StoreError
from flow_assets.materialization.materializer import Materializer
from flow_assets.materialization.skin import prepare_home
from flow_assets.materialization.skin.event_log import BatchedEventLog
from flow_assets_tests.materialization.skin.conftest import Deployment, deploy
from flow_assets_tests.materialization.skin.graphql import answered
from flow_assets_tests.materialization.skin.meters_with_rules import add_rules
from flow_assets_tests.materialization.skin.recorded import LINE
from flow_assets_tests.materialization.skin.test_checked_backfill import CHECKS
from flow_assets_tests.materialization.skin.test_checked_runs import ALL_DAYS, RAW, key, recorded, statuses
from flow_assets_tests.sandbox import DAYS, Sandbox

GOOD, BLOCKED, BROKEN, OTHER, UNLANDED = DAYS
LANDED = [GOOD, BLOCKED, BROKEN, OTHER]
DATASETS = (RAW, "readings")


@pytest.fixture
def partly_landed(sandbox: Sandbox) -> Sandbox:
    add_rules(sandbox)
    (sandbox.data / "landing" / "readings" / f"{UNLANDED}.csv").unlink()
    return sandbox


def spoil(sandbox: Sandbox) -> None:
    """Land one file that breaks a rule, and one that cannot be read."""
    sandbox.land(BLOCKED, "meter,watts,note\na,900,x\nb,901,\n")
    sandbox.land(BROKEN, b"")


@pytest.fixture
def spoiled(partly_landed: Sandbox) -> Iterator[Deployment]:
    """A range was made while all was well, and is asked for again."""
    with deploy(partly_landed) as deployment:
        deployment.materialize(*DATASETS, days=ALL_DAYS)
        spoil(partly_landed)
        deployment.materialize(*DATASETS, days=ALL_DAYS)
        yield deployment


def endings(deployment: Deployment, dataset: str) -> list[str]:
    found = {outcome.partition: outcome.status.value for outcome in deployment.outcomes if outcome.dataset == dataset}
    return [found[day] for day in DAYS]


def test_what_failed_or_is_held_shows_what_is_published_and_what_was_never_made_shows_nothing(
    spoiled: Deployment,
) -> None:
    assert endings(spoiled, RAW) == ["reused", "blocked", "failed", "reused", "waiting"]
    assert endings(spoiled, "readings") == ["reused", "held", "held", "reused", "waiting"]
    assert statuses(spoiled, "validity") == {"SUCCEEDED": [GOOD, BROKEN, OTHER], "FAILED": [BLOCKED]}
    for dataset, check in ((RAW, "completeness"), (RAW, "uniqueness"), ("readings", "uniqueness")):
        assert statuses(spoiled, check, dataset) == {"SUCCEEDED": LANDED}


def test_a_partition_that_was_never_made_shows_nothing_after_its_first_run_either(partly_landed: Sandbox) -> None:
    spoil(partly_landed)
    with deploy(partly_landed) as deployment:
        assert not deployment.materialize(*DATASETS, days=ALL_DAYS).success
        assert endings(deployment, RAW) == ["computed", "blocked", "failed", "computed", "waiting"]
        assert statuses(deployment, "validity") == {"SUCCEEDED": [GOOD, OTHER], "FAILED": [BLOCKED]}
        assert statuses(deployment, "uniqueness", "readings") == {"SUCCEEDED": [GOOD, OTHER]}
        deployment.materialize(RAW, days=(UNLANDED, UNLANDED))
        latest = deployment.instance.event_log_storage.get_latest_asset_check_execution_by_key([key("validity")])
        assert latest[key("validity")].evaluation.description == f"1 of 3 partitions: {BLOCKED}"


def test_what_is_told_again_is_of_the_materialization_that_stays(spoiled: Deployment) -> None:
    log = spoiled.instance.event_log_storage
    numbers = log.get_latest_storage_id_by_partition(dg.AssetKey("readings"), dg.DagsterEventType.ASSET_MATERIALIZATION)
    history = log.get_asset_check_execution_history(key("uniqueness", "readings"), limit=len(LANDED) + 1)
    targets = {of.partition: of.evaluation.target_materialization_data for of in history if of.partition}
    assert {day: target.storage_id for day, target in targets.items()} == numbers
    assert history[0].evaluation.metadata["partitions"].value == len(LANDED)


def test_in_dagsters_own_event_log_only_what_was_never_made_shows_as_failed(partly_landed: Sandbox) -> None:
    home = partly_landed.settings.dagster_home
    prepare_home(home)
    file = home / "dagster.yaml"
    file.write_text("".join(line for line in file.read_text().splitlines(keepends=True) if not line.startswith(LINE)))
    with deploy(partly_landed) as deployment:
        assert not isinstance(deployment.instance.event_log_storage, BatchedEventLog)
        deployment.materialize(*DATASETS, days=ALL_DAYS)
        spoil(partly_landed)
        deployment.materialize(*DATASETS, days=ALL_DAYS)
        assert statuses(deployment, "validity") == {
            "SUCCEEDED": [GOOD, BROKEN, OTHER],
            "FAILED": [BLOCKED],
            "EXECUTION_FAILED": [UNLANDED],
        }
        assert statuses(deployment, "uniqueness", "readings") == {
            "SUCCEEDED": LANDED,
            "EXECUTION_FAILED": [UNLANDED],
        }


def test_what_a_run_did_not_come_to_shows_as_failed(partly_landed: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Materializer, dataset: Dataset, partitions: Any) -> Iterator[Any]:
        if dataset.name == "readings":
            raise StoreError("The disk is full.")
        yield from make(self, dataset, partitions)

    make = Materializer.materialize_in_batches
    monkeypatch.setattr(Materializer, "materialize_in_batches", fail)
    with deploy(partly_landed) as deployment:
        assert not deployment.materialize(*DATASETS, days=ALL_DAYS).success
        assert statuses(deployment, "validity") == {"SUCCEEDED": LANDED}
        assert statuses(deployment, "uniqueness", "readings") == {"EXECUTION_FAILED": list(DAYS)}


def test_only_what_is_planned_of_that_run_and_those_checks_is_forgotten(spoiled: Deployment) -> None:
    @dg.multi_asset(
        specs=[dg.AssetSpec("silent", skippable=True)],
        check_specs=[dg.AssetCheckSpec(name, asset="silent") for name in ("one", "other")],
        can_subset=True,
    )
    def silent() -> Iterator[Any]:
        yield from ()

    def left() -> list[list[str]]:
        checks = [key(name, "silent") for name in ("one", "other")]
        histories = [log.get_asset_check_execution_history(check, limit=9) for check in checks]
        return [[record.run_id for record in history] for history in histories]

    log = spoiled.instance.event_log_storage
    assert isinstance(log, BatchedEventLog)
    job = dg.Definitions(assets=[silent]).resolve_implicit_global_asset_job_def()
    config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    first, last = (job.execute_in_process(instance=spoiled.instance, run_config=config).run_id for _ in range(2))
    assert left() == [[last, first], [last, first]]
    log.forget_planned_checks(last, [key("one", "silent"), key("one", "other")])
    assert left() == [[first], [last, first]]
    log.forget_planned_checks(last, [])
    assert left() == [[first], [last, first]]
    log.forget_planned_checks(spoiled.instance.get_runs()[-1].run_id, [key("validity")])
    assert statuses(spoiled, "validity") == {"SUCCEEDED": [GOOD, BROKEN, OTHER], "FAILED": [BLOCKED]}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")  # Dagster calls its own
def test_the_ui_is_answered_so(spoiled: Deployment, sandbox: Sandbox) -> None:
    answer = answered(sandbox, spoiled.instance, CHECKS)
    nodes = {node["assetKey"]["path"][0]: node["assetChecksOrError"] for node in answer["assetNodes"]}
    (uniqueness,) = [check for check in nodes["readings"]["checks"] if check["name"] == "uniqueness"]
    ranges = uniqueness["partitionStatuses"]["ranges"]
    assert [(of["startKey"], of["endKey"], of["status"]) for of in ranges] == [(GOOD, OTHER, "SUCCEEDED")]
    assert uniqueness["executionForLatestMaterialization"]["evaluation"]["description"] is None
    (validity,) = [check for check in nodes[RAW]["checks"] if check["name"] == "validity"]
    assert [(of["startKey"], of["status"]) for of in validity["partitionStatuses"]["ranges"]] == [
        (GOOD, "SUCCEEDED"),
        (BLOCKED, "FAILED"),
        (BROKEN, "SUCCEEDED"),
    ]


def test_a_failed_partition_is_told_of_like_any_other(spoiled: Deployment) -> None:
    (run, *_) = spoiled.instance.get_runs(limit=1)
    events = recorded(spoiled, run)  # type: ignore[arg-type]
    assert ("observed", BROKEN) in events
    assert ("validity", BROKEN) in events
    assert ("validity", UNLANDED) not in events
