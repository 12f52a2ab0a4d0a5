"""Which bucket a value falls into: as `docs/buckets.md` documents it, the same in every engine."""

from bisect import bisect_right
from datetime import date
from functools import lru_cache
from hashlib import md5
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.declaration import Buckets, HashBuckets, RangeBuckets
from flow_assets.declaration.buckets import is_key
from flow_assets.errors import ComputeError, DefinitionError


def bucket_numbers(keys: pa.Array | pa.ChunkedArray, buckets: Buckets) -> npt.NDArray[np.int32]:
    """The bucket of each of `keys`: 0 to `count - 1`, or `null_bucket` for null.

    Raises:
        DefinitionError: the keys are of a type that these buckets do not divide.
        ComputeError: a date lies outside the years 1 to 9999.
    """
    whole = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    if pa.types.is_null(whole.type):
        whole = whole.cast(pa.string())
    elif problem := buckets.problem(whole.type):
        raise DefinitionError(f"{buckets}: {problem}.")
    encoded = pc.dictionary_encode(_comparable(whole))
    # The last number is found at index -1, to which nulls are sent.
    numbers = np.array([*_distinct_numbers(encoded.dictionary, buckets), buckets.null_bucket], np.int32)
    indices: npt.NDArray[np.int32] = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return numbers[indices]


def bucket_of(value: str | int | date | bool | None, buckets: Buckets) -> int:
    """The bucket of one value.

    Raises:
        DefinitionError: the value is of a type that these buckets do not divide.
    """
    if value is None:
        return buckets.null_bucket
    if isinstance(buckets, RangeBuckets):
        if type(value) is not type(buckets.borders[0]):
            raise _unsupported(value, buckets)
        return bisect_right(buckets.borders, value)
    if not is_key(value):
        raise _unsupported(value, buckets)
    return _hash60(_text(value)) % buckets.count


def bucket_expression_sql(column: str, buckets: Buckets) -> str:
    """A DuckDB expression for the bucket of `column`."""
    name = '"' + column.replace('"', '""') + '"'
    if isinstance(buckets, RangeBuckets):
        below = " ".join(f"WHEN {name} < {_literal(border)} THEN {n}" for n, border in enumerate(buckets.borders))
        return f"(CASE WHEN {name} IS NULL THEN {buckets.null_bucket} {below} ELSE {len(buckets.borders)} END)::INTEGER"
    number = f"('0x' || md5({name}::VARCHAR)[:15])::BIGINT % {buckets.count}"
    return f"coalesce({number}, {buckets.null_bucket})::INTEGER"


@lru_cache(maxsize=1 << 16)
def _hash60(text: bytes) -> int:
    # The first 15 of the digest's hexadecimal digits are its first 60 bits.
    return int.from_bytes(md5(text, usedforsecurity=False).digest()[:8], "big") >> 4


def _text(value: str | int | date) -> bytes:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return (value.isoformat() if isinstance(value, date) else str(value)).encode()


def _comparable(keys: pa.Array) -> pa.Array:
    """Texts as UTF-8, whose bytes are in the order of their code points."""
    is_text = pa.types.is_string(keys.type) or pa.types.is_large_string(keys.type) or pa.types.is_string_view(keys.type)
    return keys.cast(pa.large_binary()) if is_text else keys


def _distinct_numbers(distinct: pa.Array, buckets: Buckets) -> list[int]:
    try:
        values = distinct.to_pylist()
        if isinstance(buckets, HashBuckets):
            return [_hash60(v if isinstance(v, bytes) else _text(v)) % buckets.count for v in values]
    except (OverflowError, ValueError) as error:
        raise ComputeError(
            f"{buckets}: a date lies outside the years 1 to 9999 ({error}); the dataset's function has to leave it out "
            "or make it null."
        ) from error
    borders: list[Any] = [b.encode() if isinstance(b, str) else b for b in buckets.borders]
    return [bisect_right(borders, value) for value in values]


def _literal(border: int | date | str) -> str:
    if isinstance(border, int):
        return str(border)
    return f"DATE '{border.isoformat()}'" if isinstance(border, date) else "'" + border.replace("'", "''") + "'"


def _unsupported(value: object, buckets: Buckets) -> DefinitionError:
    return DefinitionError(
        f"{buckets}: a value of type {type(value).__name__} lies in none of them; use one of the column's type."
    )
