"""What `assets.py`, `launch.py`, `workers.py` and `instance.py` lean on in Dagster, each shown with Dagster alone.

A failing test names what no longer holds; the docstrings of those files say what is built upon it.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError, DagsterUserCodeUnreachableError
from dagster._core.instance.ref import InstanceRef
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient

from flow_assets.materialization.compute import INTERRUPTED

DAILY = dg.DailyPartitionsDefinition("2024-03-01", end_date="2024-03-06")
RANGE = {"dagster/asset_partition_range_start": "2024-03-02", "dagster/asset_partition_range_end": "2024-03-04"}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run(
    body: Any, instance: dg.DagsterInstance, *, raise_on_error: bool = False, tags: dict[str, str] = RANGE
) -> dg.ExecuteInProcessResult:
    """Run a step of one skippable daily asset, as the skin makes them."""

    @dg.multi_asset(
        specs=[dg.AssetSpec("readings", partitions_def=DAILY, skippable=True)],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from body(context)

    job = dg.Definitions(assets=[step]).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey("readings")],
        tags=tags,
        raise_on_error=raise_on_error,
        run_config=QUIET,
    )


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def materialized(instance: dg.DagsterInstance) -> set[str]:
    return instance.get_materialized_partitions(dg.AssetKey("readings"))


def test_range_tags_give_a_run_in_process_its_partitions(instance: dg.DagsterInstance) -> None:
    seen: list[str] = []

    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        assert context.has_partition_key_range
        seen.extend(context.partition_keys)
        yield dg.AssetMaterialization("readings", partition="2024-03-03")

    assert run(body, instance).success
    assert seen == ["2024-03-02", "2024-03-03", "2024-03-04"]


def test_a_skippable_dataset_without_an_output_succeeds_with_the_events_it_yielded(
    instance: dg.DagsterInstance,
) -> None:
    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield dg.AssetMaterialization("readings", partition="2024-03-03", tags={"dagster/data_version": "abc"})

    assert run(body, instance).success
    assert materialized(instance) == {"2024-03-03"}
    event = instance.get_latest_materialization_event(dg.AssetKey("readings"))
    assert event
    assert event.asset_materialization
    assert (event.asset_materialization.tags or {})["dagster/data_version"] == "abc"


def fails_after_one(context: dg.AssetExecutionContext) -> Iterator[Any]:
    yield dg.AssetMaterialization("readings", partition="2024-03-02")
    yield dg.AssetObservation("readings", partition="2024-03-03", metadata={"reason": "bad"})
    raise dg.Failure("a bad day", allow_retries=False)


def test_a_failure_keeps_what_was_yielded_before(instance: dg.DagsterInstance) -> None:
    result = run(fails_after_one, instance)
    assert not result.success
    assert materialized(instance) == {"2024-03-02"}
    assert len(instance.fetch_observations(dg.AssetKey("readings"), limit=10).records) == 1


@pytest.mark.parametrize("raised", [dg.Failure("bad", allow_retries=False), OSError("no space"), KeyboardInterrupt()])
def test_asked_to_raise_dagster_raises_what_the_step_raised_after_it_ended_the_run(
    instance: dg.DagsterInstance, raised: BaseException
) -> None:
    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield dg.AssetMaterialization("readings", partition="2024-03-02")
        raise raised

    with pytest.raises(type(raised)):
        run(body, instance, raise_on_error=True)
    assert [found.status for found in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]
    assert materialized(instance) == {"2024-03-02"}


def test_an_interrupt_is_an_error_of_its_own_and_ends_the_run(instance: dg.DagsterInstance) -> None:
    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        os.kill(os.getpid(), signal.SIGINT)
        yield dg.AssetMaterialization("readings", partition="2024-03-02")

    with pytest.raises(DagsterExecutionInterruptedError):
        run(body, instance, raise_on_error=True)
    (found,) = instance.get_runs()
    assert found.status is dg.DagsterRunStatus.FAILURE
    assert found.tags["dagster/failure_reason"] == "UNEXPECTED_TERMINATION"


def test_an_instance_can_do_without_the_processes_that_mirror_output(tmp_path: Path) -> None:
    overrides: Any = {
        "compute_logs": {"module": NoOpComputeLogManager.__module__, "class": NoOpComputeLogManager.__name__}
    }
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path), overrides=overrides)) as instance:
        assert isinstance(instance.compute_log_manager, NoOpComputeLogManager)
        assert not instance.telemetry_enabled


@pytest.mark.parametrize("name", ["BetaWarning", "PreviewWarning"])
def test_the_classes_of_warnings_that_are_filtered_exist(name: str) -> None:
    assert issubclass(getattr(dg, name), Warning)


def test_duckdb_makes_a_plain_error_of_a_signal_during_a_query() -> None:
    """`Computer` and `flow` know an interrupted query by these two; without them a person's Ctrl-C fails a day.

    DuckDB looks for signals when it can: on a machine under load, `interrupt`, which ends the query, may come first.
    """
    query = "SELECT sum(hash(a.range * b.range) % 2)::BIGINT FROM range(1000000) a, range(1000000) b"
    former = signal.signal(signal.SIGUSR1, _raise_stopped)
    try:
        with duckdb.connect() as connection:
            timers = [
                threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1)),
                threading.Timer(2.0, connection.interrupt),
            ]
            for timer in timers:
                timer.start()
            with pytest.raises((RuntimeError, duckdb.InterruptException)) as raised:
                connection.sql(query).to_arrow_table()
            for timer in timers:
                timer.join()
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert isinstance(raised.value, duckdb.InterruptException) or str(raised.value) == INTERRUPTED


def _raise_stopped(number: int, frame: object) -> None:
    raise InterruptedError(f"signal {number}")


@pytest.mark.parametrize("place", [{"socket": "/gone"}, {"port": 1}])
def test_a_launched_run_names_its_code_server_and_one_that_is_gone_is_told_from_others(
    instance: dg.DagsterInstance, place: dict[str, Any]
) -> None:
    @dg.job
    def empty() -> None:
        pass

    run = instance.create_run_for_job(empty)
    client = DagsterGrpcClient(host="127.0.0.1", **place)
    with pytest.raises(Exception, match="ineligible DagsterInstance"):  # no process can open it
        DefaultRunLauncher.launch_run_from_grpc_client(instance, run, client)
    (launched,) = instance.get_runs()
    assert json.loads(launched.tags[GRPC_INFO_TAG]) == {"host": "127.0.0.1", **place}
    with pytest.raises(DagsterUserCodeUnreachableError):
        client.heartbeat()
