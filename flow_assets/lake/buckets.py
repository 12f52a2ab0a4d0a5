"""Which bucket a value falls into: the hash that `docs/buckets.md` documents, the same in every engine."""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from hashlib import md5
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.declaration import HashBuckets
from flow_assets.errors import ComputeError, DefinitionError


def bucket_numbers(keys: pa.Array | pa.ChunkedArray, buckets: HashBuckets) -> npt.NDArray[np.int32]:
    """The bucket of each of `keys`: 0 to `count - 1`, or `null_bucket` for null.

    Raises:
        DefinitionError: the keys are neither strings, integers, dates nor booleans.
        ComputeError: a date lies outside the years 1 to 9999.
    """
    whole = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    encoded = pc.dictionary_encode(_hashable(whole, buckets))
    texts = _texts(encoded.dictionary, buckets)
    # The last number is found at index -1, to which nulls are sent.
    numbers = np.array([*(_hash60(text) % buckets.count for text in texts), buckets.null_bucket], np.int32)
    indices: npt.NDArray[np.int32] = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return numbers[indices]


def bucket_of(value: str | int | date | bool | None, buckets: HashBuckets) -> int:
    """The bucket of one value.

    Raises:
        DefinitionError: the value is neither a string, an integer, a date, a boolean nor None.
    """
    if value is None:
        return buckets.null_bucket
    # A datetime is a date to isinstance, and its text differs between engines.
    if isinstance(value, datetime) or not isinstance(value, str | int | date):
        raise _unsupported(type(value).__name__, buckets)
    return _hash60(_text(value)) % buckets.count


def bucket_expression_sql(column: str, buckets: HashBuckets) -> str:
    """A DuckDB expression for the bucket of `column`."""
    name = '"' + column.replace('"', '""') + '"'
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


def _hashable(keys: pa.Array, buckets: HashBuckets) -> pa.Array:
    if any(is_type(keys.type) for is_type in _STRINGS):
        return keys.cast(pa.large_binary())
    if not any(is_type(keys.type) for is_type in _OTHERS):
        raise _unsupported(str(keys.type), buckets)
    return keys.cast(pa.string()) if pa.types.is_null(keys.type) else keys


def _texts(distinct: pa.Array, buckets: HashBuckets) -> list[bytes]:
    try:
        return [value if isinstance(value, bytes) else _text(value) for value in distinct.to_pylist()]
    except (OverflowError, ValueError) as error:
        raise ComputeError(
            f"hash_buckets({buckets.column!r}, {buckets.count}): a date lies outside the years 1 to 9999 ({error}); "
            "the dataset's function has to leave it out or make it null."
        ) from error


def _unsupported(type_name: str, buckets: HashBuckets) -> DefinitionError:
    return DefinitionError(
        f"hash_buckets({buckets.column!r}, {buckets.count}): values of type {type_name} have no text that is the same "
        "in every engine; use a string, an integer, a date or a boolean."
    )


_STRINGS: tuple[Callable[[Any], bool], ...] = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_OTHERS: tuple[Callable[[Any], bool], ...] = (
    pa.types.is_integer,
    pa.types.is_date32,
    pa.types.is_boolean,
    pa.types.is_null,
)
