"""How the rows of a partition are divided into buckets."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa

from flow_assets.errors import DefinitionError

Border = int | date | str


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

    @property
    def declaration(self) -> list[Any]:
        """What distinguishes these buckets from others, as JSON."""
        return [self.column, self.count]

    def __str__(self) -> str:
        return f"hash_buckets({self.column!r}, {self.count})"

    def problem(self, kind: pa.DataType) -> str | None:
        """Why a column of this type cannot be divided so; None if it can."""
        tests = (_is_string, pa.types.is_integer, pa.types.is_date32, pa.types.is_boolean)
        if any(test(kind) for test in tests):
            return None
        return (
            "a column of buckets must be a string, an integer, a date or a boolean: others have no text that is the "
            "same in every engine"
        )


@dataclass(frozen=True)
class RangeBuckets:
    """Rows whose `column` lies between the same two of `borders` lie in the same bucket; null keys lie in the last one.

    Bucket 0 holds what is less than the first border, bucket `i` what is at least border `i - 1` and less than border
    `i`, and the last but one whatever is not less than the last border.
    """

    column: str
    borders: tuple[Border, ...]

    @property
    def count(self) -> int:
        """How many buckets there are besides the one of null keys."""
        return len(self.borders) + 1

    @property
    def null_bucket(self) -> int:
        """Number of the bucket that holds rows whose key is null."""
        return self.count

    @property
    def declaration(self) -> list[Any]:
        """What distinguishes these buckets from others, as JSON."""
        return [self.column, [b.isoformat() if isinstance(b, date) else b for b in self.borders]]

    def __str__(self) -> str:
        return f"range_buckets({self.column!r}, {list(self.borders)})"

    def problem(self, kind: pa.DataType) -> str | None:
        """Why a column of this type cannot be divided so; None if it can."""
        tests = {int: pa.types.is_integer, date: pa.types.is_date32, str: _is_string}
        if tests[type(self.borders[0])](kind):
            return None
        return (
            f"{self} has borders of type {type(self.borders[0]).__name__}, but the column is of type {kind}; a column "
            "of buckets by range must be an integer, a date or a string, and its borders of the same type"
        )


Buckets = HashBuckets | RangeBuckets


def hash_buckets(column: str, count: int) -> HashBuckets:
    """Divide rows by a hash of `column` into `count` buckets.

    Example:
        `buckets=hash_buckets("tail_number", 8)`
    """
    if count < 1:
        raise DefinitionError(f"hash_buckets({column!r}, {count}): at least one bucket is needed.")
    return HashBuckets(column, count)


def range_buckets(column: str, borders: list[int] | list[date] | list[str]) -> RangeBuckets:
    """Divide rows by `column` into ranges, each from a border up to, and without, the next.

    Args:
        column: an integer, a date or a string column.
        borders: ascending values of the column's type; texts are compared by their code points.

    Example:
        `buckets=range_buckets("age_years", [18, 30, 45, 65])` makes five buckets, under 18 to 65 and over, and one more
        for rows without an age.
    """
    made = RangeBuckets(column, tuple(borders))
    kinds = {type(border) for border in borders}
    if len(kinds) != 1 or not kinds <= {int, date, str}:
        raise DefinitionError(f"{made}: give at least one border, and all integers, all dates or all texts.")
    if not all(before < after for before, after in pairwise(made.borders)):  # type: ignore[operator]  # of one type
        raise DefinitionError(f"{made}: borders must ascend, each greater than the one before.")
    if any(isinstance(border, int) and not -(2**63) <= border < 2**63 for border in borders):
        raise DefinitionError(f"{made}: a border lies outside the range of 64-bit integers.")
    if any(isinstance(border, str) and "\0" in border for border in borders):
        raise DefinitionError(f"{made}: a border must not hold the character NUL, which SQL cannot write.")
    return made


def is_key(value: object) -> bool:
    """Whether a Python value is of a type that buckets can divide."""
    # A datetime is a date to isinstance, and its text differs between engines.
    return isinstance(value, str | int | date) and not isinstance(value, datetime)


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
