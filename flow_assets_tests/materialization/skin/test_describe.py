"""What Dagster's own GraphQL, on which its UI stands, tells of datasets and of their partitions."""

import dataclasses
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from flow_assets.declaration import AllPartitions, HashBuckets, Lookback, SamePartition, StaticPartitions
from flow_assets.definitions import build_definitions
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin.describe import event, in_words
from flow_assets.settings import Settings
from flow_assets_tests.materialization.skin.conftest import deploy
from flow_assets_tests.materialization.skin.graphql import answered
from flow_assets_tests.sandbox import DAYS, Sandbox

ALL_DAYS = (DAYS[0], DAYS[-1])
ENTRIES = """
    __typename label description
    ... on IntMetadataEntry { intValue }
    ... on FloatMetadataEntry { floatValue }
    ... on TextMetadataEntry { text }
    ... on MarkdownMetadataEntry { mdStr }
    ... on TableSchemaMetadataEntry {
        schema {
            constraints { other }
            columns { name type description constraints { nullable unique other } }
        }
    }
    ... on TableColumnLineageMetadataEntry { lineage { columnName columnDeps { assetKey { path } columnName } } }
    ... on CodeReferencesMetadataEntry {
        codeReferences { ... on LocalFileCodeReference { filePath lineNumber } }
    }
"""
NODES = f"""{{
    assetNodes {{
        assetKey {{ path }}
        description groupName kinds opVersion
        owners {{ ... on TeamAssetOwner {{ team }} ... on UserAssetOwner {{ email }} }}
        tags {{ key value }}
        metadataEntries {{ {ENTRIES} }}
        assetMaterializations(limit: 5) {{ partition runId metadataEntries {{ {ENTRIES} }} }}
        staleStatus staleCauses {{ reason }}
    }}
}}"""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Dataset to what GraphQL tells of it after all was computed and then asked for again: a real code server."""
    sandbox = Sandbox(tmp_path_factory.mktemp("described"))
    sandbox.land_all()
    sandbox.edit(
        "readings.py", '"""A reading, without notes."""', '"""A reading, *without* notes.\n\nFrom meters.\n"""'
    )
    sandbox.edit(
        "readings.py",
        '    partition_column="day",',
        '    partition_column="day",\n    owners=("team:meters",), deadline="6 hours",',
    )
    with deploy(sandbox) as deployment:
        for _ in range(2):
            assert deployment.materialize("raw_readings", "readings", "trends", days=ALL_DAYS).success
            assert deployment.materialize("meters_seen").success
        answer = answered(sandbox, deployment.instance, NODES)
    return {node["assetKey"]["path"][0]: node for node in answer["assetNodes"]}


def entries(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Label to metadata entry."""
    return {entry["label"]: entry for entry in described["metadataEntries"]}


def test_a_dataset_is_described_owned_and_tagged(nodes: dict[str, Any]) -> None:
    readings, raw, seen = nodes["readings"], nodes["raw_readings"], nodes["meters_seen"]
    assert readings["description"] == "A reading, *without* notes.\n\nFrom meters."
    assert readings["groupName"] == "meters"
    assert readings["owners"] == [{"team": "meters"}]
    assert [node["kinds"] for node in (readings, seen)] == [["duckdb"], ["pandas"]]
    assert set(raw["kinds"]) == {"arrow", "csv"}
    tags = {name: {t["key"]: t["value"] for t in node["tags"]} for name, node in nodes.items()}
    assert (
        tags["readings"].items()
        >= {
            "flow_assets/layer": "meters",
            "flow_assets/partitions": "daily",
            "flow_assets/buckets": "hash",
            "dagster/storage_kind": "duckdb",
        }.items()
    )
    assert tags["trends"]["flow_assets/set_based"] == "true"
    assert tags["meters_seen"]["flow_assets/partitions"] == "none"
    assert "flow_assets/buckets" not in tags["meters_seen"]


def test_how_a_dataset_is_declared_is_told(nodes: dict[str, Any], tmp_path: Path) -> None:
    readings, trends, raw = (entries(nodes[name]) for name in ("readings", "trends", "raw_readings"))
    assert readings["dagster/table_name"]["text"] == "meters.readings"
    assert readings["partitions"]["text"] == "daily partitions: start_date 2024-03-01; end_date 2024-03-06"
    assert readings["buckets"]["text"] == "hash buckets: column meter; count 4"
    assert raw["source"]["text"] == "landed: pattern readings/{date}.csv; format .csv"
    assert (readings["deadline"]["text"], "deadline" in trends) == ("within 6 hours", False)
    assert trends["reads"]["mdStr"].splitlines()[2:] == ["|readings|lookback: days 2|"]
    (reference,) = readings["dagster/code_references"]["codeReferences"]
    lines = Path(reference["filePath"]).read_text().splitlines()
    assert any(line.startswith("def readings(") for line in lines[reference["lineNumber"] - 1 :])


def test_columns_are_told_with_unit_key_and_origin(nodes: dict[str, Any]) -> None:
    schema = entries(nodes["readings"])["dagster/column_schema"]["schema"]
    assert schema["constraints"]["other"] == ["key: meter"]
    assert {column["name"]: column for column in schema["columns"]} == {
        "day": {
            "name": "day",
            "type": "date32[day]",
            "description": "Day",
            "constraints": {"nullable": False, "unique": False, "other": []},
        },
        "meter": {
            "name": "meter",
            "type": "string",
            "description": "Name of the meter\n\nFrom `raw_readings.meter`",
            "constraints": {"nullable": False, "unique": False, "other": ["unique in its partition", "key"]},
        },
        "deciwatts": {
            "name": "deciwatts",
            "type": "int64",
            "description": "Reading\n\nFrom `raw_readings.watts`",
            "constraints": {"nullable": True, "unique": False, "other": ["unit: deciwatts"]},
        },
    }
    (meter, _) = entries(nodes["meters_seen"])["dagster/column_schema"]["schema"]["columns"]
    assert meter["constraints"] == {"nullable": False, "unique": True, "other": ["key"]}


def test_column_lineage_is_told_where_it_is_known(nodes: dict[str, Any]) -> None:
    lineage = entries(nodes["trends"])["dagster/column_lineage"]["lineage"]
    assert {of["columnName"]: of["columnDeps"] for of in lineage} == {
        "day": [{"assetKey": {"path": ["readings"]}, "columnName": "day"}],
        "meter": [{"assetKey": {"path": ["readings"]}, "columnName": "meter"}],
        "total_deciwatts": [{"assetKey": {"path": ["readings"]}, "columnName": "deciwatts"}],
    }
    assert "dagster/column_lineage" not in entries(nodes["meters_seen"])
    assert "dagster/column_lineage" not in entries(nodes["raw_readings"])


def test_every_event_has_numbers_to_plot_a_reason_and_a_preview(nodes: dict[str, Any]) -> None:
    found = nodes["readings"]["assetMaterializations"]
    assert {e["partition"] for e in found} == set(DAYS)
    for materialization in found:
        told = entries(materialization)
        assert told["dagster/partition_row_count"]["intValue"] == 3
        assert told["bytes"]["intValue"] > 0
        assert isinstance(told["seconds"]["floatValue"], float)
        assert len(told["key"]["text"]) == 12
        assert told["status"]["text"] == "reused"  # asked for twice: the preview is that of the first time
        assert told["reason"]["text"]
        day, watts = materialization["partition"], int(materialization["partition"][-2:]) * 10
        assert told["preview"]["mdStr"].splitlines() == [
            "|day|meter|deciwatts|",
            "|-|-|-|",
            f"|{day}|a|{watts}|",
            f"|{day}|b|{watts * 2}|",
            f"|{day}|c|*null*|",
        ]


def test_the_code_version_is_that_of_the_events_and_nothing_is_stale(nodes: dict[str, Any]) -> None:
    assert all(len(node["opVersion"]) > 20 for node in nodes.values())
    assert {node["staleStatus"] for node in nodes.values()} == {"FRESH"}
    assert not any(node["staleCauses"] for node in nodes.values())


def test_a_restored_partition_has_the_preview_of_its_record(sandbox: Sandbox) -> None:
    with deploy(sandbox) as deployment:
        assert deployment.materialize("raw_readings", days=ALL_DAYS).success
    before = sandbox.files["raw_readings.py"]
    for text in (before.replace("return lines", "return lines.slice(1)"), before):
        sandbox.write("raw_readings.py", text)
        with deploy(sandbox) as deployment:
            found = deployment.events(deployment.materialize("raw_readings", days=ALL_DAYS))
    told = found[f"raw_readings {DAYS[1]}"].metadata
    assert told["status"].value == "restored"
    assert told["preview"].value.splitlines()[2:] == [
        "|a|2|x|1|",
        "|b|4|*null*|2|",
        "|c|*null*|y|3|",
    ]


def test_a_record_without_a_preview_gives_an_event_without_one(sandbox: Sandbox) -> None:
    with deploy(sandbox) as deployment:
        deployment.materialize("raw_readings", days=ALL_DAYS)
    with sandbox.project() as project:
        for held in project.holdings.current("raw_readings").values():
            record = project.store.get_record(held.key)
            assert record
            project.store.put_record(dataclasses.replace(record, preview=""), supersede=True)
    with deploy(sandbox) as deployment:
        found = deployment.events(deployment.materialize("raw_readings", days=ALL_DAYS))
    assert {e.metadata["status"].value for e in found.values()} == {"reused"}
    assert not any("preview" in e.metadata for e in found.values())


def test_changed_code_is_told_by_the_version_after_a_reload(sandbox: Sandbox) -> None:
    def version() -> dict[str, str | None]:
        with sandbox.project() as project:
            specs = build_definitions(project).resolve_all_asset_specs()
        return {spec.key.to_user_string(): spec.code_version for spec in specs}

    before = version()
    sandbox.edit("helpers.py", "FACTOR = 10", "FACTOR = 100")
    after = version()
    assert {name for name in before if before[name] != after[name]} == {"readings"}


def test_what_cannot_be_made_now_loads_all_the_same(sandbox: Sandbox) -> None:
    sandbox.edit(
        "readings.py",
        "    day = context.partition_key",
        "    day = (lambda: context.partition_key)() + str(UNFOLLOWED)",
    )
    sandbox.edit("readings.py", "class Readings", "UNFOLLOWED = (n for n in [])\n\n\nclass Readings")
    with sandbox.project() as project:
        specs = {spec.key.to_user_string(): spec for spec in build_definitions(project).resolve_all_asset_specs()}
    assert specs["readings"].code_version is None
    assert specs["trends"].code_version


def test_config_is_told_with_its_values(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, config={"delay_training_set": {"late_after_minutes": 30}})
    specs = build_definitions(Project.open(settings)).resolve_all_asset_specs()
    (found,) = (spec for spec in specs if spec.key.to_user_string() == "delay_training_set")
    told = found.metadata["config"].value.splitlines()
    assert told == [
        "|field|value|meaning|",
        "|-|-|-|",
        "|late_after_minutes|30|A flight is late if it arrives more minutes than this after schedule.|",
    ]
    reads = found.metadata["reads"].value.splitlines()
    assert {"|departures|same partition|", "|raw_planes|all of it|"} <= set(reads)


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        (SamePartition(), "same partition"),
        (AllPartitions(), "all partitions"),
        (Lookback(28, include_current=False), "lookback: days 28; include_current False"),
        (HashBuckets("tail_number", 8), "hash buckets: column tail_number; count 8"),
        (StaticPartitions(["a", "b"]), "static partitions: partition_keys a, b"),
    ],
    ids=str,
)
def test_a_declaration_is_told_in_words(declaration: Any, words: str) -> None:
    assert in_words(declaration) == words


def test_long_declarations_are_cut() -> None:
    assert in_words(StaticPartitions([f"key {n}" for n in range(1000)])).endswith("...")


def test_what_is_not_published_is_an_observation_with_its_cause() -> None:
    class NoProvenance:
        def tags(self, partition: str) -> dict[str, str]:
            raise AssertionError("nothing was made")

    found = event(Outcome("readings", DAYS[0], Status.HELD, "it failed"), NoProvenance())  # type: ignore[arg-type]
    assert isinstance(found, dg.AssetObservation)
    assert {name: value.value for name, value in found.metadata.items()} == {"status": "held", "reason": "it failed"}
