"""Over all datasets, so that a new one is tested without touching a test."""

import json
import os
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

from flow_assets.declaration import AllPartitions, Dataset, find_datasets, partition_keys
from flow_assets.definitions import build_definitions
from flow_assets.materialization.project import Project
from flow_assets.settings import Settings

ROOT = Path(__file__).parents[1]
SNAPSHOTS = {"flow_assets.datasets": "graph.json", "examples.shop.datasets": "graph_shop.json"}
LAYERS = {"raw", "partitioned", "features"}
GRAPHS = {package: find_datasets(package) for package in SNAPSHOTS}
PACKAGES = pytest.mark.parametrize("package", SNAPSHOTS)
EACH = pytest.mark.parametrize(
    "dataset", [dataset for graph in GRAPHS.values() for dataset in graph.datasets.values()], ids=lambda each: each.name
)


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dg.Definitions]:
    return {
        package: build_definitions(Project.open(Settings(data=tmp_path_factory.mktemp("data"), datasets=package)))
        for package in SNAPSHOTS
    }


@pytest.fixture(scope="module")
def specs(definitions: dict[str, dg.Definitions]) -> dict[str, dg.AssetSpec]:
    found = [spec for of_package in definitions.values() for spec in of_package.resolve_all_asset_specs()]
    return {spec.key.to_user_string(): spec for spec in found}


@PACKAGES
def test_definitions_load_and_every_dataset_is_an_asset(definitions: dict[str, dg.Definitions], package: str) -> None:
    dg.Definitions.validate_loadable(definitions[package])
    keys = definitions[package].resolve_asset_graph().get_all_asset_keys()
    assert {key.to_user_string() for key in keys} == set(GRAPHS[package].datasets)


@PACKAGES
def test_there_are_no_phantom_assets(definitions: dict[str, dg.Definitions], package: str) -> None:
    graph = definitions[package].resolve_asset_graph()
    assert graph.materializable_asset_keys == graph.get_all_asset_keys()


def test_the_packages_can_be_told_apart() -> None:
    names = [name for graph in GRAPHS.values() for name in graph.datasets]
    assert len(set(names)) == len(names)


@EACH
def test_a_dataset_is_described_owned_and_in_a_layer(dataset: Dataset, specs: dict[str, dg.AssetSpec]) -> None:
    spec = specs[dataset.name]
    assert len(spec.description or "") > 20
    assert spec.owners
    assert spec.group_name == dataset.layer
    assert spec.group_name in LAYERS
    assert f".{spec.group_name}." in f"{dataset.function.__module__}."


@EACH
def test_every_column_is_described_and_typed(dataset: Dataset, specs: dict[str, dg.AssetSpec]) -> None:
    schema = specs[dataset.name].metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns] == [column.name for column in dataset.schema.columns()]
    assert not [column.name for column in schema.columns if len(column.description or "") < 4]
    for column, declared in zip(schema.columns, dataset.schema.columns(), strict=True):
        assert column.type == str(declared.type)
        assert column.constraints.nullable == declared.nullable


@EACH
def test_dagster_has_the_same_partitions(dataset: Dataset, specs: dict[str, dg.AssetSpec]) -> None:
    partitions_def = specs[dataset.name].partitions_def
    if dataset.partitions is None:
        assert partitions_def is None
    else:
        assert partitions_def
        assert tuple(partitions_def.get_partition_keys()) == partition_keys(dataset.partitions)


@EACH
def test_dagster_has_the_same_inputs(dataset: Dataset, specs: dict[str, dg.AssetSpec]) -> None:
    deps = {dep.asset_key.to_user_string(): dep.partition_mapping for dep in specs[dataset.name].deps}
    assert set(deps) == set(dataset.ins)
    for name, mapping in dataset.ins.items():
        assert deps[name] == (dg.AllPartitionMapping() if isinstance(mapping, AllPartitions) else None)


def test_workspace_and_dg_name_the_same_location_and_module() -> None:
    project = tomllib.loads((ROOT / "dg.toml").read_text())["project"]
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert location["python_module"] == {
        "module_name": f"{project['root_module']}.definitions",
        "location_name": project["code_location_name"],
    }


@PACKAGES
def test_the_graph_is_the_one_that_was_committed(package: str) -> None:
    snapshot = Path(__file__).with_name(SNAPSHOTS[package])
    found = {
        name: {
            "layer": dataset.layer,
            "partitions": partitions_text(dataset),
            "reads": {upstream: str(mapping) for upstream, mapping in sorted(dataset.ins.items())},
        }
        for name, dataset in sorted(GRAPHS[package].datasets.items())
    }
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(snapshot.read_text()), (
        "The datasets or what they read have changed. If that is meant, write the new graph with\n"
        f"    UPDATE_SNAPSHOTS=1 pytest {Path(__file__).relative_to(ROOT)}\nand commit {snapshot.name} with it."
    )


def partitions_text(dataset: Dataset) -> str | None:
    if dataset.partitions is None:
        return None
    keys = partition_keys(dataset.partitions)
    return f"{type(dataset.partitions).__name__} {keys[0]} .. {keys[-1]} ({len(keys)})"
