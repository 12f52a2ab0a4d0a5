"""Which columns of its inputs a column is made from, read off the one query that makes the dataset.

A function that only words a query, `return departures.query(name, sql)`, is called with stand-ins that take note of it;
no other function is called. DuckDB says which columns the query has, on empty tables; sqlglot resolves them. Both must
agree. What is not certain is left out: a column without sources is one of which nothing is known.

A source is what a column's value is worded with, also within windows, filters of aggregates and conditions of CASE.
What only chooses or joins rows (WHERE, ON, GROUP BY) is no source.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

import duckdb
from pydantic import BaseModel

from flow_assets.declaration import Dataset, DatasetGraph, DatasetSchema, Frame, PartitionContext, partition_keys
from flow_assets.materialization.resolve import Resolver


class ColumnSource(NamedTuple):
    """A column of an input."""

    dataset: str
    column: str


class Query(NamedTuple):
    """What a function asks of DuckDB: `sql`, in which the relation `input` may be called `alias`."""

    input: str
    alias: str
    sql: str


def column_lineage(
    dataset: Dataset, graph: DatasetGraph, config: BaseModel | None = None
) -> dict[str, tuple[ColumnSource, ...]]:
    """Column to the columns of inputs it is made from, for those of which that is certain.

    Args:
        dataset: whose columns.
        graph: where its inputs are declared.
        config: what its function is called with, if it takes a config.
    """
    query = worded_query(dataset, config)
    if query is None:
        return {}
    inputs = {**{name: name for name in dataset.ins}, query.alias: query.input}
    tables = {name: graph.get(read).schema for name, read in inputs.items()}
    columns = _result_columns(query.sql, tables)
    resolver = Resolver.of(query.sql, {name: [c.name for c in schema.columns()] for name, schema in tables.items()})
    if resolver is None or resolver.columns != [name.lower() for name in columns]:
        return {}
    found = {
        name: {ColumnSource(inputs[table], column) for table, column in resolver.sources(number)}
        for number, name in enumerate(columns)
    }
    return {name: tuple(sorted(sources)) for name, sources in found.items() if sources}


def worded_query(dataset: Dataset, config: BaseModel | None) -> Query | None:
    """The query that makes `dataset`, as its function words it for the first partition; None if it does more."""
    keys = partition_keys(dataset.partitions)[:1]
    if not keys or not dataset.ins or set(dataset.frames.values()) != {Frame.DUCKDB} or not _only_words(dataset):
        return None
    asked: list[Query] = []
    arguments: dict[str, Any] = {name: _Input(name, asked) for name in dataset.ins}
    if dataset.config:
        arguments[dataset.config[0]] = config
    if dataset.context:
        arguments[dataset.context] = PartitionContext.of(dataset.partitions, keys)
    try:
        answer = dataset.function(**arguments)
    except Exception:  # noqa: BLE001  whatever it does with a stand-in, it does more than to word a query
        return None
    return asked[0] if len(asked) == 1 and answer is asked[0] else None


class _Input:
    """Stands for an input: it takes note of what is asked of it, and can do nothing else."""

    def __init__(self, name: str, asked: list[Query]) -> None:
        self._name = name
        self._asked = asked

    def query(self, virtual_table_name: str, sql_query: str) -> Query:
        self._asked.append(Query(self._name, virtual_table_name, sql_query))
        return self._asked[-1]


def _only_words(dataset: Dataset) -> bool:
    """Whether the function is some assignments and `return <input>.query(...)`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(dataset.function)))
    except (OSError, TypeError, SyntaxError):
        return False
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef) or hasattr(dataset.function, "__wrapped__"):
        return False
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return all(isinstance(s, ast.Assign | ast.AnnAssign) for s in body[:-1]) and _is_query(body[-1], set(dataset.ins))


def _is_query(statement: ast.stmt, inputs: set[str]) -> bool:
    call = statement.value if isinstance(statement, ast.Return) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "query"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in inputs
    )


def _result_columns(sql: str, tables: Mapping[str, type[DatasetSchema]]) -> list[str]:
    """The columns DuckDB gives the result; none if it refuses the query. Nothing is read, and no file is opened."""
    config = {"python_enable_replacements": False, "enable_external_access": False, "TimeZone": "UTC"}
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, value in config.items():
            connection.execute(f"SET {name} = '{value}'")
        for name, schema in tables.items():
            connection.register(name, schema.arrow_schema().empty_table())
        try:
            statements = connection.extract_statements(sql)
            if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
                return []
            return list(connection.sql(sql).columns)
        except duckdb.Error:
            return []
