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
_INTEGERS = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}


def repeats_previous(table: pa.Table, columns: Sequence[str]) -> Mask:
    """Whether each row equals the one above it in `columns`; never the first."""
    rows = len(table)
    is_same = np.ones(rows, dtype=bool)
    is_same[:1] = False
    for name in columns if rows > 1 else ():
        column = table.column(name)
        is_same[1:] &= _neighbours(column) if _is_of_integers(column) else _equal(column)
    return is_same


def _is_of_integers(column: pa.ChunkedArray) -> bool:
    kind = column.type
    is_integer = pa.types.is_integer(kind) or (pa.types.is_temporal(kind) and not pa.types.is_interval(kind))
    return is_integer and not column.null_count


def _neighbours(column: pa.ChunkedArray) -> Mask:
    """`_equal` of integers, which are compared where they are: a tenth of its time."""
    found = np.empty(len(column), dtype=bool)
    start, last = 0, None
    for chunk in (chunk for chunk in column.chunks if len(chunk)):
        values = chunk.view(_INTEGERS[chunk.type.bit_width]).to_numpy()
        found[start] = last is not None and values[0] == last
        np.equal(values[1:], values[:-1], out=found[start + 1 : start + len(values)])
        start, last = start + len(values), values[-1]
    return found[1:]


def _equal(column: pa.ChunkedArray) -> Mask:
    """Whether each value but the first equals the one above it."""
    before, after = column.slice(0, len(column) - 1), column.slice(1)
    equal = pc.fill_null(pc.equal(before, after), False)
    if pa.types.is_floating(before.type):
        equal = pc.or_(equal, pc.fill_null(pc.and_(pc.is_nan(before), pc.is_nan(after)), False))
    if before.null_count:
        equal = pc.or_(equal, pc.and_(pc.is_null(before), pc.is_null(after)))
    found: Mask = equal.to_numpy()
    return found


def repeated_sorted(table: pa.Table, columns: Sequence[str]) -> Mask:
    """Whether each row equals another in `columns`, of a table in which equal ones are neighbours."""
    is_same = repeats_previous(table, columns)
    np.logical_or(is_same[:-1], is_same[1:], out=is_same[:-1])
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
