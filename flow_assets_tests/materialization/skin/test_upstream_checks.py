"""What the checks lean on in Dagster, shown without our event log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from flow_assets.materialization.skin.evaluations import Target
from flow_assets.materialization.skin.events import store_evaluations
from flow_assets_tests.materialization.skin.recorded import ASKED, DAILY, RANGE

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
CHECK = dg.AssetCheckKey(dg.AssetKey("readings"), "validity")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def run(instance: dg.DagsterInstance, told: Any, *, is_partitioned: bool = True) -> dg.ExecuteInProcessResult:
    """A range run of a step that tells what `told` yields."""
    partitions_def = DAILY if is_partitioned else None

    @dg.multi_asset(
        specs=[dg.AssetSpec("readings", partitions_def=DAILY, skippable=True)],
        check_specs=[dg.AssetCheckSpec("validity", asset="readings", partitions_def=partitions_def, blocking=True)],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from told(context)

    job = dg.Definitions(assets=[step]).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, tags=RANGE, run_config=QUIET, raise_on_error=False)


def evaluation(day: str | None, *, passed: bool = True, target: Target | None = None) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("readings"),
        check_name="validity",
        passed=passed,
        partition=day,
        metadata={"failed": 1},
        description="why",
        target_materialization_data=target,
    )


def statuses(instance: dg.DagsterInstance) -> dict[str, set[str]]:
    state = instance.event_log_storage.get_asset_check_state([(CHECK, DAILY)])[CHECK]
    return {k.value: set(of.subset_value.get_partition_keys()) for k, of in state.subsets.items() if not of.is_empty}


def rows(instance: dg.DagsterInstance) -> list[tuple[str | None, str]]:
    history = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=100)
    return [(record.partition, record.status.value) for record in reversed(history)]


def test_every_partition_of_a_run_is_planned_and_shown_as_skipped_until_it_is_evaluated(
    instance: dg.DagsterInstance,
) -> None:
    assert run(instance, lambda context: iter(())).success  # nothing need be told in a step that can be subset
    assert rows(instance) == [(day, "PLANNED") for day in ASKED]
    assert statuses(instance) == {"SKIPPED": set(ASKED)}


def test_a_result_over_a_range_is_of_no_partition(instance: dg.DagsterInstance) -> None:
    run(instance, lambda context: iter([dg.AssetCheckResult(passed=True)]))
    assert rows(instance) == [*((day, "PLANNED") for day in ASKED), (None, "SUCCEEDED")]


def test_an_evaluation_counts_only_if_it_says_which_materialization_it_is_of(instance: dg.DagsterInstance) -> None:
    def told(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from (dg.AssetMaterialization("readings", partition=day) for day in ASKED)
        log, kind = context.instance.event_log_storage, dg.DagsterEventType.ASSET_MATERIALIZATION
        numbers = log.get_latest_storage_id_by_partition(dg.AssetKey("readings"), kind)
        yield evaluation(ASKED[0])
        yield evaluation(ASKED[1], target=Target(storage_id=numbers[ASKED[1]], run_id="any", timestamp=0.0))
        yield evaluation(ASKED[2], target=Target(storage_id=numbers[ASKED[1]], run_id="any", timestamp=0.0))

    assert run(instance, told).success
    assert statuses(instance) == {"SUCCEEDED": {ASKED[1]}, "SKIPPED": {ASKED[3]}}


def test_of_a_partition_that_was_never_materialized_an_evaluation_counts(instance: dg.DagsterInstance) -> None:
    assert run(instance, lambda context: iter([evaluation(ASKED[0], passed=False)])).success
    assert statuses(instance)["FAILED"] == {ASKED[0]}


def test_what_we_store_of_an_evaluation_is_what_dagster_stores_of_one_that_is_yielded(
    instance: dg.DagsterInstance,
) -> None:
    def told(context: dg.AssetExecutionContext) -> Iterator[Any]:
        store_evaluations(context, [evaluation(ASKED[0], passed=False)])
        yield evaluation(ASKED[0], passed=False)

    done = run(instance, told)
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ours, theirs = (r.event_log_entry for r in instance.get_records_for_run(done.run_id, of_type=kind).records)
    assert ours._replace(timestamp=theirs.timestamp) == theirs
