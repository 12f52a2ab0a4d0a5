import time
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, WILL_RETRY_TAG
from dagster._core.utils import make_new_run_id

from flow_assets.automation.requesting.in_hand import in_hand
from flow_assets.automation.requesting.memory import Cell
from flow_assets.definitions import build_definitions
from flow_assets.ledger import Owner
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import open_instance
from flow_assets.materialization.skin.launch import RANGE_END, RANGE_START
from flow_assets.materialization.skin.workers import WORKER_TAG, worker_tag
from flow_assets_tests.sandbox import DAYS, Sandbox

pytestmark = pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")  # Dagster's own
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("flow_assets"), "repository"), "job")
STATUS = dg.DagsterRunStatus
D1, D2, D3, D4, D5 = DAYS


class Recorded:
    """A project and the runs somebody recorded."""

    def __init__(self, project: Project, instance: dg.DagsterInstance) -> None:
        self.project = project
        self.instance = instance
        self.definitions = build_definitions(project)
        self.assets = self.definitions.resolve_asset_graph()

    def cells(self) -> set[Cell]:
        return in_hand(self.instance, self.project.graph)

    def run(
        self, *names: str, status: dg.DagsterRunStatus = STATUS.STARTED, run_id: str | None = None, **tags: str
    ) -> dg.DagsterRun:
        named = {"first": RANGE_START, "last": RANGE_END, "partition": "dagster/partition"}
        return self.instance.create_run_for_job(
            self.definitions.resolve_implicit_global_asset_job_def(),
            run_id=run_id,
            status=status,
            remote_job_origin=None if WORKER_TAG in tags else ORIGIN,
            asset_selection=frozenset(dg.AssetKey(name) for name in names) or None,
            tags={named.get(name, name): value for name, value in tags.items()},
        )

    def backfill(self, *days: str, status: BulkActionStatus = BulkActionStatus.REQUESTED) -> PartitionBackfill:
        made = PartitionBackfill.from_asset_partitions(
            backfill_id="a_backfill",
            asset_graph=self.assets,
            partition_names=list(days),
            asset_selection=[dg.AssetKey("raw_readings"), dg.AssetKey("readings")],
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=self.instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        ).with_status(status)
        self.instance.add_backfill(made)
        return made


@pytest.fixture
def recorded(sandbox: Sandbox) -> Iterator[Recorded]:
    with sandbox.project() as project, open_instance(sandbox.settings.dagster_home) as instance:
        yield Recorded(project, instance)


@pytest.mark.parametrize(
    "status", [STATUS.QUEUED, STATUS.NOT_STARTED, STATUS.STARTING, STATUS.STARTED, STATUS.CANCELING]
)
def test_the_range_of_an_unfinished_run(recorded: Recorded, status: dg.DagsterRunStatus) -> None:
    recorded.run("raw_readings", "readings", status=status, first=D2, last=D3)
    assert recorded.cells() == {(name, day) for name in ("raw_readings", "readings") for day in (D2, D3)}


@pytest.mark.parametrize("status", [STATUS.SUCCESS, STATUS.FAILURE, STATUS.CANCELED])
def test_a_run_that_has_ended_has_nothing_in_hand(recorded: Recorded, status: dg.DagsterRunStatus) -> None:
    recorded.run("raw_readings", status=status, first=D2, last=D3)
    assert recorded.cells() == set()


def test_one_partition_none_and_the_whole_job(recorded: Recorded) -> None:
    recorded.run("trends", partition=D4)
    assert recorded.cells() == {("trends", D4)}
    recorded.run("meters_seen")
    assert recorded.cells() == {("trends", D4), ("meters_seen", "")}
    recorded.run(first=D1, last=D1)
    assert recorded.cells() == {
        ("trends", D4), ("meters_seen", ""), ("raw_readings", D1), ("readings", D1), ("trends", D1)
    }  # fmt: skip


@dg.asset
def somebody_elses() -> None:
    pass


@dg.job
def train_a_model() -> None:
    dg.op(name="train")(lambda: None)()


def test_what_is_not_of_this_project_is_left_out(recorded: Recorded) -> None:
    recorded.run("raw_readings", first="2031-01-01", last="2031-01-02")
    recorded.instance.create_run_for_job(
        dg.Definitions(assets=[somebody_elses]).resolve_implicit_global_asset_job_def(),
        status=STATUS.STARTED,
        asset_selection=frozenset([dg.AssetKey("somebody_elses")]),
    )
    for job in (dg.Definitions(assets=[somebody_elses]).resolve_implicit_global_asset_job_def(), train_a_model):
        recorded.instance.create_run_for_job(job, status=STATUS.STARTED, tags={RANGE_START: D1, RANGE_END: D5})
    assert recorded.cells() == set()


def test_a_job_of_some_assets_has_those_in_hand(recorded: Recorded) -> None:
    job = dg.define_asset_job("two", selection=["raw_readings", "trends"])
    definitions = dg.Definitions.merge(recorded.definitions, dg.Definitions(jobs=[job]))
    recorded.instance.create_run_for_job(
        definitions.resolve_job_def("two"), status=STATUS.STARTED, tags={RANGE_START: D1, RANGE_END: D1}
    )
    assert recorded.cells() == {("raw_readings", D1), ("trends", D1)}


def test_a_killed_run_that_dagster_is_about_to_retry_is_still_in_hand(recorded: Recorded) -> None:
    killed = recorded.run("readings", status=STATUS.FAILURE, partition=D1, **{WILL_RETRY_TAG: "true"})
    assert recorded.cells() == {("readings", D1)}
    recorded.instance.add_run_tags(killed.run_id, {AUTO_RETRY_RUN_ID_TAG: "its retry"})
    assert recorded.cells() == set()


def test_a_flow_run_has_its_partitions_in_hand_until_it_is_killed(recorded: Recorded) -> None:
    me, alive, dead = Owner(), make_new_run_id(), make_new_run_id()
    recorded.run("readings", run_id=alive, partition=D1, **worker_tag(alive))
    recorded.run("readings", run_id=dead, partition=D2, **{WORKER_TAG: f"{dead} {me.host} 4000000 1.0"})
    assert recorded.cells() == {("readings", D1)}


def test_what_a_backfill_has_still_to_ask_for(recorded: Recorded) -> None:
    backfill = recorded.backfill(D1, D2, D3)
    both = ("raw_readings", "readings")
    assert recorded.cells() == {(name, day) for name in both for day in (D1, D2, D3)}
    data = backfill.get_asset_backfill_data(recorded.assets)
    keys = [AssetKeyPartitionKey(dg.AssetKey(name), D1) for name in both]
    done = AssetGraphSubset.from_asset_partition_set(set(keys), recorded.assets)
    failed = AssetGraphSubset.from_asset_partition_set(
        {AssetKeyPartitionKey(dg.AssetKey("readings"), D2)}, recorded.assets
    )
    data = data._replace(materialized_subset=done).with_failed_and_downstream_subset(failed)
    recorded.instance.update_backfill(
        backfill.with_asset_backfill_data(data, dynamic_partitions_store=recorded.instance, asset_graph=recorded.assets)
    )
    assert recorded.cells() == {("raw_readings", D2), ("raw_readings", D3), ("readings", D3)}


@pytest.mark.parametrize("status", [s for s in BulkActionStatus if s is not BulkActionStatus.REQUESTED])
def test_a_backfill_that_asks_no_more_has_only_its_runs_in_hand(recorded: Recorded, status: BulkActionStatus) -> None:
    recorded.backfill(D1, status=status)
    recorded.run("readings", partition=D2)
    assert recorded.cells() == {("readings", D2)}
