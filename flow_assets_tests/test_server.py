"""The real development server, asked over GraphQL, as Dagster's UI does."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flow_assets.declaration import DailyPartitions, DatasetGraph, find_datasets, partition_keys
from flow_assets.materialization.project import Project
from flow_assets.settings import Settings
from flow_assets_tests.server import DAGSTER_DEV, DG_DEV, Server, flow, serve

pytestmark = pytest.mark.slow

DAYS = [f"2013-01-0{day}" for day in range(1, 6)]
BAD = DAYS[2]
NEEDS_FLIGHTS_OF_THE_DAY = {
    "raw_flights",
    "departures",
    "airport_congestion",
    "aircraft_rotation",
    "weather_at_departure",
    "delay_training_set",
}
READS_THE_DAYS_BEFORE = {"carrier_reliability"}

LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError {
    __typename ... on PythonError { message } } } } } }"""
DATASETS = """{ assetNodes { assetKey { path } groupName description isMaterializable kinds
    owners { ... on TeamAssetOwner { team } ... on UserAssetOwner { email } } } }"""
LAUNCH = """mutation Launch($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL = """query Backfill($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
    status error { message } runs { id status } assetBackfillData { assetBackfillStatuses {
    ... on AssetPartitionsStatusCounts { assetKey { path } numPartitionsTargeted numPartitionsMaterialized
    numPartitionsFailed } ... on UnpartitionedAssetStatus { assetKey { path } materialized failed } } } } } }"""
PARTITIONS = """{ assetNodes { assetKey { path } partitionDefinition { type } assetPartitionStatuses {
    ... on TimePartitionStatuses { ranges { status startKey endKey } }
    ... on DefaultPartitionStatuses { materializedPartitions failedPartitions } } } }"""
FAILURES = """query Failures($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
    ... on ExecutionStepFailureEvent { error { message } failureMetadata { description } } } } } }"""
UNFINISHED = {"REQUESTED", "CANCELING", "FAILING"}


@pytest.fixture(scope="module")
def graph() -> DatasetGraph:
    return find_datasets("flow_assets.datasets")


@pytest.fixture(scope="module", params=[DAGSTER_DEV, DG_DEV], ids=" ".join)
def entrance(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("entrance"), request.param) as server:
        yield server


def test_both_entrances_serve_the_same_location_with_all_datasets(entrance: Server, graph: DatasetGraph) -> None:
    (location,) = entrance.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
    assert location == {
        "name": "flow_assets",
        "loadStatus": "LOADED",
        "locationOrLoadError": {"__typename": "RepositoryLocation"},
    }
    nodes = {node["assetKey"]["path"][0]: node for node in entrance.ask(DATASETS)["assetNodes"]}
    assert len(nodes) == 13
    assert set(nodes) == set(graph.datasets)
    for name, dataset in graph.datasets.items():
        owners = [owner.get("email") or f"team:{owner['team']}" for owner in nodes[name]["owners"]]
        assert owners == list(dataset.owners)
        assert nodes[name]["description"] == dataset.description
        assert nodes[name]["groupName"] == dataset.layer
        assert nodes[name]["isMaterializable"]
    text = entrance.log.read_text()
    assert " ERROR " not in text
    assert "Traceback" not in text


def test_a_bad_day_fails_alone_until_it_is_repaired(tmp_path: Path, graph: DatasetGraph) -> None:
    flow(tmp_path, "land", "--until", DAYS[-1])
    landed = tmp_path / "landing" / "flights" / f"{BAD}.csv.gz"
    whole = landed.read_bytes()
    landed.write_bytes(whole[: len(whole) // 2])
    daily = {name for name, of in graph.datasets.items() if isinstance(of.partitions, DailyPartitions)}
    carriers = partition_keys(graph.get("carrier_history").partitions)
    good = {day for day in DAYS if day != BAD}

    with serve(tmp_path) as server:
        # Dagster asks for nothing downstream of a failed partition that it did not ask for in the same run.
        ended = backfill(server, graph.datasets)
        failing = NEEDS_FLIGHTS_OF_THE_DAY | READS_THE_DAYS_BEFORE
        assert ended["status"] == "COMPLETED_FAILED"
        assert counts(ended) == {
            **dict.fromkeys(graph.datasets, (1, 0)),
            **dict.fromkeys(daily, (5, 0)),
            **dict.fromkeys(failing, (4, 1)),
            "carrier_history": (0, len(carriers)),
        }
        ends = {**dict.fromkeys(daily, (set(DAYS), set())), **dict.fromkeys(failing, (good, set()))}
        ends |= {"raw_flights": (good, {BAD}), "carrier_history": (set(), set())}
        assert statuses(server) == ends
        (said,) = failures(server, ended)
        assert f"raw_flights {BAD}: " in said
        assert f"flights/{BAD}.csv.gz" in said

        # The daily ones alone are one run, which says of each partition how it ended.
        ended = backfill(server, daily)
        assert ended["status"] == "COMPLETED_FAILED"
        assert len(ended["runs"]) == 1
        ends |= dict.fromkeys(READS_THE_DAYS_BEFORE, (set(DAYS), set()))
        ends |= dict.fromkeys(NEEDS_FLIGHTS_OF_THE_DAY, (good, {BAD}))
        assert counts(ended) == {name: (len(ends[name][0]), len(ends[name][1])) for name in daily}
        assert statuses(server) == ends
        (said,) = failures(server, ended)
        assert f"  departures {BAD}: " in said

        landed.write_bytes(whole)
        ended = backfill(server, graph.datasets)
        assert ended["status"] == "COMPLETED_SUCCESS"
        ends = {**dict.fromkeys(daily, (set(DAYS), set())), "carrier_history": (set(carriers), set())}
        assert statuses(server) == ends

    holdings = Project.open(Settings(data=tmp_path)).holdings
    times = {day: len(holdings.history("departures", day)) for day in DAYS}
    assert times == dict.fromkeys(DAYS, 1)
    times = {day: len(holdings.history("carrier_reliability", day)) for day in DAYS}
    assert times == {**dict.fromkeys(DAYS[:3], 1), **dict.fromkeys(DAYS[3:], 2)}  # first without the bad day


def backfill(server: Server, names: Iterable[str]) -> Any:
    """Ask for the days of the datasets with the UI's own mutation, and return the backfill as it ended."""
    selection = [{"path": [name]} for name in names]
    params = {"assetSelection": selection, "partitionNames": DAYS, "fromFailure": False, "tags": []}
    launched = server.ask(LAUNCH, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched

    def has_ended(answer: Any) -> bool:
        return answer["partitionBackfillOrError"]["status"] not in UNFINISHED

    return server.ask_until(has_ended, BACKFILL, 240, id=launched["backfillId"])["partitionBackfillOrError"]


def counts(ended: Any) -> dict[str, tuple[int, int]]:
    """How many partitions of each dataset were materialized and failed."""
    return {
        of["assetKey"]["path"][0]: (
            (of["numPartitionsMaterialized"], of["numPartitionsFailed"])
            if "numPartitionsTargeted" in of
            else (int(of["materialized"]), int(of["failed"]))
        )
        for of in ended["assetBackfillData"]["assetBackfillStatuses"]
    }


def statuses(server: Server) -> dict[str, tuple[set[str], set[str]]]:
    """The materialized and the failed partitions of each partitioned dataset, as the UI draws them."""
    found = {}
    for node in server.ask(PARTITIONS)["assetNodes"]:
        of = node["assetPartitionStatuses"]
        if node["partitionDefinition"]:
            materialized, failed = set(of.get("materializedPartitions", ())), set(of.get("failedPartitions", ()))
            for days in of.get("ranges", ()):
                within = {day for day in DAYS if days["startKey"] <= day <= days["endKey"]}
                assert {days["startKey"], days["endKey"]} <= within
                (materialized if days["status"] == "MATERIALIZED" else failed).update(within)
            found[node["assetKey"]["path"][0]] = (materialized, failed)
    return found


def failures(server: Server, ended: Any) -> list[str]:
    """What the failed steps of the backfill said."""
    failed = [run["id"] for run in ended["runs"] if run["status"] == "FAILURE"]
    events = [event for run in failed for event in server.ask(FAILURES, id=run)["logsForRun"]["events"]]
    return [str(event["failureMetadata"] or event["error"]) for event in events if event]
