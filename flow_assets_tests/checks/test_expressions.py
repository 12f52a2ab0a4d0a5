from typing import Any

import duckdb
import pytest

from flow_assets import DatasetSchema, Int32, String, TimestampUtc, column, dataset, row_rule
from flow_assets.checks.expressions import columns_of, require_sound_expressions
from flow_assets.declaration import Dataset
from flow_assets.declaration.rules import in_range
from flow_assets.errors import DefinitionError


def ruled(sql: str) -> Dataset:
    class Things(DatasetSchema):
        Size: Int32 = column("A size")
        name: String = column("A name")
        moment: TimestampUtc = column("A moment")

        @classmethod
        def rules(cls) -> Any:
            return [row_rule(sql, name="asked")]

    @dataset(schema=Things, sort_by=["name"])
    def things() -> Any:
        return None

    return things


@pytest.mark.parametrize(
    "sql",
    [
        "size > 1",
        '"Size" > 1 -- of a thing',
        "NULL::BOOLEAN",
        "hour(moment) BETWEEN 0 AND size",
        "len(list_filter([1, 2], lambda x: x > size)) > 0",
        "CASE WHEN name LIKE 'a%' THEN size > 1 END",
    ],
)
def test_conditions_on_a_row(sql: str) -> None:
    require_sound_expressions([ruled(sql)])


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("sise > 1", "there is no column sise; there are Size, name, moment"),
        ("rows.size > 1", "there is no column rows"),
        ("current_date > moment", "there is no column current_date"),
        ("len(list_filter([1, 2], lambda x: x > sise)) > 0", 'Referenced column "sise" not found'),
        ("size >", "cannot be computed from a row"),
        ("size > 1) OR (size < 2", "cannot be computed from a row"),
        ("size > 1, size < 2", "cannot be computed from a row"),
        ("size + 1", "is INTEGER and not true or false; write a condition"),
        ("size > name", "cannot be computed from a row"),
        ("nosuch(size)", "cannot be computed from a row"),
        ("sum(size) > 1", "WHERE clause cannot contain aggregates"),
        ("row_number() OVER () > 1", "a window reads other rows; use `partition_query`"),
        ("size IN (SELECT 1)", "a subquery reads other rows; use `references` or `partition_query`"),
        ("size > ?", "a parameter has no value here; write the value"),
        ("COLUMNS(*) IS NOT NULL", "write the columns' names instead of a star"),
        ("random() > 0.5", "random answers otherwise each time"),
        ("now() > moment", "now answers otherwise each time"),
    ],
)
def test_what_is_no_condition_on_a_row_is_refused(sql: str, said: str) -> None:
    with pytest.raises(DefinitionError) as error:
        require_sound_expressions([ruled(sql)])
    assert "dataset things: rule asked: " in str(error.value)
    assert said in str(error.value)


def test_without_expressions_duckdb_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Things(DatasetSchema):
        size: Int32 = column("A size", rules=[in_range(0, 1)])

    @dataset(schema=Things, sort_by=["size"])
    def things() -> Any:
        return None

    monkeypatch.delattr(duckdb, "connect")
    require_sound_expressions([things])


@pytest.mark.parametrize(
    ("rule", "columns"),
    [
        (row_rule("length(name) > size", name="x"), ("Size", "name")),
        (in_range(0, 1).on("Size"), ("Size",)),
        (row_rule("true", name="x"), ()),
    ],
)
def test_what_a_rule_is_about(rule: Any, columns: tuple[str, ...]) -> None:
    assert columns_of(duckdb.connect(), rule, ["Size", "name", "moment"]) == columns
