"""How often each of a column's values occurs: the expected ones beside all else, others only where there are any.

A histogram costs as much as twenty comparisons, and choosing the rows for one as much as ten. So where a column's rules
say which texts it holds, each of those is counted by itself, which its rule needs anyway; what is left over says which
partitions hold anything else, and only of those is a histogram made.
"""

from collections.abc import Callable, Sequence

import pyarrow as pa

from flow_assets.checks.kinds import TEXT_LENGTH, Kind, kind_of
from flow_assets.checks.literals import text

_COUNTED_APART = 16
"""Expected values of a column up to which counting each by itself is cheaper than a histogram."""

Count = Callable[[Sequence[int], Sequence[tuple[str, str]]], pa.Table]
"""Scans some partitions, by their numbers, for aggregates, each with its alias: a row for each of them."""


def is_counted_apart(type_: pa.DataType, values: Sequence[object]) -> bool:
    """Whether counting each of `values` by itself is the fastest way to know how many of a column's they are."""
    is_text = kind_of(type_) is Kind.TEXT and not pa.types.is_dictionary(type_)
    return is_text and 0 < len(values) <= _COUNTED_APART and all(isinstance(value, str) for value in values)


def counts_of(quoted: str, values: Sequence[str]) -> list[str]:
    """SQL for how often each of `values` occurs; the same text for the same value, so that DuckDB counts it once."""
    return [f"count_if({quoted} = {text(value)})" for value in values]


def expected_of(type_: pa.DataType, quoted: str, expected: Sequence[str]) -> str:
    """SQL for how often each value of a column occurs, as a map; see `with_unexpected` for the others.

    Args:
        type_: the column's.
        quoted: the column's name as SQL has it.
        expected: texts which most of its values are; one may be in the map with 0.
    """
    short = _short(type_, expected)
    if not short:
        return categories_of(type_, quoted)
    pairs = zip(short, counts_of(quoted, short), strict=True)
    return f"MAP {{{', '.join(f'{text(value)}: {count}::UBIGINT' for value, count in pairs)}}}"


def categories_of(type_: pa.DataType, quoted: str) -> str:
    """SQL for how often each value of a column occurs, as a map, in one scan."""
    if kind_of(type_) is not Kind.TEXT or pa.types.is_dictionary(type_):
        return f"histogram(left({quoted}::VARCHAR, {TEXT_LENGTH}))"
    return f"histogram(CASE WHEN strlen({quoted}) > {TEXT_LENGTH} THEN left({quoted}, {TEXT_LENGTH}) ELSE {quoted} END)"


def with_unexpected(
    maps: pa.ChunkedArray, values: Sequence[int | None], wanted: tuple[str, str], count: Count
) -> pa.ChunkedArray:
    """Maps of `expected_of`; of the partitions that hold anything else, those of `categories_of`.

    Args:
        maps: one a partition.
        values: how many values there are in each partition.
        wanted: an alias, and the SQL of `categories_of`.
        count: scans partitions once more.
    """
    found = maps.to_pylist()
    left = [number for number, pairs in enumerate(found) if (values[number] or 0) > sum(n or 0 for _, n in pairs or ())]
    if not left:
        return maps
    for number, pairs in zip(left, count(left, [wanted]).column(wanted[0]).to_pylist(), strict=True):
        found[number] = pairs
    return pa.chunked_array([found], maps.type)


def _short(type_: pa.DataType, expected: Sequence[str]) -> list[str]:
    """The expected values that are counted by themselves: none, or all that are not cut."""
    short = [value for value in expected if len(value) < TEXT_LENGTH]
    return short if is_counted_apart(type_, short) else []
