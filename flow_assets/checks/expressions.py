"""Whether the SQL of row rules can be computed from a row and nothing else: bound in DuckDB before any data is seen."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa

from flow_assets.declaration import Dataset, Rule
from flow_assets.declaration.constraints import RowExpression
from flow_assets.errors import DefinitionError, sentence
from flow_assets.texts import first_line

_REFUSED = {
    "SUBQUERY": "a subquery reads other rows; use `references` or `partition_query`",
    "WINDOW": "a window reads other rows; use `partition_query`",
    "PARAMETER": "a parameter has no value here; write the value",
    "STAR": "write the columns' names instead of a star",
}


def require_sound_expressions(datasets: Iterable[Dataset]) -> None:
    """Bind every `row_rule` of `datasets` against a table without rows, on one connection; none where there is none.

    Raises:
        DefinitionError: an expression cannot be parsed, names no column of its dataset, is no condition, or depends on
            more than the row.
    """
    asked = [(d, rule) for d in datasets for rule in d.rules if isinstance(rule.constraint, RowExpression)]
    if not asked:
        return
    with duckdb.connect() as connection:
        binder = _Binder(connection)
        for dataset, rule in asked:
            if problem := binder.problem(_sql(rule), dataset.schema.arrow_schema()):
                raise DefinitionError(
                    f"{dataset.location}: dataset {dataset.name}: rule {rule.name}: {sentence(problem)}"
                )


def columns_of(connection: duckdb.DuckDBPyConnection, rule: Rule, columns: Iterable[str]) -> tuple[str, ...]:
    """The columns that a rule is about; of a row expression those it names."""
    if not isinstance(rule.constraint, RowExpression):
        return rule.columns
    parts = _parts(_tree(connection, _sql(rule)))
    named = {part["column_names"][0].lower() for part in parts if part["class"] == "COLUMN_REF"}
    return tuple(name for name in columns if name in rule.columns or name.lower() in named)


def _sql(rule: Rule) -> str:
    assert isinstance(rule.constraint, RowExpression)
    return rule.constraint.sql


class _Binder:
    """Asks DuckDB what it makes of expressions."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("SET TimeZone = 'UTC'")
        self._connection = connection

    def problem(self, sql: str, schema: pa.Schema) -> str | None:
        """Why an expression says nothing of a row by itself; None if it does."""
        try:
            expression = duckdb.SQLExpression(sql)
            if problem := self._dependence(_tree(self._connection, sql), schema.names):
                return f"{sql!r}: {problem}"
            rows = self._connection.from_arrow(schema.empty_table())
            (kind,) = rows.select(expression).types
            rows.filter(expression)  # where no aggregate can stand
        except duckdb.Error as error:
            return f"{sql!r} cannot be computed from a row: {first_line(error)}"
        return None if kind == "BOOLEAN" else f"{sql!r} is {kind} and not true or false; write a condition"

    def _dependence(self, tree: Any, columns: Sequence[str]) -> str | None:
        """What it would depend on beside its row: answers must be the same whenever they are asked for."""
        parts = list(_parts(tree))
        refused = (_REFUSED[part["class"]] for part in parts if part["class"] in _REFUSED)
        return next(refused, None) or _unknown(parts, columns) or self._volatile_call(parts)

    def _volatile_call(self, parts: Sequence[Mapping[str, Any]]) -> str | None:
        called = {part["function_name"] for part in parts if part["class"] == "FUNCTION"}
        found = sorted(called & self._volatile) if called else []
        return f"{', '.join(found)} answers otherwise each time" if found else None

    @cached_property
    def _volatile(self) -> frozenset[str]:
        query = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
        return frozenset(name for (name,) in self._connection.sql(query).fetchall())


def _unknown(parts: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str | None:
    """A name that is no column; `current_date` looks like one. So does the parameter of a lambda, left to DuckDB."""
    known = {name.lower() for name in columns}
    named = (part["column_names"][0] for part in parts if part["class"] == "COLUMN_REF")
    unknown = next((name for name in named if name.lower() not in known), None)
    if unknown is None or any(part["class"] == "LAMBDA" for part in parts):
        return None
    return f"there is no column {unknown}; there are {', '.join(columns)}"


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> Mapping[str, Any]:
    (row,) = connection.execute("SELECT json_serialize_sql(?)", [f"SELECT {sql}\n"]).fetchall()
    tree: Mapping[str, Any] = json.loads(row[0])
    return tree


def _parts(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every expression in a serialized query."""
    if isinstance(tree, Mapping):
        if "class" in tree:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _parts(part)
