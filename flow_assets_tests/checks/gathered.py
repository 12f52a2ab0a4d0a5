"""States as a scan gathers them, for tests."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from flow_assets.checks.profile import ColumnProfile, Profile, merge
from flow_assets.checks.states import encode, state_expressions
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
    gathered = ", ".join(
        f"{sql} AS {alias}"
        for alias, sql in state_expressions(columns, dict.fromkeys(categories, expected), with_quantiles=with_quantiles)
    )
    numbered = [t.append_column("p", pa.repeat(pa.scalar(n), len(t))) for n, t in enumerate(partitions)]
    relation = connection.from_arrow(pa.concat_tables(numbered))
    found = relation.query("rows_", f"SELECT p, {gathered} FROM rows_ GROUP BY p").to_arrow_table()
    rows = {p: row for row, p in enumerate(found["p"].to_pylist())}
    return encode(found.take(pa.array([rows.get(n) for n in range(len(partitions))], pa.int64())), columns)


def profile(connection: duckdb.DuckDBPyConnection, *partitions: pa.Table, **options: object) -> Profile:
    return merge(connection, gather(connection, partitions, **options))  # type: ignore[arg-type]


def profile_column(connection: duckdb.DuckDBPyConnection, *partitions: pa.Array, **options: object) -> ColumnProfile:
    """The profile of the one column `x`."""
    tables = [pa.table({"x": values}) for values in partitions]
    (column,) = profile(connection, *tables, **options).columns
    return column
