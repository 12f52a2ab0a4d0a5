import dagster as dg
import duckdb
import pytest

from flow_assets.definitions import build_definitions
from flow_assets.errors import StoreError
from flow_assets.materialization.skin import build_assets, launch, open_instance
from flow_assets.materialization.skin.step import _wishes
from flow_assets.materialization.skin.telling import Selection
from flow_assets.materialization.skin.workers import WORKER_TAG
from flow_assets.memo.planner import Wishes
from flow_assets_tests.materialization.skin.conftest import Deployment, deploy
from flow_assets_tests.sandbox import DAYS, Sandbox

ALL_DAYS = (DAYS[0], DAYS[-1])
DAILY = ("raw_readings", "readings", "trends")
BAD = "meter,watts,note\na,many,x\n"
MADE = Selection({"raw_readings"}, {}, ["2024-03-02"])


def test_every_partition_ends_with_a_materialization_of_its_content(sandbox: Sandbox) -> None:
    with deploy(sandbox) as deployment:
        result = deployment.materialize(*DAILY, days=ALL_DAYS)
        events = deployment.events(result)
    assert result.success
    assert set(events) == {f"{name} {day}" for name in DAILY for day in DAYS}
    with sandbox.project() as project:
        for name in DAILY:
            for day, holding in project.holdings.current(name).items():
                event = events[f"{name} {day}"]
                assert isinstance(event, dg.AssetMaterialization)
                assert event.tags["dagster/data_version"] == holding.content_hash
                assert event.tags["dagster/code_version"]
                assert event.metadata["dagster/partition_row_count"].value == holding.rows == 3
                assert event.metadata["status"].value == "computed"


def test_a_bad_day_fails_the_run_and_the_others_are_materialized(sandbox: Sandbox) -> None:
    sandbox.land("2024-03-03", BAD)
    (sandbox.data / "landing" / "readings" / "2024-03-05.csv").unlink()
    with deploy(sandbox) as deployment:
        result = deployment.materialize(*DAILY, days=ALL_DAYS)
        events = deployment.events(result)
        failure = result.get_step_failure_events()[0].step_failure_data
    assert not result.success
    assert set(events) == {f"{name} {day}" for name in DAILY for day in DAYS}
    observed = {name: event for name, event in events.items() if isinstance(event, dg.AssetObservation)}
    assert {name: event.metadata["status"].value for name, event in observed.items()} == {
        "raw_readings 2024-03-03": "failed",
        "readings 2024-03-03": "held",
        "trends 2024-03-03": "held",
        "raw_readings 2024-03-05": "waiting",
        "readings 2024-03-05": "waiting",
        "trends 2024-03-05": "waiting",
    }
    assert "many" in observed["raw_readings 2024-03-03"].metadata["reason"].value
    assert observed["readings 2024-03-03"].metadata["reason"].value == ("required input raw_readings 2024-03-03 failed")
    message = failure.error.message
    for line in ("1 partition failed:", "  raw_readings 2024-03-03: ", "2 partitions held:", "3 partitions waiting:"):
        assert line in message


def test_a_retry_from_dagster_tries_again_what_failed_and_computes_nothing_else(sandbox: Sandbox) -> None:
    sandbox.land("2024-03-03", BAD)
    with deploy(sandbox) as deployment:
        assert not deployment.materialize("raw_readings", days=ALL_DAYS).success
        again = deployment.materialize("raw_readings", days=ALL_DAYS)
        statuses = [outcome.status.value for outcome in deployment.outcomes]
        assert (sorted(statuses), again.success) == (["failed", "reused", "reused", "reused", "reused"], False)
        sandbox.land("2024-03-03")
        assert deployment.materialize("raw_readings", days=("2024-03-03", "2024-03-03")).success
        assert deployment.computed == ["raw_readings 2024-03-03"]


def test_unchanged_partitions_are_materialized_with_the_same_version_and_not_computed(deployment: Deployment) -> None:
    first = deployment.events(deployment.materialize(*DAILY, days=ALL_DAYS))
    result = deployment.materialize(*DAILY, days=ALL_DAYS)
    second = deployment.events(result)
    assert (result.success, deployment.computed) == (True, [])
    assert {n: e.tags["dagster/data_version"] for n, e in first.items()} == {
        n: e.tags["dagster/data_version"] for n, e in second.items()
    }
    assert {event.metadata["status"].value for event in second.values()} == {"reused"}


def test_a_subset_of_datasets_and_days_is_all_that_is_touched(deployment: Deployment) -> None:
    deployment.materialize("raw_readings", days=("2024-03-02", "2024-03-03"))
    result = deployment.materialize("readings", days=("2024-03-03", "2024-03-03"))
    assert set(deployment.events(result)) == {"readings 2024-03-03"}
    assert deployment.computed == ["readings 2024-03-03"]
    result = deployment.materialize("readings", days=("2024-03-05", "2024-03-05"))
    (event,) = deployment.events(result).values()
    assert not result.success
    assert event.metadata["reason"].value == (
        "required input raw_readings 2024-03-05 is not there; materialize it first"
    )


def test_a_dataset_without_partitions_is_materialized(deployment: Deployment) -> None:
    deployment.materialize("raw_readings", "readings", days=ALL_DAYS)
    result = deployment.materialize("meters_seen")
    (event,) = deployment.events(result).values()
    assert (result.success, deployment.computed, event.partition) == (True, ["meters_seen"], None)
    assert event.metadata["dagster/partition_row_count"].value == 3


def test_one_partition_is_materialized_as_the_ui_asks_for_it(deployment: Deployment) -> None:
    job = deployment.definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=deployment.instance, partition_key="2024-03-02", asset_selection=[dg.AssetKey("raw_readings")]
    )
    assert (result.success, deployment.computed) == (True, ["raw_readings 2024-03-02"])


BY_METER = '''"""A reading of one meter."""

import duckdb

from flow_assets import DatasetSchema, Date, String, StaticPartitions, all_partitions, column, dataset

METERS = StaticPartitions(["c", "a", "b"])


class MeterHistory(DatasetSchema):
    meter: String = column("Name of the meter")
    day: Date = column("Day")


@dataset(
    schema=MeterHistory,
    sort_by=["day"],
    partitions=METERS,
    partition_column="meter",
    ins={"readings": all_partitions()},
    set_based=True,
)
def meter_history(readings: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return readings.query("readings", "SELECT meter, day FROM readings")
'''


def test_ranges_of_static_partitions_follow_their_order(sandbox: Sandbox) -> None:
    sandbox.write("meter_history.py", BY_METER)
    with deploy(sandbox) as deployment:
        deployment.materialize("raw_readings", "readings", days=ALL_DAYS)
        result = deployment.materialize("meter_history", days=("c", "a"))
        events = deployment.events(result)
        assert set(events) == {"meter_history c", "meter_history a"}
        assert all(event.metadata["dagster/partition_row_count"].value == 5 for event in events.values())
        assert launch(deployment.definitions, deployment.instance, ["meter_history"], ("a", "b"))
        assert deployment.computed == ["meter_history c", "meter_history a", "meter_history b"]


def test_launch_says_whether_all_went_well_and_who_launched(sandbox: Sandbox) -> None:
    sandbox.land("2024-03-03", BAD)
    with deploy(sandbox) as deployment:
        assert launch(deployment.definitions, deployment.instance, ["raw_readings"], (DAYS[0], DAYS[1]))
        assert not launch(deployment.definitions, deployment.instance, ["raw_readings"], ALL_DAYS)
        assert all(WORKER_TAG in run.tags for run in deployment.instance.get_runs())


def test_launch_forces_the_datasets_named(deployment: Deployment) -> None:
    deployment.materialize("raw_readings", "readings", days=ALL_DAYS)
    deployment.outcomes.clear()
    names, days = ["raw_readings", "readings"], ("2024-03-02", "2024-03-02")
    assert launch(deployment.definitions, deployment.instance, names, days, force=["readings"])
    assert deployment.computed == ["readings 2024-03-02"]


def test_a_launch_tries_what_failed_again_only_if_it_is_told_to(sandbox: Sandbox) -> None:
    sandbox.land("2024-03-03", BAD)
    with deploy(sandbox) as deployment:
        statuses = []
        for retry in (False, False, True):
            deployment.outcomes.clear()
            launch(deployment.definitions, deployment.instance, ["raw_readings"], ALL_DAYS, retry=retry)
            statuses += [o.status.value for o in deployment.outcomes if o.partition == "2024-03-03"]
    assert statuses == ["failed", "held", "failed"]


def test_a_re_execution_is_somebody_elses_but_not_an_automatic_one(deployment: Deployment) -> None:
    days = ("2024-03-02", "2024-03-02")
    launch(deployment.definitions, deployment.instance, ["raw_readings"], days, force=["raw_readings"])
    (parent,) = deployment.instance.get_runs()
    as_asked = Wishes(frozenset({("raw_readings", "2024-03-02")}), retry=False)
    assert _wishes(parent, MADE) == as_asked
    for more, wishes in (({}, Wishes(retry=True)), ({"dagster/retry_number": "1"}, as_asked)):
        child = deployment.instance.create_run_for_job(
            deployment.definitions.resolve_implicit_global_asset_job_def(),
            tags={**parent.tags, **more},
            parent_run_id=parent.run_id,
            root_run_id=parent.run_id,
        )
        assert _wishes(child, MADE) == wishes


def test_what_is_no_partitions_fault_is_raised(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(project: object) -> None:
        raise duckdb.IOException("no space")

    monkeypatch.setattr("flow_assets.materialization.skin.step.build_warehouse", fail)
    with sandbox.project() as project, open_instance(sandbox.settings.dagster_home) as instance:
        definitions = build_definitions(project)  # without a listener, so that each run builds the warehouse
        with pytest.raises(duckdb.IOException, match="no space"):
            launch(definitions, instance, ["raw_readings"], ALL_DAYS)


def test_a_warehouse_that_cannot_be_built_hides_no_problem(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(project: object) -> None:
        raise StoreError("The warehouse cannot be built")

    monkeypatch.setattr("flow_assets.materialization.skin.step.build_warehouse", fail)
    sandbox.land("2024-03-03", BAD)
    with sandbox.project() as project, open_instance(sandbox.settings.dagster_home) as instance:
        deployment = Deployment(build_definitions(project), instance)
        failure = deployment.materialize("raw_readings", days=ALL_DAYS).get_step_failure_events()[0].step_failure_data
    message = failure.error.message
    assert message.index("1 partition failed:") < message.index("The warehouse cannot be built")


STATIC = """from flow_assets import DatasetSchema, StaticPartitions, String, column, dataset

class Own(DatasetSchema):
    letter: String = column("Letter")

@dataset(schema=Own, sort_by=["letter"], partitions=StaticPartitions([{keys}]))
def {name}() -> None:
    pass
"""


def test_a_step_keeps_its_name_when_datasets_are_added(sandbox: Sandbox) -> None:
    def steps() -> set[str]:
        with sandbox.project() as project:
            return {step.op.name for step in build_assets(project)}

    assert steps() == {"datasets_daily", "datasets_unpartitioned"}
    sandbox.write("a_first.py", STATIC.format(name="a_first", keys="'a', 'b'"))
    assert steps() == {"datasets_daily", "datasets_unpartitioned", "datasets_static"}
    sandbox.write("z_last.py", STATIC.format(name="z_last", keys="'c'"))
    both = steps()
    sandbox.write("a_first.py", STATIC.format(name="a_first", keys="'c'"))
    sandbox.write("z_last.py", STATIC.format(name="z_last", keys="'a', 'b'"))
    assert steps() == both
    assert len(both) == 4


def test_definitions_are_built_without_touching_the_data_folder(sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        build_definitions(project)
    assert not sandbox.settings.dagster_home.exists()
    assert not sandbox.settings.store.exists()
