"""A module's docstring is its datasets' description."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyRelation
from pydantic import BaseModel

from flow_assets import (
    DailyPartitions,
    DatasetSchema,
    HourlyPartitions,
    PartitionContext,
    StaticPartitions,
    all_partitions,
    dataset,
    hash_buckets,
    landed,
    lookback,
    unique,
)
from flow_assets.declaration import AllPartitions, Dataset, Lookback, Rule, SamePartition
from flow_assets.errors import DefinitionError

DAILY = DailyPartitions("2013-01-01", "2014-01-01")
LETTERS = StaticPartitions(["a", "b"])


class Limit(BaseModel):
    rows: int = 10


def test_a_declaration_is_kept_as_a_value(schema: type[DatasetSchema]) -> None:
    def words(letters: DuckDBPyRelation, limit: Limit, context: PartitionContext) -> DuckDBPyRelation: ...

    declared = dataset(
        schema=schema,
        sort_by=["letter"],
        partitions=DAILY,
        partition_column="day",
        buckets=hash_buckets("letter", 2),
        set_based=True,
        owners=("team:letters",),
    )(words)
    assert isinstance(declared, Dataset)
    assert repr(declared) == "Dataset('words')"
    assert declared.function is words
    assert declared.sort_by == ("letter",)
    assert declared.config == ("limit", Limit)
    assert declared.context == "context"
    assert declared.description == __doc__
    assert declared.layer == "declaration"
    assert declared.location == f"{__file__}:{words.__code__.co_firstlineno}"


def test_an_input_is_read_in_the_same_partition_unless_it_is_said_otherwise(schema: type[DatasetSchema]) -> None:
    @dataset(schema=schema, sort_by=["letter"], partitions=DAILY, ins={"b": lookback(days=2), "c": all_partitions()})
    def words(a: DuckDBPyRelation, b: DuckDBPyRelation, c: DuckDBPyRelation) -> DuckDBPyRelation: ...

    assert words.ins == {"a": SamePartition(), "b": Lookback(2), "c": AllPartitions()}


def test_a_source_is_read_instead_of_datasets(schema: type[DatasetSchema]) -> None:
    @dataset(schema=schema, sort_by=["letter"], partitions=DAILY, source=landed("{date}.csv"))
    def words(lines: DuckDBPyRelation) -> DuckDBPyRelation: ...

    assert words.ins == {}
    assert list(words.frames) == ["lines"]


def no_frame() -> DuckDBPyRelation: ...
def one_frame(letters: DuckDBPyRelation) -> DuckDBPyRelation: ...
def two_frames(letters: DuckDBPyRelation, digits: DuckDBPyRelation) -> DuckDBPyRelation: ...


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (one_frame, {"sort_by": ["lettre"]}, "Letters has no column `lettre`"),
        (one_frame, {"sort_by": []}, "`sort_by` must name the columns that identify a row"),
        (one_frame, {"partitions": DAILY, "partition_column": "date"}, "Letters has no column `date`"),
        (one_frame, {"buckets": hash_buckets("word", 2)}, "Letters has no column `word`"),
        (one_frame, {"partition_column": "day"}, "`partition_column` needs `partitions`"),
        (one_frame, {"partitions": DAILY, "set_based": True}, "`set_based` needs `partition_column`"),
        (no_frame, {"source": landed("a.csv")}, "takes exactly one frame: the landed lines"),
        (two_frames, {"source": landed("a.csv")}, "takes exactly one frame: the landed lines"),
        (one_frame, {"source": landed("{date}.csv")}, "a landed file a partition needs `{date}`"),
        (one_frame, {"source": landed("a.csv"), "partitions": DAILY}, "a landed file a partition needs `{date}`"),
        (
            one_frame,
            {"ins": {"letters": lookback(days=1)}},
            "letters: only a dataset with hourly, daily or monthly partitions can look back",
        ),
        (
            one_frame,
            {"ins": {"letters": lookback(days=1)}, "partitions": HourlyPartitions("2013-01-01-00:00")},
            "letters: lookback(days=1) cannot count HourlyPartitions; write lookback(hours=...)",
        ),
        (
            one_frame,
            {"ins": {"letters": lookback(hours=24)}, "partitions": DAILY},
            "letters: lookback(hours=24) cannot count DailyPartitions; write lookback(days=...)",
        ),
        (
            one_frame,
            {"ins": {"letters": lookback(days=1)}, "partitions": LETTERS},
            "only a dataset with hourly, daily or monthly partitions can look back",
        ),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    schema: type[DatasetSchema], function: Any, options: dict[str, Any], message: str
) -> None:
    where = f"{Path(__file__).name}:{function.__code__.co_firstlineno}: dataset {function.__name__}: "
    with pytest.raises(DefinitionError) as caught:
        dataset(**{"schema": schema, "sort_by": ["letter"], **options})(function)
    assert where in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["key_is_unique", "Key_is_unique"])
def test_no_other_rule_takes_the_name_of_the_one_on_the_key(schema: type[DatasetSchema], name: str) -> None:
    class Named(schema):  # type: ignore[valid-type,misc]
        @classmethod
        def rules(cls) -> Sequence[Rule]:
            return [unique("day", name=name)]

    with pytest.raises(DefinitionError, match="another rule than the one on `sort_by` is called key_is_unique"):
        dataset(schema=Named, sort_by=["letter"])(one_frame)
    assert dataset(schema=Named, sort_by=["day"])(one_frame).rules[-1].name == name


def test_a_mapping_of_what_is_no_parameter_is_refused(schema: type[DatasetSchema]) -> None:
    with pytest.raises(
        DefinitionError, match=r"test_dataset\.py:\d+: `ins` names `lettres`, which is no frame parameter"
    ):
        dataset(schema=schema, sort_by=["letter"], ins={"lettres": all_partitions()})(one_frame)


def test_a_mapping_beside_a_source_is_refused(schema: type[DatasetSchema]) -> None:
    with pytest.raises(DefinitionError, match=r"test_dataset\.py:\d+: a dataset with a `source` reads no datasets"):
        dataset(schema=schema, sort_by=["letter"], source=landed("a.csv"), ins={"letters": all_partitions()})(one_frame)
