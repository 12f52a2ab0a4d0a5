from collections.abc import Sequence
from typing import Any, Optional

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pytest

from flow_assets import (
    Bool,
    DatasetSchema,
    Date,
    Float64,
    Int16,
    Int32,
    Int64,
    String,
    TimestampUtc,
    column,
    ge,
    in_range,
    ne,
    not_null,
    row_count,
    str_matches,
    unique,
)
from flow_assets.declaration import ColumnDeclaration, Rule
from flow_assets.errors import DefinitionError


class Everything(DatasetSchema):
    is_late: Bool = column("Whether it was late")
    month: Int16 = column("The month", nullable=True)
    minutes: Int32 = column("Minutes", unit="minutes")
    number: Int64 = column("A number")
    share: Float64 = column("A share", digits=6)
    name: String = column("A name")
    day: Date = column("A day")
    departure_utc: TimestampUtc = column("A moment")


def test_columns_are_read_in_order_with_all_that_was_said() -> None:
    assert Everything.columns()[2] == ColumnDeclaration("minutes", arrow.int32(), False, "Minutes", "minutes", None)
    assert Everything.columns()[4] == ColumnDeclaration("share", arrow.float64(), False, "A share", None, 6)
    assert [c.name for c in Everything.columns()][:2] == ["is_late", "month"]


def test_the_arrow_schema_has_the_types_and_nullability() -> None:
    assert Everything.arrow_schema() == arrow.schema(
        [
            arrow.field("is_late", arrow.bool_(), False),
            arrow.field("month", arrow.int16(), True),
            arrow.field("minutes", arrow.int32(), False),
            arrow.field("number", arrow.int64(), False),
            arrow.field("share", arrow.float64(), False),
            arrow.field("name", arrow.string(), False),
            arrow.field("day", arrow.date32(), False),
            arrow.field("departure_utc", arrow.timestamp("us", "UTC"), False),
        ]
    )


def test_a_schema_inherits_columns() -> None:
    class More(Everything):
        origin: String = column("An airport")

    assert [c.name for c in More.columns()] == [*(c.name for c in Everything.columns()), "origin"]


def test_a_schema_is_a_pandera_model_that_validates() -> None:
    class Names(DatasetSchema):
        name: String = column("A name")

    good = pd.DataFrame({"name": pd.Series(["a"], dtype=pd.ArrowDtype(arrow.string()))})
    Names.validate(good)
    with pytest.raises(pa.errors.SchemaError):
        Names.validate(pd.DataFrame({"named": ["a"]}))


def _no_arrow_type() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: str = column("A name")

    return Wrong


def _no_description() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: String

    return Wrong


def _unique_column() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: Int32 = pa.Field(unique=True, description="A name")

    return Wrong


def _optional_column() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: Optional[String] = column("A name")  # noqa: UP045 (pandera reads this form)

    return Wrong


def _unique_rows() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: String = column("A name")

        class Config:
            unique = ("name",)

    return Wrong


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_no_arrow_type, "Wrong.name: annotate it with an Arrow type, such as `String`"),
        (_no_description, "Wrong.name: say what it means: `column"),
        (_unique_column, "Wrong.name: parsers, optional columns and pandera's `unique` are not supported"),
        (_optional_column, "Wrong.name: parsers, optional columns and pandera's `unique` are not supported"),
        (_unique_rows, "Wrong: an index, parsers and pandera's `unique` are not supported"),
    ],
)
def test_what_nobody_would_check_is_refused(make: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        make().columns()


class Ruled(DatasetSchema):
    """Rules on columns, on rows, and on the partition."""

    size: Int32 = column("A size", rules=[in_range(0, 10), ne(5, severity="warn")])
    name: String = column("A name", nullable=True, rules=[not_null(tolerance=1)])

    @classmethod
    def rules(cls) -> Sequence[Rule]:
        return [unique("size", "name"), row_count(min_value=1)]


def test_rules_are_in_the_order_of_their_declaration_and_a_column_without_nulls_says_so_first() -> None:
    assert [rule.name for rule in Ruled.all_rules()] == [
        "size_not_null",
        "size_in_range",
        "size_not",
        "name_not_null",
        "size_name_unique",
        "row_count",
    ]


@pytest.mark.parametrize("name", ["size_at_least", "Size_At_Least"])
def test_two_rules_of_one_name_are_refused(name: str) -> None:
    class Wrong(DatasetSchema):
        size: Int32 = column("A size", rules=[ge(1), ge(2, name=name)])

    with pytest.raises(DefinitionError, match="Wrong: several rules are called size_at_least; give each its `name`"):
        Wrong.all_rules()


def test_a_rule_that_cannot_be_asked_is_named_with_its_schema() -> None:
    class Wrong(DatasetSchema):
        size: Int32 = column("A size", rules=[str_matches("a")])

    with pytest.raises(DefinitionError, match="Wrong: rule size_matches: size is Int32, and only a `String` has char"):
        Wrong.all_rules()


def frame(sizes: list[int | None], names: list[str | None]) -> pd.DataFrame:
    table = arrow.table({"size": arrow.array(sizes, arrow.int32()), "name": arrow.array(names, arrow.string())})
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def test_validate_asks_the_rules_on_rows() -> None:
    Ruled.validate(frame([1, 1, 2], ["a", "b", None]))  # one null is tolerated
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        Ruled.validate(frame([11, 1, 1, 3, 4], ["a", "b", "b", None, None]), lazy=True)
    cases = caught.value.failure_cases
    failed = {(check, int(row)) for check, row in zip(cases["check"], cases["index"], strict=True)}
    assert failed == {
        ("size_in_range", 0),
        ("size_name_unique", 1),
        ("size_name_unique", 2),
        ("name_not_null", 3),
        ("name_not_null", 4),
    }


def test_validate_warns_where_the_rule_does() -> None:
    with pytest.warns(pa.errors.SchemaWarning, match="size_not"):
        Ruled.validate(frame([5], ["a"]))
