"""Queries over one partition, which see nothing but its rows: no file, no table, no variable of Python's."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from flow_assets.checks.results import RuleResult
from flow_assets.declaration import Dataset, Rule
from flow_assets.declaration.partition_constraints import PartitionQuery
from flow_assets.errors import DefinitionError, RuleError, sentence
from flow_assets.texts import first_line

_NAME = "rows"
_SAMPLE = 5
_SEALED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
}
_RESOURCES = ("threads", "memory_limit", "temp_directory")
_NOT_OF_THE_QUERY = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InterruptException)
"""What may happen to any query, and may not happen again."""


@contextmanager
def sealed_connection(like: duckdb.DuckDBPyConnection | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that can reach nothing outside of it; opening it takes 20 ms, so open one for many.

    Args:
        like: it may use as many threads, as much memory and the temporary files that this may use.
    """
    with duckdb.connect(":memory:", config={**_SEALED, **(_resources(like) if like else {})}) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET lock_configuration = true")
        yield connection


def _resources(connection: duckdb.DuckDBPyConnection) -> dict[str, str | bool | int | float | list[str]]:
    asked = ", ".join(f"current_setting('{name}')" for name in _RESOURCES)
    (found,) = connection.execute(f"SELECT {asked}").fetchall()
    return dict(zip(_RESOURCES, found, strict=True))


def inspect_query(
    rule: Rule, table: pa.Table, connection: duckdb.DuckDBPyConnection
) -> tuple[RuleResult, pa.Table | None]:
    """Whether the query of `rule` returns nothing of the rows of `table`, and else the first of it.

    Raises:
        RuleError: it has no answer for these rows.
        duckdb.Error: it was interrupted, or the machine has not enough memory or space for it.
    """
    assert isinstance(rule.constraint, PartitionQuery)
    try:
        returned = _interruptibly(rule.constraint.sql, table, connection)
    except _NOT_OF_THE_QUERY:
        raise
    except duckdb.Error as error:
        raise RuleError(f"Rule {rule.name} cannot be asked of these rows: {sentence(first_line(error))}") from error
    failed = len(returned)
    if not failed:
        return RuleResult(0, 1), None
    # What a query returns need not be rows of the partition, and is no share of them.
    return RuleResult(1, 1, f"{failed} row{'' if failed == 1 else 's'} returned"), returned.slice(0, _SAMPLE)


def require_answerable_queries(datasets: Iterable[Dataset]) -> None:
    """Try every `partition_query` of `datasets` on no rows; nothing is opened where there is none.

    Raises:
        DefinitionError: a query does not parse, is not one SELECT, or asks for what is not there.
    """
    asked = [
        (d, rule, rule.constraint) for d in datasets for rule in d.rules if isinstance(rule.constraint, PartitionQuery)
    ]
    if not asked:
        return
    with sealed_connection() as connection:
        for dataset, rule, constraint in asked:
            if problem := _problem(constraint.sql, dataset.schema.arrow_schema(), connection):
                raise DefinitionError(
                    f"{dataset.location}: dataset {dataset.name}: rule {rule.name}: {sentence(problem)}"
                )


def _problem(sql: str, schema: pa.Schema, connection: duckdb.DuckDBPyConnection) -> str | None:
    try:
        kinds = [statement.type for statement in connection.extract_statements(sql)]
        if kinds != [duckdb.StatementType.SELECT]:
            return f"the query must be one SELECT over the partition, which is called {_NAME}"
        _run(sql, schema.empty_table(), connection)
    except duckdb.Error as error:
        return f"the query cannot be answered from {_NAME}: {first_line(error)}"
    return None


def _interruptibly(sql: str, table: pa.Table, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Run it on another thread, because a signal's exception finds no way into DuckDB."""
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(_run, sql, table, connection)
        try:
            return running.result()
        except BaseException:
            connection.interrupt()
            raise


def _run(sql: str, table: pa.Table, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    connection.register(_NAME, table)
    try:
        return connection.sql(sql).to_arrow_table()
    finally:
        connection.unregister(_NAME)
