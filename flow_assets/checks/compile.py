"""A rule on rows as SQL that is true for the rows that break it.

It says what pandera's pandas validation says of Arrow columns, and is held to it by a differential test. What SQL has
to be told for that: a NaN is on no side of a bound, though DuckDB takes it for the greatest number; a null passes.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from flow_assets.checks.categories import counts_of, is_counted_apart
from flow_assets.checks.literals import identifier, literal, text
from flow_assets.checks.patterns import glob_of
from flow_assets.declaration import Rule
from flow_assets.declaration.constraints import (
    Compare,
    Constraint,
    InRange,
    IsIn,
    NotNull,
    RowExpression,
    StrLength,
    StrMatches,
)
from flow_assets.declaration.partition_constraints import PartitionQuery

_BROKEN_BY = {"ge": "<", "gt": "<=", "le": ">", "lt": ">=", "eq": "<>", "ne": "="}
_COMPARED_IN_TURN = 4
"""Texts of a set up to which comparing with each is cheaper than looking them up."""


def failing(rule: Rule, columns: Mapping[str, pa.DataType]) -> str | None:
    """SQL over one row's columns: true exactly where the row breaks the rule, never null; None as of `broken`."""
    sql = broken(rule, columns)
    return sql and f"coalesce({sql}, false)"


def broken(rule: Rule, columns: Mapping[str, pa.DataType]) -> str | None:
    """SQL over one row's columns: true exactly where the row breaks the rule, false or null elsewhere.

    Enough, and cheaper, where rows are counted or filtered. None for what looks at more than the row or runs in Python
    (`Unique`, `References`, `PythonCheck`): see `rows`.

    Args:
        rule: a rule on rows that fits `columns`.
        columns: the table's columns.
    """
    write = _WRITERS.get(type(rule.constraint))
    if write is None:
        return None
    column = rule.columns[0] if rule.columns else ""
    return write(rule.constraint, identifier(column), columns.get(column))


def broken_count(rule: Rule, columns: Mapping[str, pa.DataType]) -> str | None:
    """SQL that counts the rows which break the rule; None as of `broken`."""
    constraint = rule.constraint
    if isinstance(constraint, IsIn) and not constraint.forbidden:
        values = list(dict.fromkeys(constraint.values))
        if is_counted_apart(columns[rule.columns[0]], values):
            column = identifier(rule.columns[0])
            return f"coalesce(count({column}) - ({' + '.join(counts_of(column, values))}), 0)::BIGINT"
    sql = broken(rule, columns)
    return sql and count_of(sql)


def count_of(condition: str) -> str:
    """SQL that counts the rows for which a condition is true."""
    return f"coalesce(count_if({condition}), 0)::BIGINT"


def failing_sql(rule: Rule, columns: Mapping[str, pa.DataType]) -> str:
    """What of a rule is asked in SQL, for people to ask it themselves; empty for what is not asked in SQL alone."""
    if isinstance(rule.constraint, PartitionQuery):
        return rule.constraint.sql
    return broken(rule, columns) or ""


def _not_null(constraint: NotNull, column: str, kind: pa.DataType) -> str:
    del constraint, kind
    return f"{column} IS NULL"


def _compare(constraint: Compare, column: str, kind: pa.DataType) -> str:
    sql = f"{column} {_BROKEN_BY[constraint.operator]} {literal(constraint.value, kind)}"
    return sql if constraint.operator == "ne" else _or_nan(sql, column, kind)


def _in_range(constraint: InRange, column: str, kind: pa.DataType) -> str:
    low, high = literal(constraint.min_value, kind), literal(constraint.max_value, kind)
    if constraint.include_min and constraint.include_max:
        return _or_nan(f"{column} NOT BETWEEN {low} AND {high}", column, kind)
    below, above = ("<" if constraint.include_min else "<="), (">" if constraint.include_max else ">=")
    return _or_nan(f"({column} {below} {low} OR {column} {above} {high})", column, kind)


def _or_nan(sql: str, column: str, kind: pa.DataType) -> str:
    """NaN breaks it too: said even where it is the greatest number, since Parquet's statistics say it is not there."""
    return f"({sql} OR isnan({column}))" if pa.types.is_floating(kind) else sql


def _is_in(constraint: IsIn, column: str, kind: pa.DataType) -> str:
    values = [literal(value, kind) for value in dict.fromkeys(constraint.values)]
    is_looked_up = len(values) > _COMPARED_IN_TURN and isinstance(constraint.values[0], str)
    found = f"SELECT unnest([{', '.join(values)}])" if is_looked_up else ", ".join(values)
    return f"{column} {'IN' if constraint.forbidden else 'NOT IN'} ({found})"


def _str_matches(constraint: StrMatches, column: str, kind: pa.DataType) -> str:
    del kind
    if constraint.mode in ("startswith", "endswith"):
        return f"NOT {_AFFIX[constraint.mode]}({column}, {text(constraint.pattern)})"
    if constraint.mode == "matches" and _is_of_whole_text(constraint.pattern):
        whole = constraint.pattern[:-1]
        glob = glob_of(whole)
        return f"NOT ({column} GLOB {text(glob)})" if glob else f"NOT regexp_full_match({column}, {text(whole)})"
    # In a group that captures: DuckDB 2.0 takes some patterns without one, such as `^(?:)`, for an equality.
    start = r"\A" if constraint.mode == "matches" else ""
    return f"NOT regexp_matches({column}, {text(f'{start}({constraint.pattern})')})"


_AFFIX = {"startswith": "starts_with", "endswith": "ends_with"}


def _is_of_whole_text(pattern: str) -> bool:
    """Whether a pattern surely ends with the text: a full match takes two thirds of the time."""
    return pattern.endswith("$") and not pattern.endswith("\\$") and "|" not in pattern and "(?" not in pattern


def _str_length(constraint: StrLength, column: str, kind: pa.DataType) -> str:
    del kind
    low, high = constraint.min_value, constraint.max_value
    if high is None:
        return f"length({column}) < {low}"
    return f"length({column}) > {high}" if low is None else f"length({column}) NOT BETWEEN {low} AND {high}"


def _row_expression(constraint: RowExpression, column: str, kind: pa.DataType | None) -> str:
    del column, kind
    return f"NOT ({constraint.sql}\n)"  # the line break ends a comment


_WRITERS: Mapping[type[Constraint], Callable[[Any, str, Any], str]] = {
    NotNull: _not_null,
    Compare: _compare,
    InRange: _in_range,
    IsIn: _is_in,
    StrMatches: _str_matches,
    StrLength: _str_length,
    RowExpression: _row_expression,
}
