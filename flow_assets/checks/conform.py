"""Makes a result what its schema declares, or says in which row it cannot be."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.declaration import ColumnDeclaration, Dataset
from flow_assets.errors import SchemaMismatchError

CONFORM_VERSION = 1
"""Raise it when the same result would be cast, rounded or sorted otherwise."""


def conform(table: pa.Table, dataset: Dataset, sort_by: Sequence[str]) -> pa.Table:
    """Cast `table` to the dataset's schema, round what declares digits, and sort by `sort_by`.

    Raises:
        SchemaMismatchError: a column is missing or undeclared, or a value cannot be cast without loss.
    """
    declared = dataset.schema.columns()
    _require_columns(table.column_names, [c.name for c in declared], dataset)
    columns = [_round(_cast(table.column(c.name), c, dataset), c, dataset) for c in declared]
    return _sort(pa.Table.from_arrays(columns, schema=dataset.schema.arrow_schema()), sort_by)


def _require_columns(found: Sequence[str], declared: Sequence[str], dataset: Dataset) -> None:
    missing, unknown = sorted(set(declared) - set(found)), sorted(set(found) - set(declared))
    repeated = sorted({name for name in found if list(found).count(name) > 1})
    for names, what in ((missing, "does not return"), (unknown, "returns undeclared"), (repeated, "returns twice")):
        if names:
            raise SchemaMismatchError(
                f"{dataset.name} {what} {', '.join(names)}; {dataset.schema.__name__} declares {', '.join(declared)}."
            )


def _cast(column: pa.ChunkedArray, declared: ColumnDeclaration, dataset: Dataset) -> pa.ChunkedArray:
    if column.type == declared.type:
        return column
    if column.null_count == len(column):  # a frame without values may have columns of any type
        return pa.chunked_array([pa.nulls(len(column), declared.type)])
    try:
        cast = column.cast(declared.type, safe=True)
        _require_finite(column, cast)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        where = _first_uncastable(column, declared.type)
        raise SchemaMismatchError(
            f"{dataset.name}: column {declared.name} is declared {declared.type}, but {where or error}."
        ) from error
    return cast


def _require_finite(column: pa.ChunkedArray, cast: pa.ChunkedArray) -> None:
    """Arrow makes infinity of a text like `1e400`.

    Raises:
        pa.ArrowInvalid: a text that does not say infinity became it.
    """
    if pa.types.is_floating(cast.type) and (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        is_lost = pc.and_(pc.is_inf(cast), pc.invert(pc.match_substring(column, "inf", ignore_case=True)))
        if (row := pc.index(is_lost, True).as_py()) >= 0:
            raise pa.ArrowInvalid(f"row {row + 1} holds {column[row].as_py()!r}, which is too large")


def _first_uncastable(column: pa.ChunkedArray, target: pa.DataType) -> str | None:
    """Bisect for the first value that cannot be cast; None if every value can alone."""
    low, high = 0, len(column)
    while low < high:
        middle = (low + high) // 2
        if _is_castable(column.slice(low, middle - low + 1), target):
            low = middle + 1
        else:
            high = middle
    return None if low >= len(column) else f"row {low + 1} holds {column[low].as_py()!r}"


def _is_castable(column: pa.ChunkedArray, target: pa.DataType) -> bool:
    try:
        column.cast(target, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def _round(column: pa.ChunkedArray, declared: ColumnDeclaration, dataset: Dataset) -> pa.ChunkedArray:
    if declared.digits is None:
        return column
    try:
        return pc.round(column, ndigits=declared.digits)
    except pa.ArrowInvalid as error:
        raise SchemaMismatchError(
            f"{dataset.name}: column {declared.name} holds a number too large for its {declared.digits} digits."
        ) from error


def _sort(table: pa.Table, sort_by: Sequence[str]) -> pa.Table:
    if len(table) < 2 or _is_sorted_by_one_integer(table, sort_by):
        return table.combine_chunks()
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in sort_by])
    return table.take(order).combine_chunks()


def _is_sorted_by_one_integer(table: pa.Table, sort_by: Sequence[str]) -> bool:
    column = table.column(sort_by[0])
    if len(sort_by) > 1 or not pa.types.is_integer(column.type) or column.null_count:
        return False
    values = column.to_numpy()
    return bool(np.all(values[1:] >= values[:-1]))  # a difference could overflow
