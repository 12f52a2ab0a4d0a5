from typing import Any, Optional

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pytest

from flow_assets import Bool, DatasetSchema, Date, Float64, Int16, Int32, Int64, String, TimestampUtc, column
from flow_assets.declaration import ColumnDeclaration
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
        Names.validate(pd.DataFrame({"name": [1]}))


def _no_arrow_type() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: str = column("A name")

    return Wrong


def _no_description() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: String

    return Wrong


def _rule_on_a_column() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: Int32 = pa.Field(ge=0, description="A name")

    return Wrong


def _unique_column() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: Int32 = pa.Field(unique=True, description="A name")

    return Wrong


def _optional_column() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: Optional[String] = column("A name")  # noqa: UP045 (pandera reads this form)

    return Wrong


def _rule_on_the_frame() -> type[DatasetSchema]:
    class Wrong(DatasetSchema):
        name: String = column("A name")

        @pa.dataframe_check
        def it_has_rows(cls, frame: Any) -> bool:  # noqa: N805
            return len(frame) > 0

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
        (_rule_on_a_column, "Wrong.name: rules, parsers and optional columns are not supported"),
        (_unique_column, "Wrong.name: rules, parsers and optional columns are not supported"),
        (_optional_column, "Wrong.name: rules, parsers and optional columns are not supported"),
        (_rule_on_the_frame, "Wrong: rules on the whole frame, an index and parsers are not supported"),
        (_unique_rows, "Wrong: rules on the whole frame, an index and parsers are not supported"),
    ],
)
def test_what_nobody_would_check_is_refused(make: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        make().columns()
