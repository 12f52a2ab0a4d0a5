"""What `in_hand.py` and `ticks.py` lean on in Dagster, each shown with Dagster alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster._core.events import RunFailureReason
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

DAYS = dg.DailyPartitionsDefinition("2024-03-01", end_date="2024-03-06")
RANGE = {"dagster/asset_partition_range_start": "2024-03-02", "dagster/asset_partition_range_end": "2024-03-04"}


def asset(name: str, partitions: dg.PartitionsDefinition | None) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"make_{name}",
        specs=[dg.AssetSpec(name, partitions_def=partitions, skippable=True)],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        keys = context.partition_keys if partitions else [None]
        yield from (dg.AssetMaterialization(name, partition=key) for key in keys)

    return step


ASSETS = [asset("days", DAYS), asset("kinds", dg.StaticPartitionsDefinition(["x", "y"])), asset("whole", None)]
ASKED = [
    dg.RunRequest(asset_selection=[dg.AssetKey("days")], tags=RANGE),
    dg.RunRequest(asset_selection=[dg.AssetKey("whole")]),
]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_a_sensor_on_all_assets_may_ask_for_ranges_of_different_partitions_in_the_implicit_job(
    instance: dg.DagsterInstance,
) -> None:
    sensor = dg.SensorDefinition(name="s", evaluation_fn=lambda _: ASKED, asset_selection=dg.AssetSelection.all())
    definitions = dg.Definitions(assets=ASSETS, sensors=[sensor])
    dg.Definitions.validate_loadable(definitions)
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, definitions=definitions))
    assert [r.job_name for r in data.run_requests or []] == [IMPLICIT_ASSET_JOB_NAME] * 2
    for request in data.run_requests or []:
        definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=list(request.asset_selection or ()), tags=dict(request.tags)
        )
    assert instance.get_materialized_partitions(dg.AssetKey("days")) == {"2024-03-02", "2024-03-03", "2024-03-04"}
    assert instance.get_latest_materialization_event(dg.AssetKey("whole"))


def test_a_schedule_can_name_the_implicit_job(instance: dg.DagsterInstance) -> None:
    asked = [request.with_replaced_attrs(run_key=str(number)) for number, request in enumerate(ASKED)]
    schedule = dg.schedule("0 6 * * *", name="s", job_name=IMPLICIT_ASSET_JOB_NAME)(lambda _: asked)
    definitions = dg.Definitions(assets=ASSETS, schedules=[schedule])
    dg.Definitions.validate_loadable(definitions)
    context = dg.build_schedule_context(instance=instance, repository_def=definitions.get_repository_def())
    assert len(schedule.evaluate_tick(context).run_requests or []) == 2


@pytest.mark.parametrize("kind", [dg.SensorDefinition, dg.ScheduleDefinition])
def test_all_assets_are_no_target(kind: Callable[..., Any]) -> None:
    """With `target=` Dagster makes a job of its own of them, which their different partitions do not allow."""
    more = {"evaluation_fn": lambda _: ASKED} if kind is dg.SensorDefinition else {"cron_schedule": "0 6 * * *"}
    automation = kind(name="s", target=dg.AssetSelection.all(), **more)
    key = "sensors" if kind is dg.SensorDefinition else "schedules"
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.Definitions.validate_loadable(dg.Definitions(assets=ASSETS, **{key: [automation]}))


def test_a_tick_has_either_runs_or_a_reason() -> None:
    with pytest.raises(Exception, match="skip reason"):
        dg.SensorResult(run_requests=ASKED, skip_reason="why")


def test_the_statuses_of_a_run_that_is_still_to_come_or_going() -> None:
    status = dg.DagsterRunStatus
    assert set(NOT_FINISHED_STATUSES) >= {
        status.QUEUED, status.NOT_STARTED, status.STARTING, status.STARTED, status.CANCELING
    }  # fmt: skip
    assert not {status.SUCCESS, status.FAILURE, status.CANCELED} & set(NOT_FINISHED_STATUSES)


@pytest.mark.parametrize(("tags", "retried"), [({}, True), ({"dagster/max_retries": "0"}, False)])
def test_a_tag_keeps_dagster_from_retrying_a_killed_run(tmp_path: Path, tags: dict[str, str], retried: bool) -> None:
    (tmp_path / "dagster.yaml").write_text("run_retries:\n  enabled: true\n  max_retries: 2\n")
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))) as instance:
        job = dg.Definitions(assets=ASSETS).resolve_implicit_global_asset_job_def()
        run = instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
        instance.report_run_failed(run)
        failed = instance.get_run_by_id(run.run_id)
        assert failed
        assert auto_reexecution_should_retry_run(instance, failed, RunFailureReason.UNKNOWN) is retried
        assert failed.tags.get("dagster/will_retry") == str(retried).lower()
        assert failed.is_complete_and_waiting_to_retry is retried


def test_a_run_that_selects_no_assets_has_those_of_its_job_in_its_plan(instance: dg.DagsterInstance) -> None:
    definitions = dg.Definitions(assets=ASSETS, jobs=[dg.define_asset_job("two", selection=["days", "whole"])])
    for name, expected in ((IMPLICIT_ASSET_JOB_NAME, {"days", "kinds", "whole"}), ("two", {"days", "whole"})):
        run = instance.create_run_for_job(definitions.resolve_job_def(name))
        assert run.asset_selection is None
        assert run.execution_plan_snapshot_id
        steps = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id).steps
        keys = {output.properties.asset_key for step in steps for output in step.outputs if output.properties}
        assert {key.to_user_string() for key in keys if key} == expected
