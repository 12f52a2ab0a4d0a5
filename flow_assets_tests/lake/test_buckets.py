"""The bucket of a key is the same in Arrow, Python and DuckDB, and in the vectors of docs/buckets.md."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.declaration import hash_buckets
from flow_assets.errors import ComputeError, DefinitionError
from flow_assets.lake import bucket_expression_sql, bucket_numbers, bucket_of

PAGE = (Path(__file__).parents[2] / "docs" / "buckets.md").read_text(encoding="utf-8")
TYPES = {"string": pa.string(), "int64": pa.int64(), "date32": pa.date32(), "bool": pa.bool_()}
VECTORS = re.findall(r"^\| (\w+) \| `(.+)` \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
DUCKDB = duckdb.connect()
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=()), max_size=8)


def duckdb_numbers(keys: pa.Array, expression: str) -> list[int]:
    rows = pa.table({"n": pa.array(range(len(keys))), "x": keys})
    found = DUCKDB.from_arrow(rows).query("rows", f"select {expression} from rows order by n").fetchall()
    return [number for (number,) in found]


def snippet(language: str) -> str:
    found = re.search(rf"^{language}\n\n```\w+\n(.*?)\n```", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/buckets.md shows nothing for {language}"
    return found[1]


@pytest.mark.parametrize(("type_name", "text", "of_8", "of_1000"), VECTORS)
def test_the_documented_vectors_hold_everywhere(type_name: str, text: str, of_8: str, of_1000: str) -> None:
    value: Any = json.loads(text)
    if type_name == "date32":
        value = dt.date.fromisoformat(value)
    keys = pa.array([value], TYPES[type_name])
    for count, expected in ((8, int(of_8)), (1000, int(of_1000))):
        buckets = hash_buckets("x", count)
        assert bucket_numbers(keys, buckets).tolist() == [expected]
        assert bucket_of(value, buckets) == expected
        assert duckdb_numbers(keys, bucket_expression_sql("x", buckets)) == [expected]
    assert duckdb_numbers(keys, snippet("DuckDB")) == [int(of_8)]


def test_every_type_has_documented_vectors() -> None:
    assert {vector[0] for vector in VECTORS} == set(TYPES)


@given(st.lists(st.none() | TEXT, max_size=20), st.integers(1, 5000))
def test_texts_fall_into_the_same_bucket_in_every_engine(texts: list[str | None], count: int) -> None:
    _assert_same_everywhere(pa.array(texts, pa.string()), texts, count)


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=20), st.integers(1, 5000))
def test_integers_fall_into_the_same_bucket_in_every_engine(integers: list[int | None], count: int) -> None:
    _assert_same_everywhere(pa.array(integers, pa.int64()), integers, count)


@given(st.lists(st.none() | st.dates(), max_size=20), st.integers(1, 5000))
def test_dates_fall_into_the_same_bucket_in_every_engine(dates: list[dt.date | None], count: int) -> None:
    _assert_same_everywhere(pa.array(dates, pa.date32()), dates, count)


@pytest.mark.parametrize("type_", [pa.int8(), pa.uint8(), pa.int16(), pa.uint32(), pa.uint64(), pa.bool_()])
def test_narrow_and_unsigned_types_too(type_: pa.DataType) -> None:
    values = [None, 1, 0] if type_ != pa.bool_() else [None, True, False]
    _assert_same_everywhere(pa.array(values, type_), values, 64)


def _assert_same_everywhere(keys: pa.Array, values: list[Any], count: int) -> None:
    buckets = hash_buckets("x", count)
    numbers = bucket_numbers(keys, buckets)
    assert numbers.dtype == np.int32
    assert numbers.tolist() == [bucket_of(value, buckets) for value in values]
    assert numbers.tolist() == duckdb_numbers(keys, bucket_expression_sql("x", buckets))
    assert all((number == count) == (value is None) for number, value in zip(numbers, values, strict=True))


def test_the_python_snippet_is_right() -> None:
    names = {"x": "N14228", "hashlib": __import__("hashlib")}
    assert eval(snippet("Python"), names) == bucket_of("N14228", hash_buckets("x", 8))


def test_storage_of_the_keys_does_not_matter() -> None:
    buckets = hash_buckets("tail_number", 8)
    keys = pa.array(["N14228", None, "", "N14228", "Zürich"])
    expected = bucket_numbers(keys, buckets).tolist()
    forms = [
        keys.cast(pa.large_string()),
        keys.cast(pa.string_view()),
        keys.dictionary_encode(),
        pa.chunked_array([keys[:2], keys[2:]]),
        pa.chunked_array([keys[:2].dictionary_encode(), keys[2:].dictionary_encode()]),
        pa.concat_arrays([keys, keys])[5:],
    ]
    assert [bucket_numbers(form, buckets).tolist() for form in forms] == [expected] * len(forms)
    assert bucket_numbers(pa.chunked_array([], pa.string()), buckets).tolist() == []
    assert bucket_numbers(pa.nulls(2), buckets).tolist() == [8, 8]


def test_column_names_are_quoted_in_sql() -> None:
    assert '"a""b; drop"' in bucket_expression_sql('a"b; drop', hash_buckets('a"b; drop', 2))


@pytest.mark.parametrize(
    "values",
    [[1.5], [dt.datetime(2013, 5, 5)], [[1]], [b"a"], [dt.time(1)], [dt.timedelta(1)]],
    ids=lambda values: type(values[0]).__name__,
)
def test_other_types_are_refused(values: list[Any]) -> None:
    with pytest.raises(DefinitionError, match="'x', 8"):
        bucket_numbers(pa.array(values), hash_buckets("x", 8))
    with pytest.raises(DefinitionError, match="'x', 8"):
        bucket_of(values[0], hash_buckets("x", 8))


def test_a_date_that_engines_write_differently_is_refused() -> None:
    with pytest.raises(ComputeError, match="years 1 to 9999"):
        bucket_numbers(pa.array([3_000_000], pa.int32()).cast(pa.date32()), hash_buckets("x", 8))
