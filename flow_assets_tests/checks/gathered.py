"""States as a scan gathers them, for tests."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from flow_assets.checks.profile import ColumnProfile, Profile, merge
from flow_assets.checks.scan import scan
from flow_assets.checks.states import complete, encode, state_expressions
from flow_assets.declaration import ColumnDeclaration


def declared(schema: pa.Schema) -> list[ColumnDeclaration]:
    return [ColumnDeclaration(field.name, field.type, True, "A column") for field in schema]


def gather(
    connection: duckdb.DuckDBPyConnection,
    partitions: Sequence[pa.Table],
    categories: Sequence[str] = (),
    with_quantiles: bool = True,
    expected: Sequence[str] = (),
) -> list[bytes]:
    """The states of tables of one schema, from one scan over all of them."""
    columns = declared(partitions[0].schema)
    wanted = dict.fromkeys(categories, expected)
    expressions = state_expressions(columns, wanted, with_quantiles=with_quantiles, only_expected=bool(expected))

    def count(numbers: Sequence[int], asked: Sequence[tuple[str, str]]) -> pa.Table:
        return scan(connection, {str(number): partitions[number] for number in numbers}, asked)

    found = count(range(len(partitions)), expressions)
    return encode(complete(found, columns, wanted, count) if expected else found, columns)


def profile(connection: duckdb.DuckDBPyConnection, *partitions: pa.Table, **options: object) -> Profile:
    return merge(connection, gather(connection, partitions, **options))  # type: ignore[arg-type]


def profile_column(connection: duckdb.DuckDBPyConnection, *partitions: pa.Array, **options: object) -> ColumnProfile:
    """The profile of the one column `x`."""
    tables = [pa.table({"x": values}) for values in partitions]
    (column,) = profile(connection, *tables, **options).columns
    return column
