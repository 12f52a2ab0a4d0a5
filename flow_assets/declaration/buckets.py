"""How the rows of a partition are divided into buckets."""

from dataclasses import dataclass

import pyarrow as pa

from flow_assets.errors import DefinitionError


@dataclass(frozen=True)
class HashBuckets:
    """Rows with the same value of `column` lie in the same of `count` buckets; null keys lie in one more, the last.

    The hash is documented in `docs/buckets.md` and is the same in every engine.
    """

    column: str
    count: int

    @property
    def null_bucket(self) -> int:
        """Number of the bucket that holds rows whose key is null."""
        return self.count


def is_hashable(kind: pa.DataType) -> bool:
    """Whether values of this type have a text that is the same in every engine."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_date32, pa.types.is_boolean)
    return any(test(kind) for test in tests)


def hash_buckets(column: str, count: int) -> HashBuckets:
    """Divide rows by a hash of `column` into `count` buckets.

    Example:
        `buckets=hash_buckets("tail_number", 8)`
    """
    if count < 1:
        raise DefinitionError(f"hash_buckets({column!r}, {count}): at least one bucket is needed.")
    return HashBuckets(column, count)
