"""Which rows are repeated in the same partition, exactly; a null equals a null, a NaN a NaN, and -0.0 is 0.0."""

from collections.abc import Sequence

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.checks.literals import identifier
from flow_assets.checks.scan import registered

Mask = npt.NDArray[np.bool_]
ROW = "__row"


def repeats_previous(table: pa.Table, columns: Sequence[str]) -> Mask:
    """Whether each row equals the one above it in `columns`; never the first."""
    rows = len(table)
    is_same = np.ones(rows, dtype=bool)
    is_same[:1] = False
    for name in columns if rows > 1 else ():
        column = table.column(name)
        is_same[1:] &= _equal(column.slice(0, rows - 1), column.slice(1)).to_numpy()
    return is_same


def _equal(before: pa.ChunkedArray, after: pa.ChunkedArray) -> pa.ChunkedArray:
    equal = pc.fill_null(pc.equal(before, after), False)
    if pa.types.is_floating(before.type):
        equal = pc.or_(equal, pc.fill_null(pc.and_(pc.is_nan(before), pc.is_nan(after)), False))
    return pc.or_(equal, pc.and_(pc.is_null(before), pc.is_null(after))) if before.null_count else equal


def repeated_sorted(table: pa.Table, columns: Sequence[str]) -> Mask:
    """Whether each row equals another in `columns`, of a table in which equal ones are neighbours."""
    is_same = repeats_previous(table, columns)
    is_same[:-1] |= is_same[1:].copy()
    return is_same


def repeated(connection: duckdb.DuckDBPyConnection, table: pa.Table, columns: Sequence[str]) -> Mask:
    """Whether each row equals another in `columns`, of a table in any order."""
    names = [identifier(name) for name in columns]
    wanted = table.select(list(columns)).append_column(ROW, pa.array(np.arange(len(table))))
    same = " AND ".join(f"of_all.{name} IS NOT DISTINCT FROM twice.{name}" for name in names)
    key = ", ".join(names)
    query = (
        f"WITH twice AS (SELECT {key} FROM of_all GROUP BY {key} HAVING count(*) > 1) "
        f"SELECT {ROW} FROM of_all SEMI JOIN twice ON {same}"
    )
    with registered(connection, of_all=wanted):
        return mask_of(connection.sql(query).to_arrow_table().column(0), len(table))


def mask_of(rows: pa.ChunkedArray, length: int) -> Mask:
    """Truth for each of the rows, of a table of `length`."""
    mask = np.zeros(length, dtype=bool)
    mask[rows.to_numpy()] = True
    return mask
