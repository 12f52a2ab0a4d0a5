"""Dagster refuses a multi-asset whose datasets read one input through different windows; `windows.py` works around it.

When the first test fails, Dagster no longer refuses: delete `windows.py`. When a later one fails, Dagster uses the one
mapping that the constructor gathers: the daily datasets can no longer share one multi-asset.
"""

import dagster as dg
import pytest
from dagster._core.definitions.assets.definition import assets_definition
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.definitions.decorators import decorator_assets_definition_builder as unpatched
from dagster._core.remote_representation.external import RemoteRepository
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._core.remote_representation.handle import RepositoryHandle
from dagster._serdes import deserialize_value, serialize_value

from flow_assets.materialization.skin.windows import allow_different_windows

DAILY = dg.DailyPartitionsDefinition("2024-03-01", end_date="2024-03-06")
DAYS_BEFORE = {"reads_one_before": 1, "reads_two_before": 2}


@pytest.fixture(autouse=True)
def _own_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with Dagster as it is, whoever has patched it before."""
    name = "get_partition_mappings_from_deps"
    monkeypatch.setattr(assets_definition, name, getattr(unpatched, name))


def build() -> dg.AssetsDefinition:
    def spec(name: str, days: int) -> dg.AssetSpec:
        mapping = dg.TimeWindowPartitionMapping(-days, 0, allow_nonexistent_upstream_partitions=True)
        return dg.AssetSpec(name, deps=[dg.AssetDep("source", partition_mapping=mapping)], partitions_def=DAILY)

    @dg.multi_asset(specs=[spec(name, days) for name, days in DAYS_BEFORE.items()], can_subset=True)
    def step(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]
        yield from ()

    return step


def assert_each_has_its_own_window(graph: BaseAssetGraph) -> None:
    for name, days in DAYS_BEFORE.items():
        mapping = graph.get_partition_mapping(dg.AssetKey(name), dg.AssetKey("source"))
        assert isinstance(mapping, dg.TimeWindowPartitionMapping)
        assert mapping.start_offset == -days
        day = DAILY.empty_subset().with_partition_keys(["2024-03-04"])
        read = mapping.get_upstream_mapped_partitions_result_for_partitions(day, DAILY, DAILY).partitions_subset
        assert len(list(read.get_partition_keys())) == days + 1


def test_unpatched_dagster_refuses() -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="Two different PartitionMappings for"):
        build()


def test_patched_the_asset_graph_gives_each_dataset_its_own_window() -> None:
    allow_different_windows()
    definitions = dg.Definitions(assets=[dg.AssetSpec("source", partitions_def=DAILY), build()])
    assert_each_has_its_own_window(definitions.resolve_asset_graph())


def test_patched_the_graph_that_daemon_and_ui_load_from_the_code_server_does_too() -> None:
    allow_different_windows()
    definitions = dg.Definitions(assets=[dg.AssetSpec("source", partitions_def=DAILY), build()])
    snap = RepositorySnap.from_def(definitions.get_repository_def())
    received = deserialize_value(serialize_value(snap), RepositorySnap)
    remote = RemoteRepository(received, RepositoryHandle.for_test(), auto_materialize_use_sensors=True)
    assert_each_has_its_own_window(remote.asset_graph)
