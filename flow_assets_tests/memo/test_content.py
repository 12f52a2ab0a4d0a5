"""The content hash sees the rows and nothing else."""

import datetime as dt
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.errors import DefinitionError
from flow_assets.memo.content import content_hash

TEXTS = st.text("aZ \0é🛫", max_size=6)
SCALARS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.bool_(): st.booleans(),
    pa.int8(): st.integers(-128, 127),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint16(): st.integers(0, 2**16 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.decimal128(20, 3): st.decimals(-(10**9), 10**9, places=3),
    pa.string(): TEXTS,
    pa.binary(): st.binary(max_size=6),
    pa.date32(): st.dates(),
    pa.timestamp("us", "UTC"): st.datetimes(timezones=st.just(dt.UTC)),
    pa.duration("us"): st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
}


def nullable(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def nested(scalars: dict[pa.DataType, st.SearchStrategy[Any]]) -> list[tuple[pa.DataType, st.SearchStrategy[Any]]]:
    """Types, each with a strategy for its values: scalars, lists and structs of them, and lists of structs of lists."""
    plain = [(t, nullable(s)) for t, s in scalars.items()]
    lists = [(pa.list_(t), nullable(st.lists(s, max_size=3))) for t, s in plain]
    structs = [
        (pa.struct([("x", t), ("y", u)]), nullable(st.fixed_dictionaries({"x": s, "y": r})))
        for (t, s), (u, r) in zip(plain, lists, strict=True)
    ]
    return [*plain, *lists, *structs, *((pa.list_(t), nullable(st.lists(s, max_size=3))) for t, s in structs)]


TYPED_VALUES = nested(SCALARS)


@st.composite
def arrays(draw: st.DrawFn, min_size: int = 0) -> tuple[pa.Array, st.SearchStrategy[Any]]:
    type_, values = draw(st.sampled_from(TYPED_VALUES))
    return pa.array(draw(st.lists(values, min_size=min_size, max_size=12)), type_), values


def hash_of(*columns: pa.Array | pa.ChunkedArray, names: str = "abcdef") -> str:
    return content_hash(pa.table(list(columns), names=list(names[: len(columns)])))


def logical(value: Any) -> str:
    """A text that is the same for values that count as the same."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else repr(value + 0.0)
    if isinstance(value, list):
        return f"[{','.join(map(logical, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{k}:{logical(v)}' for k, v in value.items())}}}"
    return repr(value)


@given(st.data())
def test_division_into_chunks_and_slices_does_not_matter(data: st.DataObject) -> None:
    array, values = data.draw(arrays())
    cuts = sorted(data.draw(st.lists(st.integers(0, len(array)), max_size=4)))
    bounds = [0, *cuts, len(array)]
    chunks = [array[a:b] for a, b in pairwise(bounds)]
    before, after = (pa.array(data.draw(st.lists(values, max_size=9)), array.type) for _ in range(2))
    padded = pa.concat_arrays([before, array, after])[len(before) : len(before) + len(array)]
    expected = hash_of(array)
    assert hash_of(pa.chunked_array(chunks, array.type)) == expected
    assert hash_of(padded) == expected
    assert hash_of(pa.chunked_array([padded[: len(array) // 2], padded[len(array) // 2 :]])) == expected


@given(st.data())
def test_a_change_of_value_changes_the_hash_and_nothing_else_does(data: st.DataObject) -> None:
    array, values = data.draw(arrays(min_size=1))
    changed = array.to_pylist()
    changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(values)
    other = pa.array(changed, array.type)
    is_same = logical(array.to_pylist()) == logical(other.to_pylist())
    assert (hash_of(array) == hash_of(other)) is is_same


@given(st.data())
def test_the_order_of_rows_matters(data: st.DataObject) -> None:
    array, _ = data.draw(arrays(min_size=2))
    swapped = array.take(pa.array([*range(1, len(array)), 0]))
    is_same = logical(array.to_pylist()) == logical(swapped.to_pylist())
    assert (hash_of(array) == hash_of(swapped)) is is_same


@given(st.lists(nullable(TEXTS), max_size=20), st.integers(0, 20))
def test_texts_hash_the_same_however_they_are_stored(texts: list[str | None], cut: int) -> None:
    array = pa.array(texts, pa.string())
    views = pa.chunked_array([array[:cut].cast(pa.string_view()), array[cut:].cast(pa.string_view())])
    forms = [
        array.cast(pa.large_string()),
        views,
        array.dictionary_encode(),
        array.cast(pa.large_string()).dictionary_encode(),
        pa.chunked_array([array[:cut].dictionary_encode(), array[cut:].dictionary_encode()]),
        pa.DictionaryArray.from_arrays(pa.array(range(len(texts)), pa.int32()), array),
    ]
    assert {hash_of(form) for form in forms} == {hash_of(array)}
    assert hash_of(array.cast(pa.binary())) != hash_of(array)


def test_binaries_and_lists_hash_the_same_however_they_are_stored() -> None:
    binary = pa.array([b"a", None, b"", b"\xff" * 40], pa.binary())
    assert {hash_of(binary.cast(t)) for t in (pa.large_binary(), pa.binary_view())} == {hash_of(binary)}
    lists = pa.array([["a"], None, [], [None, "b"]], pa.list_(pa.string()))
    forms = [
        lists.cast(pa.large_list(pa.large_string())),
        lists.cast(pa.list_(pa.field("element", pa.string()))),
        pa.array(lists.to_pylist(), pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    ]
    assert {hash_of(form) for form in forms} == {hash_of(lists)}


@pytest.mark.parametrize("garbage", [b"\x00" * 24, b"\xff" * 24, bytes(range(24))])
def test_what_lies_under_a_null_does_not_matter(garbage: bytes) -> None:
    numbers = np.array([1, 0, 3], np.int64)
    numbers[1] = np.frombuffer(garbage, np.int64)[0]
    bitmap = pa.py_buffer(b"\x05")
    ints = pa.Array.from_buffers(pa.int64(), 3, [bitmap, pa.py_buffer(numbers)])
    floats = pa.Array.from_buffers(pa.float64(), 3, [bitmap, pa.py_buffer(numbers)])
    offsets = pa.py_buffer(np.array([0, 1, 1 + len(garbage), 2 + len(garbage)], np.int32))
    text = pa.Array.from_buffers(pa.binary(), 3, [bitmap, offsets, pa.py_buffer(b"a" + garbage + b"b")])
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 4, 5], pa.int32()), pa.array([1, *garbage[:3], 2]), mask=_mask(3))
    structs = pa.StructArray.from_arrays([pa.array([1, garbage[0], 3])], ["x"], mask=_mask(3))
    assert hash_of(ints) == hash_of(pa.array([1, None, 3]))
    assert hash_of(floats) == hash_of(pa.array([numbers.view("f8")[0], None, numbers.view("f8")[2]]))
    assert hash_of(text) == hash_of(pa.array([b"a", None, b"b"]))
    assert hash_of(lists) == hash_of(pa.array([[1], None, [2]]))
    assert hash_of(structs) == hash_of(pa.array([{"x": 1}, None, {"x": 3}]))


def _mask(rows: int) -> pa.Array:
    return pa.array([n == 1 for n in range(rows)])


def test_a_validity_buffer_without_nulls_and_padding_do_not_matter() -> None:
    values = pa.py_buffer(np.array([1, 2, 3, 999, 999], np.int32))
    padded = pa.Array.from_buffers(pa.int32(), 3, [pa.py_buffer(b"\xff\xff"), values])
    assert hash_of(padded) == hash_of(pa.array([1, 2, 3], pa.int32()))
    bools = pa.Array.from_buffers(pa.bool_(), 3, [None, pa.py_buffer(b"\xf5")])
    assert hash_of(bools) == hash_of(pa.array([True, False, True]))


def test_there_is_one_nan_and_one_zero() -> None:
    nans = np.array([0x7FF8000000000000, 0xFFF8000000000001, 0x7FF0000000000001], np.uint64).view(np.float64)
    assert len({hash_of(pa.array([nan], pa.float64(), from_pandas=False)) for nan in [*nans, math.nan]}) == 1
    assert hash_of(pa.array(nans)) == hash_of(pa.array([math.nan] * 3))
    assert hash_of(pa.array([-0.0])) == hash_of(pa.array([0.0]))
    assert hash_of(pa.array([math.nan])) != hash_of(pa.array([None], pa.float64()))


def test_metadata_does_not_matter() -> None:
    plain = pa.table({"a": pa.array([1, 2])})
    field = pa.field("a", pa.int64(), metadata={"comment": "x"})
    assert content_hash(plain.cast(pa.schema([field], metadata={"pandas": "{}"}))) == content_hash(plain)


def test_the_schema_matters() -> None:
    values = pa.array([1, 2], pa.int64())
    tables = [
        pa.table({"a": values}),
        pa.table({"b": values}),
        pa.table({"a": values.cast(pa.int32())}),
        pa.table({"a": values.cast(pa.uint64())}),
        pa.table({"a": values.cast(pa.timestamp("us"))}),
        pa.table({"a": values.cast(pa.timestamp("us", "UTC"))}),
        pa.table({"a": values.cast(pa.timestamp("ns", "UTC"))}),
        pa.table({"a": values}, schema=pa.schema([pa.field("a", pa.int64(), nullable=False)])),
        pa.table({"a": values, "b": values}),
        pa.table({"a": pa.array([], pa.int64())}),
        pa.table({"b": pa.array([], pa.int64())}),
        pa.table({}),
    ]
    assert len({content_hash(table) for table in tables}) == len(tables)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["ab", "c"], ["a", "bc"]),
        (["", "a"], ["a", ""]),
        ([None, "a"], ["a", None]),
        ([None], [""]),
        ([["a"], ["b"]], [["a", "b"], []]),
        ([[]], [None]),
        ([[None]], [[]]),
        ([{"x": None}], [None]),
        ([0], [None]),
        ([False], [None]),
    ],
)
def test_similar_values_differ(one: list[Any], other: list[Any]) -> None:
    type_ = pa.array([*one, *other]).type
    assert hash_of(pa.array(one, type_)) != hash_of(pa.array(other, type_))


def test_values_do_not_pass_from_one_column_to_the_next() -> None:
    assert hash_of(pa.array(["a"]), pa.array(["bc"])) != hash_of(pa.array(["ab"]), pa.array(["c"]))
    assert hash_of(pa.array(["a"]), pa.array(["b"])) != hash_of(pa.array(["b"]), pa.array(["a"]))


@pytest.mark.parametrize(
    "type_",
    [
        pa.map_(pa.string(), pa.int32()),
        pa.binary(4),
        pa.float16(),
        pa.date64(),
        pa.list_(pa.int32(), 2),
        pa.month_day_nano_interval(),
    ],
)
def test_other_types_are_refused_by_name(type_: pa.DataType) -> None:
    with pytest.raises(DefinitionError) as error:
        hash_of(pa.array([None], pa.list_(type_)))
    assert str(type_) in str(error.value)
