import importlib.metadata
import json
import sys
from dataclasses import replace
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from flow_assets import DailyPartitions, DatasetSchema, Int64, MonthlyPartitions, column, dataset, hash_buckets
from flow_assets.declaration import Dataset, Frame
from flow_assets.errors import SettingsError
from flow_assets.memo.key import Recipe, input_text, make_recipe


class Scale(BaseModel):
    factor: int = 10
    name: str = "x"


class Numbers(DatasetSchema):
    number: Int64 = column("A number")
    other: Int64 = column("Another number")


@dataset(schema=Numbers, sort_by=["number"])
def numbers(scale: Scale) -> Any:
    return None


@dataset(schema=Numbers, sort_by=["number"])
def plain() -> Any:
    return None


def recipe(dataset: Dataset = numbers, fields: dict[str, Any] | None = None, **stages: int) -> Recipe:
    return make_recipe(dataset, fields or {}, "patch", {"reader": 1, **stages}, {})


def key(made: Recipe, partition: str = "a", *inputs: str) -> str:
    return made.key(partition, inputs)


@pytest.mark.parametrize(
    "other",
    [
        recipe(fields={"factor": 11}),
        recipe(fields={"name": "10"}),
        recipe(reader=2),
        recipe(replace(numbers, sort_by=("other",))),
        recipe(replace(numbers, buckets=hash_buckets("number", 2))),
        recipe(replace(numbers, partition_column="other")),
        recipe(replace(numbers, name="letters")),
        replace(recipe(), packages={"duckdb": "0"}),
    ],
)
def test_each_component_changes_the_key(other: Recipe) -> None:
    assert key(other) != key(recipe())


@pytest.mark.parametrize(
    "same", [recipe(), recipe(fields={"factor": 10}), recipe(replace(numbers, owners=("team:x",)))]
)
def test_what_decides_nothing_leaves_the_key(same: Recipe) -> None:
    assert key(same) == key(recipe())


def test_a_key_means_another_time_to_other_partitions() -> None:
    start = "2013-01-01"
    kinds = [DailyPartitions(start), MonthlyPartitions(start), DailyPartitions(start, timezone="Europe/Berlin")]
    read = [key(recipe(replace(plain, partitions=kind, context="context")), start) for kind in kinds]
    unread = [key(recipe(replace(plain, partitions=kind)), start) for kind in kinds]
    assert (len(set(read)), len(set(unread))) == (3, 1)


def test_partitions_and_inputs_change_the_key() -> None:
    absent, empty = input_text("d", "p", None), input_text("d", "p", "")
    keys = [
        key(recipe(), "a"),
        key(recipe(), "b"),
        key(recipe(), "a", absent),
        key(recipe(), "a", empty),
        key(recipe(), "a", absent, absent),
        key(recipe(), 'a"'),
    ]
    assert len(set(keys)) == len(keys)


def test_an_input_is_json() -> None:
    assert json.loads(input_text('d"', "ü", "hash")) == ['d"', "ü", "hash"]
    assert json.loads(input_text("d", "p", None)) == ["d", "p", None]


@pytest.mark.parametrize(
    ("dataset", "fields", "said"),
    [
        (numbers, {"speed": 1}, "numbers has no config field speed; it has factor, name"),
        (numbers, {"factor": "fast"}, "factor"),
        (plain, {"factor": 1}, "plain takes no config"),
    ],
)
def test_a_config_that_cannot_be_used(dataset: Dataset, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=r"FLOW_ASSETS_CONFIG: .*") as error:
        recipe(dataset, fields)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("version", "precision", "expected"),
    [("3.1.1", "patch", "3.1.1"), ("3.1.1", "minor", "3.1"), ("3.1.2", "minor", "3.1"), ("3.2.0", "minor", "3.2")],
)
def test_how_much_of_a_version_counts(
    monkeypatch: pytest.MonkeyPatch, version: str, precision: Literal["patch", "minor"], expected: str
) -> None:
    frames = replace(plain, frames={"lines": Frame.PANDAS})
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    packages = make_recipe(frames, {}, precision, {}, {}).packages
    assert packages["pandas"] == packages["pyarrow"] == expected
    assert packages["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"


class Secretive(BaseModel):
    tags: set[str] = {"a", "b", "c"}
    secret: SecretStr = SecretStr("one")
    hidden: int = Field(1, exclude=True)


@dataset(schema=Numbers, sort_by=["number"])
def secretive(config: Secretive) -> Any:
    return None


@pytest.mark.parametrize("fields", [{"tags": ["a"]}, {"secret": "two"}, {"hidden": 2}])
def test_what_a_model_does_not_print_is_in_the_key(fields: dict[str, Any]) -> None:
    assert key(recipe(secretive, fields)) != key(recipe(secretive))


def test_a_set_has_no_order_and_a_secret_is_not_written() -> None:
    made = recipe(secretive, {"tags": ["c", "b", "a"]})
    assert key(made) == key(recipe(secretive))
    assert "one" not in str(made.components["config"])
