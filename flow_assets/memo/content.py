"""The content hash: the same rows give the same hash, whatever wrote them.

What is hashed, in order: the version, the number of rows and each column's name, logical type and nullability; then the
values of each column. Every part has a length of its own or one that follows from what precedes it. The values of an
array are its length, its number of nulls, which ones are null (only if some are), and then those that are not:
fixed-width ones as they are, floats with one NaN and one zero, texts as all lengths and then all bytes, lists as all
lengths and then their elements, structs as their fields. Nothing of it depends on how an array is divided into chunks.
"""

import json
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flow_assets.errors import DefinitionError

CONTENT_HASH_VERSION = 1


class _Digest(Protocol):
    def update(self, data: Any, /) -> None: ...


def content_hash(table: pa.Table) -> str:
    """Hash a table's logical content: its schema, and its values in the order of the rows.

    Args:
        table: the rows, cast to the dataset's schema and sorted by its `sort_by`.

    Returns:
        64 hexadecimal digits.

    Raises:
        DefinitionError: a column has a type whose content cannot be hashed.
    """
    digest = sha256()
    fields = [(f.name, _logical_type(f.type), f.nullable) for f in table.schema]
    header = json.dumps([CONTENT_HASH_VERSION, table.num_rows, fields]).encode()
    digest.update(struct.pack("<Q", len(header)))
    digest.update(header)
    for column in table.columns:
        _update(digest, column.chunks, column.type)
    return digest.hexdigest()


@lru_cache(maxsize=1024)
def _logical_type(type_: pa.DataType) -> str:
    """What a type means, without how it is stored: dictionaries, views and wide offsets are gone."""
    if type_.id in _DICTIONARIES:
        return _logical_type(type_.value_type)
    if type_.id in _TEXTS:
        return _TEXTS[type_.id]
    if type_.id in _LISTS:
        # The element's name is left out: Parquet, DuckDB and Arrow each call it something else.
        return "list" + json.dumps([_logical_type(type_.value_type), type_.value_field.nullable])
    if pa.types.is_struct(type_):
        return "struct" + json.dumps([(f.name, _logical_type(f.type), f.nullable) for f in type_])
    if type_.id not in _UPDATES:
        raise DefinitionError(
            f"Columns of Arrow type {type_} have no content hash; "
            "cast them to a number, a text, a date, a time, a list or a struct."
        )
    return str(type_)


def _update(digest: _Digest, arrays: Sequence[pa.Array], type_: pa.DataType) -> None:
    if type_.id in _DICTIONARIES:
        return _update(digest, [array.dictionary_decode() for array in arrays], type_.value_type)
    if type_.id in _VIEWS:
        return _update(digest, [array.cast(_VIEWS[type_.id]) for array in arrays], _VIEWS[type_.id])
    nulls = sum(array.null_count for array in arrays)
    digest.update(struct.pack("<QQ", sum(map(len, arrays)), nulls))
    if nulls:
        for array in arrays:
            digest.update(_validity(array))
        # What lies under a null is left out, because nothing defines it.
        arrays = [array.drop_null() if array.null_count else array for array in arrays]
    return _UPDATES[type_.id](digest, arrays, type_)


def _validity(array: pa.Array) -> npt.NDArray[np.uint8]:
    bitmap = array.buffers()[0]
    if bitmap is None:
        return np.full(len(array), 0 if array.null_count else 1, np.uint8)
    return _bits(bitmap, array.offset, len(array))


def _bits(bitmap: pa.Buffer, offset: int, length: int) -> npt.NDArray[np.uint8]:
    first = offset // 8
    used = np.frombuffer(bitmap, np.uint8, count=(offset + length + 7) // 8 - first, offset=first)
    return np.unpackbits(used, bitorder="little")[offset % 8 : offset % 8 + length]


def _update_nothing(digest: _Digest, arrays: Sequence[pa.Array], type_: pa.DataType) -> None:
    """An array of type null holds nothing but its length."""


def _update_bools(digest: _Digest, arrays: Sequence[pa.Array], type_: pa.DataType) -> None:
    for array in arrays:
        if len(array):
            digest.update(_bits(array.buffers()[1], array.offset, len(array)))


def _update_fixed(digest: _Digest, arrays: Sequence[pa.Array], type_: pa.DataType) -> None:
    width = type_.bit_width // 8
    for array in arrays:
        if len(array):
            start = array.offset * width
            digest.update(memoryview(array.buffers()[1])[start : start + len(array) * width])


def _update_floats(digest: _Digest, arrays: Sequence[pa.Array], type_: pa.DataType) -> None:
    dtype = np.dtype(type_.to_pandas_dtype())
    for array in arrays:
        if len(array):
            values = np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)
            is_nan = np.isnan(values)
            if is_nan.any():
                values = np.where(is_nan, dtype.type(np.nan), values)
            # -0.0 + 0.0 is 0.0.
            digest.update(values + dtype.type(0.0))


def _update_texts(digest: _Digest, arrays: Sequence[pa.Array], type_: pa.DataType) -> None:
    offsets = [_offsets(array) for array in arrays]
    _update_lengths(digest, offsets)
    for array, bounds in zip(arrays, offsets, strict=True):
        if bounds[-1] > bounds[0]:
            digest.update(memoryview(array.buffers()[2])[bounds[0] : bounds[-1]])


def _update_lists(digest: _Digest, arrays: Sequence[pa.Array], type_: pa.DataType) -> None:
    _update_lengths(digest, [_offsets(array) for array in arrays])
    _update(digest, [array.flatten() for array in arrays], type_.value_type)


def _update_structs(digest: _Digest, arrays: Sequence[pa.Array], type_: pa.DataType) -> None:
    fields = [array.flatten() for array in arrays]
    for n, field in enumerate(type_):
        _update(digest, [field_arrays[n] for field_arrays in fields], field.type)


def _offsets(array: pa.Array) -> npt.NDArray[np.signedinteger[Any]]:
    dtype = np.dtype(np.int64 if array.type.id in _WIDE else np.int32)
    buffer = array.buffers()[1]
    # An array without values may have no offsets at all.
    if not len(array) or buffer is None:
        return np.zeros(1, dtype)
    return np.frombuffer(buffer, dtype, len(array) + 1, array.offset * dtype.itemsize)


def _update_lengths(digest: _Digest, offsets: Sequence[npt.NDArray[np.signedinteger[Any]]]) -> None:
    for bounds in offsets:
        lengths = np.diff(bounds)
        if lengths.dtype != np.int32:
            if lengths.size and lengths.max() > np.iinfo(np.int32).max:
                raise DefinitionError("A single text or list of 2 GiB or more has no content hash; divide it.")
            lengths = lengths.astype(np.int32)
        digest.update(lengths)


def _types(*types: pa.DataType) -> frozenset[int]:
    return frozenset(type_.id for type_ in types)


_LISTS = _types(pa.list_(pa.null()), pa.large_list(pa.null()))
_WIDE = _types(pa.large_string(), pa.large_binary(), pa.large_list(pa.null()))
_FLOATS = _types(pa.float32(), pa.float64())
_FIXED = _types(
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.decimal128(1), pa.decimal256(1), pa.date32(), pa.timestamp("us"), pa.time32("s"), pa.time64("us")),
    pa.duration("us"),
)
_TEXTS = {
    **dict.fromkeys(_types(pa.string(), pa.large_string(), pa.string_view()), "utf8"),
    **dict.fromkeys(_types(pa.binary(), pa.large_binary(), pa.binary_view()), "binary"),
}
_DICTIONARIES = _types(pa.dictionary(pa.int32(), pa.string()))
_VIEWS = {
    pa.string_view().id: pa.large_string(),
    pa.binary_view().id: pa.large_binary(),
}
_UPDATES: dict[int, Callable[[_Digest, Sequence[pa.Array], pa.DataType], None]] = {
    pa.null().id: _update_nothing,
    pa.bool_().id: _update_bools,
    **dict.fromkeys(_FIXED, _update_fixed),
    **dict.fromkeys(_FLOATS, _update_floats),
    **dict.fromkeys(_TEXTS, _update_texts),
    **dict.fromkeys(_LISTS, _update_lists),
    pa.struct([]).id: _update_structs,
}
