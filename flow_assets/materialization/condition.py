"""Whether a text is a condition on rows: one that holds or not of each row alone, and the same each time."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from flow_assets.errors import QueryError

_UNSTABLE = r"""
SELECT function_name FROM duckdb_functions() WHERE stability <> ? OR macro_definition SIMILAR TO '(.*\W)?current_.*'
OR (parameters = [] AND return_type SIMILAR TO '(DATE|TIME).*')
"""
"""DuckDB calls some that tell the time consistent; a macro may hold one."""


def require_condition(where: str, relation: duckdb.DuckDBPyRelation, connection: duckdb.DuckDBPyConnection) -> None:
    """Make sure that `where` chooses rows of `relation`, and the same ones each time.

    Raises:
        QueryError: it does not.
    """
    try:
        tree = _parsed(where, connection)
        kinds = relation.project(_enclosed(where)).types
        _require_constant(where, tree, {name.lower() for name in relation.columns}, connection)
    except duckdb.Error as error:
        raise unanswerable(where, error) from error
    if [str(kind) for kind in kinds] != ["BOOLEAN"]:
        raise _problem(where, f"it is {', '.join(map(str, kinds))}, and not true or false.")


def rows_where(relation: duckdb.DuckDBPyRelation, where: str) -> duckdb.DuckDBPyRelation:
    """The rows of `relation` for which `where` holds."""
    try:
        return relation.filter(_enclosed(where))
    except duckdb.Error as error:
        raise unanswerable(where, error) from error


def unanswerable(where: str, error: duckdb.Error) -> QueryError:
    """What to say of a condition that DuckDB refuses."""
    return _problem(where, str(error).partition("\n\nLINE")[0].strip())


def _enclosed(where: str) -> str:
    return f"({where}\n)"  # on a line of its own, for it may end in a comment


def _parsed(where: str, connection: duckdb.DuckDBPyConnection) -> Any:
    """The condition's syntax tree."""
    tree = json.loads(_value(connection, "SELECT json_serialize_sql(?::VARCHAR)", f"SELECT {_enclosed(where)}"))
    if tree["error"]:
        raise _problem(where, tree["error_message"])
    if any(node.get("class") == "SUBQUERY" for node in _nodes(tree)):
        raise _problem(where, "it holds a subquery; use the dataset's columns alone, or filter what `duckdb()` gives.")
    return tree


def _require_constant(where: str, tree: Any, columns: set[str], connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse what is neither made of columns nor always the same."""
    unstable = set(
        json.loads(_value(connection, f"SELECT to_json(list(function_name)) FROM ({_UNSTABLE})", "CONSISTENT"))
    )
    called = {node["function_name"].lower() for node in _nodes(tree) if "function_name" in node}
    since_now = {
        "age" for node in _nodes(tree) if node.get("function_name", "").lower() == "age" and len(node["arguments"]) == 1
    }
    if changing := sorted(called & unstable | since_now | set(_not_columns(tree, columns))):
        raise _problem(where, f"{', '.join(changing)} differs each time, and a version's rows must not.")


def _not_columns(tree: Any, known: set[str]) -> Iterator[str]:
    """What is written like a column and is none, such as `current_timestamp`; `known` are columns and parameters."""
    if isinstance(tree, dict):
        if tree.get("class") == "LAMBDA":
            known = known | {n["column_names"][-1].lower() for n in _nodes(tree["lhs"]) if "column_names" in n}
        if "column_names" in tree and not known & {name.lower() for name in tree["column_names"]}:
            yield tree["column_names"][-1].lower()
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _not_columns(child, known)


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
