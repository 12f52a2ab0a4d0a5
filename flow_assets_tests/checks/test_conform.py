from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from flow_assets import DatasetSchema, Date, Float64, Int16, Int64, String, TimestampUtc, column, dataset
from flow_assets.checks import conform
from flow_assets.errors import SchemaMismatchError


class Things(DatasetSchema):
    name: String = column("Name")
    size: Int16 = column("Size", nullable=True)
    weight: Float64 = column("Weight", nullable=True, digits=2)


@dataset(schema=Things, sort_by=["name"])
def things() -> Any:
    return None


class Times(DatasetSchema):
    at: TimestampUtc = column("Time")
    day: Date = column("Day")
    number: Int64 = column("Number", nullable=True)


@dataset(schema=Times, sort_by=["number"])
def times() -> Any:
    return None


def table(**columns: list[Any]) -> pa.Table:
    return pa.table({"name": ["b", "a"], "size": [1, 2], "weight": [0.5, 0.25], **columns})


def test_columns_are_ordered_cast_rounded_and_rows_sorted() -> None:
    result = conform(table(weight=[0.126, -0.0]).select(["weight", "size", "name"]), things, ["name"])
    assert result.to_pylist() == [
        {"name": "a", "size": 2, "weight": 0.0},
        {"name": "b", "size": 1, "weight": 0.13},
    ]
    assert [str(field.type) for field in result.schema] == ["string", "int16", "double"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"size": ["1", "wide"]}, "things: column size is declared int16, but row 2 holds 'wide'"),
        ({"size": ["1", "1.5"]}, "row 2 holds '1.5'"),
        ({"size": [1.5, 1.0]}, "row 1 holds 1.5"),
        ({"size": [1, 40_000]}, "row 2 holds 40000"),
        ({"weight": ["", "1"]}, "column weight is declared double, but row 1 holds ''"),
        (
            {"weight": ["inf", "-1e400"]},
            "column weight is declared double, but row 2 holds '-1e400', which is too large.",
        ),
        ({"weight": [1.0, 1e308]}, "things: column weight holds a number too large for its 2 digits."),
        ({"size": [[1], [2]]}, "column size is declared int16, but row 1 holds [1]"),
        ({"extra": [1, 2]}, "things returns undeclared extra; Things declares name, size, weight"),
    ],
)
def test_what_cannot_be_cast_is_named(columns: dict[str, list[Any]], said: str) -> None:
    with pytest.raises(SchemaMismatchError) as error:
        conform(table(**columns), things, ["name"])
    assert said in str(error.value)


def test_infinity_is_a_number_where_it_is_said() -> None:
    result = conform(table(weight=["-Infinity", "INF"]), things, ["name"])
    assert result.column("weight").to_pylist() == [float("inf"), float("-inf")]
    assert conform(table(weight=[None, "1e300"]), things, ["name"]).column("weight").to_pylist() == [1e300, None]


def test_missing_and_repeated_columns_are_named() -> None:
    with pytest.raises(SchemaMismatchError, match="things does not return size, weight"):
        conform(table().select(["name"]), things, ["name"])
    twice = pa.Table.from_arrays([*table().columns, pa.array(["c", "d"])], ["name", "size", "weight", "name"])
    with pytest.raises(SchemaMismatchError, match="things returns twice name"):
        conform(twice, things, ["name"])


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
def test_the_first_bad_row_is_found(rows: int) -> None:
    values = ["1"] * rows
    values[rows // 2] = "x"
    values[-1] = "y" if rows > 2 else values[-1]
    columns = {"name": [str(n) for n in range(rows)], "size": values, "weight": [1.0] * rows}
    with pytest.raises(SchemaMismatchError, match=f"row {rows // 2 + 1} holds 'x'"):
        conform(pa.table(columns), things, ["name"])


@pytest.mark.parametrize(
    ("numbers", "ordered"),
    [
        ([2**63 - 1, -(2**63)], [-(2**63), 2**63 - 1]),  # their difference overflows
        ([1, 2, 3], [1, 2, 3]),
        ([2, None, 1], [1, 2, None]),
        ([], []),
    ],
)
def test_rows_are_sorted_by_one_integer(numbers: list[int | None], ordered: list[int | None]) -> None:
    rows = len(numbers)
    made = pa.table(
        {"at": pa.array([0] * rows, pa.timestamp("s")), "day": pa.array([date(2024, 3, 1)] * rows, pa.date32())}
    ).append_column("number", pa.array(numbers, pa.int64()))
    result = conform(made, times, ["number"])
    assert result.column("number").to_pylist() == ordered
    assert str(result.schema.field("at").type) == "timestamp[us, tz=UTC]"
