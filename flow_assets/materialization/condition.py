"""Whether a text is a condition on rows: one that holds or not of each row alone, and the same each time."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from flow_assets.errors import QueryError


def filter_rows(
    relation: duckdb.DuckDBPyRelation, where: str, connection: duckdb.DuckDBPyConnection
) -> duckdb.DuckDBPyRelation:
    """The rows of `relation` of which `where` holds.

    Raises:
        QueryError: `where` is no condition on its columns, or would not choose the same rows each time.
    """
    expression = f"({where}\n)"  # on a line of its own, for it may end in a comment
    try:
        _require_constant(where, expression, set(relation.columns), connection)
        kinds = relation.project(expression).types
        if [str(kind) for kind in kinds] != ["BOOLEAN"]:
            raise _problem(where, f"it is {', '.join(map(str, kinds))}, and not true or false.")
        return relation.filter(expression)
    except duckdb.Error as error:
        raise unanswerable(where, error) from error


def unanswerable(where: str, error: duckdb.Error) -> QueryError:
    """What to say of a condition that DuckDB refuses."""
    return _problem(where, str(error).partition("\n\nLINE")[0].strip())


def _require_constant(where: str, expression: str, columns: set[str], connection: duckdb.DuckDBPyConnection) -> None:
    tree = json.loads(_value(connection, "SELECT json_serialize_sql(?::VARCHAR)", f"SELECT {expression}"))
    if tree["error"]:
        raise _problem(where, tree["error_message"])
    nodes = list(_nodes(tree))
    if any(node.get("class") == "SUBQUERY" for node in nodes):
        raise _problem(where, "it holds a subquery; use the dataset's columns alone, or filter what `duckdb()` gives.")
    called = {node["function_name"].lower() for node in nodes if "function_name" in node}
    # `current_date` is written like a column.
    called |= {node["column_names"][-1].lower() for node in nodes if "column_names" in node} - columns
    unstable = json.loads(
        _value(
            connection, "SELECT to_json(list(function_name)) FROM duckdb_functions() WHERE stability <> ?", "CONSISTENT"
        )
    )
    if changing := sorted(called & {*unstable, "ago"}):
        raise _problem(where, f"{', '.join(changing)} differs each time, and a version's rows must not.")


def _value(connection: duckdb.DuckDBPyConnection, sql: str, parameter: str) -> str:
    rows: list[tuple[str]] = connection.execute(sql, [parameter]).fetchall()
    return rows[0][0]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(child)


def _problem(where: str, what: str) -> QueryError:
    return QueryError(f"where={where!r} cannot be used: {what}")
