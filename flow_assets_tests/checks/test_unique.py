import math
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from flow_assets.checks.unique import repeated, repeated_sorted, repeats_previous

FLOATS = pa.float64()


@pytest.mark.parametrize(
    ("columns", "previous", "any_other"),
    [
        ({"x": []}, [], []),
        ({"x": [1]}, [False], [False]),
        ({"x": [1, 1, 1, 2]}, [False, True, True, False], [True, True, True, False]),
        ({"x": [1, 2, 2]}, [False, False, True], [False, True, True]),
        ({"x": [1, None, None]}, [False, False, True], [False, True, True]),
        ({"x": ["a", "a"], "y": pa.array([None, None], FLOATS)}, [False, True], [True, True]),
        ({"x": ["a", "a"], "y": [None, 1]}, [False, False], [False, False]),
        (
            {"x": pa.array([-0.0, 0.0, math.nan, math.nan, None], FLOATS)},
            [False, True] * 2 + [False],
            [True] * 4 + [False],
        ),
    ],
)
def test_rows_that_are_repeated(columns: dict[str, Any], previous: list[bool], any_other: list[bool]) -> None:
    table = pa.table(columns)
    names = table.column_names
    assert repeats_previous(table, names).tolist() == previous
    assert repeated_sorted(table, names).tolist() == any_other
    assert repeated(duckdb.connect(), table, names).tolist() == any_other
    chunked = pa.concat_tables([table.slice(row, 1) for row in range(len(table))] or [table])
    assert repeated_sorted(chunked, names).tolist() == any_other


@pytest.mark.parametrize(
    "kind",
    [
        pa.uint8(),
        pa.int16(),
        pa.date32(),
        pa.date64(),
        pa.time32("s"),
        pa.time64("ns"),
        pa.timestamp("us", "UTC"),
        pa.duration("s"),
    ],
    ids=str,
)
def test_numbers_and_times_are_compared_across_chunks(kind: pa.DataType) -> None:
    width = pa.int32() if kind.bit_width == 32 else pa.int64()
    numbers = pa.array([1, 1, 2, 3, 3], pa.int64()).cast(width if pa.types.is_temporal(kind) else kind)
    values = numbers.cast(kind)
    column = pa.chunked_array([values.slice(0, 1), values.slice(1, 0), values.slice(1, 3), values.slice(4)])
    assert repeated_sorted(pa.table({"x": column}), ["x"]).tolist() == [True, True, False, True, True]


def test_rows_in_any_order_are_compared_with_all() -> None:
    table = pa.table({"x": [2, 1, 2, None, 1, 3, None], 'a "y"': ["a", "b", "a", None, "c", "d", None]})
    assert repeated(duckdb.connect(), table, ["x"]).tolist() == [True, True, True, True, True, False, True]
    assert repeated(duckdb.connect(), table, table.column_names).tolist() == [
        True,
        False,
        True,
        True,
        False,
        False,
        True,
    ]
