"""What is kept of a partition so that a profile of any range needs no rows: DuckDB's aggregate states, as bytes.

The layout of a state, and the hash beneath the distinct counts, are internal to DuckDB: states belong to the version
that made them, and states of another one are made again from the data. One partition's states are an Arrow record
batch with a row for the partition and one for each column; its schema is the same for all datasets, so it is left out.
"""

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.checks.categories import Count, categories_of, expected_of, with_unexpected
from flow_assets.checks.history import is_categorical
from flow_assets.checks.kinds import Kind, kind_of, parts_of, plain_type
from flow_assets.checks.literals import identifier
from flow_assets.checks.sampling import with_all_weight
from flow_assets.declaration import ColumnDeclaration, Dataset
from flow_assets.declaration.constraints import Constraint, IsIn
from flow_assets.declaration.partition_constraints import NoDrift
from flow_assets.errors import StoreError

STATES_VERSION = 1
"""Raise it when the states of the same rows would be gathered or written otherwise."""

MOST_CATEGORIES = 50
"""So many of a column's values are counted one by one in each partition, the most frequent ones."""

FORMAT = f"flow_assets states {STATES_VERSION}, duckdb {duckdb.__version__}\n".encode()

_WHOLE = pa.decimal128(38, 0)
_CATEGORY = pa.struct([("value", pa.string()), ("count", pa.int64())])
_CENTROID = pa.struct([("mean", pa.float64()), ("weight", pa.float64())])
_LAYOUTS: dict[str, pa.DataType] = {
    "moments": pa.struct([("count", pa.uint64()), ("mean", pa.float64()), ("dsquared", pa.float64())]),
    "approx_distinct": pa.struct([("precision", pa.uint8()), ("registers", pa.list_(pa.uint8()))]),
    "quantiles": pa.struct(
        [("count", pa.uint64()), ("min", pa.float64()), ("max", pa.float64()), ("centroids", pa.list_(_CENTROID))]
    ),
}
SCHEMA = pa.schema(
    {
        "name": pa.string(),
        "type": pa.string(),
        "position": pa.int32(),
        "partitions": pa.int64(),
        "rows": pa.int64(),
        "count": pa.int64(),
        "nan": pa.int64(),
        "trues": pa.int64(),
        "least_whole": _WHOLE,
        "greatest_whole": _WHOLE,
        "least_real": pa.float64(),
        "greatest_real": pa.float64(),
        "least_text": pa.string(),
        "greatest_text": pa.string(),
        "total": _WHOLE,
        **_LAYOUTS,
        "categories": pa.list_(_CATEGORY),
    }
)
"""The states of one partition: first of itself, without a name, then of its columns.

Whole numbers, decimals (without their point) and times (in the column's unit) share `least_whole`, `greatest_whole` and
`total`. `partitions` is 1; merged states are of the same form.
"""

_CODEC = pa.Codec("zstd", compression_level=3)
_LENGTH_BYTES = 4


def state_expressions(
    columns: Sequence[ColumnDeclaration],
    categories: Mapping[str, Sequence[str]] | None = None,
    *,
    with_quantiles: bool = True,
    only_expected: bool = False,
    sampled: str | None = None,
) -> list[tuple[str, str]]:
    """What a scan has to compute for each partition: alias and aggregate, for DuckDB.

    NaN is counted apart, and is neither the least nor the greatest; mean, deviation and quantiles are those of finite
    values. Of texts the least and the greatest keep their first 64 characters. Of nested values, and of others that
    DuckDB does not order, only the count is taken.

    Args:
        columns: of which columns.
        categories: columns whose values are counted one by one as well, each with the texts that are expected there.
        with_quantiles: whether to gather sketches of the quantiles, which cost more than all the rest.
        only_expected: leave texts that are not expected to `complete`.
        sampled: a condition, in SQL; quantiles are sketched from the rows alone for which it is true.
    """
    found = [("state_rows", "count(*)")]
    for number, column in enumerate(columns):
        quoted = identifier(column.name)
        parts = {"count": f"count({quoted})", **parts_of(column.type, quoted, sampled)}
        if categories and column.name in categories:
            expected = categories[column.name] if only_expected else ()
            parts["categories"] = expected_of(column.type, quoted, expected)
        if not with_quantiles:
            parts.pop("quantiles", None)
        found += [(_alias(number, part), sql) for part, sql in parts.items()]
    return found


def complete(
    found: pa.Table, columns: Sequence[ColumnDeclaration], categories: Mapping[str, Sequence[str]], count: Count
) -> pa.Table:
    """What `state_expressions` found with `only_expected`, and the texts that were not expected.

    Args:
        found: a row a partition.
        columns: as they were given to `state_expressions`.
        categories: as they were given.
        count: scans some of the partitions once more; asked only where there is anything unexpected.
    """
    for number, column in enumerate(columns):
        if categories.get(column.name):
            alias = _alias(number, "categories")
            values = found.column(_alias(number, "count")).to_pylist()
            wanted = (alias, categories_of(column.type, identifier(column.name)))
            maps = with_unexpected(found.column(alias), values, wanted, count)
            found = found.set_column(found.schema.get_field_index(alias), alias, maps)
    return found


def category_columns(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """The columns whose values are counted one by one: those whose rules name the values or watch how they are spread.

    States are gathered for all rules, whichever are asked: the next partitions are compared with these.

    Returns:
        Column to the texts that its rules expect. A set that is forbidden says nothing of how many others there are.
    """
    found: dict[str, tuple[str, ...]] = {}
    types = {column.name: column.type for column in dataset.schema.columns()}
    for rule in dataset.rules:
        expected = _expected(rule.constraint, types[rule.columns[0]]) if rule.columns else None
        if expected is not None:
            found[rule.columns[0]] = tuple(dict.fromkeys((*found.get(rule.columns[0], ()), *expected)))
    return found


def encode(found: pa.Table, columns: Sequence[ColumnDeclaration]) -> list[bytes]:
    """The states of each row of `found`, which is one partition's.

    Args:
        found: what the scan computed, with the aliases of `state_expressions`. A row of nulls is a partition without
            rows; an alias that is missing was not gathered.
        columns: as they were given to `state_expressions`.
    """
    partitions, height = found.num_rows, len(columns) + 1
    gathered = {name: _whole_array(values) for name, values in zip(found.column_names, found.columns, strict=True)}
    parts = [_partition_rows(gathered), *(_column_rows(gathered, number, c) for number, c in enumerate(columns))]
    whole = pa.concat_tables([pa.table(p, schema=SCHEMA) for p in parts]).combine_chunks()
    order = np.arange(height * partitions).reshape(height, partitions).T.ravel()
    table = whole.take(pa.array(order)).combine_chunks()
    batch = (table.to_batches() or [pa.RecordBatch.from_pylist([], SCHEMA)])[0]
    return [_to_bytes(batch.slice(number * height, height)) for number in range(partitions)]


def is_readable(encoded: bytes) -> bool:
    """Whether these states were made by this version of ours and of DuckDB; others are made again from the data."""
    return encoded.startswith(FORMAT)


def decode(encoded: Sequence[bytes]) -> pa.Table:
    """The states of several partitions, one after the other; see `SCHEMA`.

    Raises:
        StoreError: they were made by another version, or are damaged.
    """
    return pa.Table.from_batches([_from_bytes(states) for states in encoded], SCHEMA)


def _partition_rows(gathered: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    rows = pc.fill_null(gathered["state_rows"], 0)
    return _filled(len(rows), {"rows": rows, "count": rows}, "", "", 0)


def _column_rows(gathered: Mapping[str, pa.Array], number: int, column: ColumnDeclaration) -> dict[str, pa.Array]:
    """One column's states, a row a partition."""
    parts = {
        part: gathered[alias]
        for part in ("count", "nan", "trues", "total", "categories", "least", "greatest", *_LAYOUTS)
        if (alias := _alias(number, part)) in gathered
    }
    for part in ("least", "greatest"):
        if part in parts:
            field, values = _end(parts.pop(part), plain_type(column.type))
            parts[f"{part}_{field}"] = values
    if "total" in parts:
        parts["total"] = _whole(parts["total"])
    if "categories" in parts:
        parts["categories"] = _most_frequent(parts["categories"])
    parts |= {part: pc.fill_null(parts[part], 0) for part in ("count", "nan", "trues") if part in parts}
    if "quantiles" in parts:
        values = parts["moments"].field("count") if "moments" in parts else parts["count"]  # only finite ones
        parts["quantiles"] = with_all_weight(parts["quantiles"].cast(_LAYOUTS["quantiles"]), values)
    parts["rows"] = pc.fill_null(gathered["state_rows"], 0)
    return _filled(len(parts["rows"]), parts, column.name, str(plain_type(column.type)), number + 1)


def _whole_array(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array; the one that it has is not copied."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _filled(
    partitions: int, parts: Mapping[str, pa.Array], name: str, type_: str, position: int
) -> dict[str, pa.Array]:
    same = {"name": name, "type": type_, "position": position, "partitions": 1}
    arrays = {key: pa.repeat(pa.scalar(value, SCHEMA.field(key).type), partitions) for key, value in same.items()}
    arrays |= {key: values.cast(SCHEMA.field(key).type) for key, values in parts.items()}
    return {field.name: arrays.get(field.name, pa.nulls(partitions, field.type)) for field in SCHEMA}


def _end(values: pa.Array, declared: pa.DataType) -> tuple[str, pa.Array]:
    """The least or the greatest values of a column, and which of the three fields they belong to."""
    kind = kind_of(declared)
    if kind is Kind.TEXT:
        return "text", values.cast(pa.string())
    if kind is Kind.REAL:
        real = values.cast(pa.float64())
        return "real", pc.if_else(pc.is_nan(real), pa.scalar(None, pa.float64()), real)
    return "whole", _whole(values.cast(declared))  # DuckDB has its own time zone and fewer units


def _whole(values: pa.Array) -> pa.Array:
    """Numbers without their decimal point, times as the number of their units."""
    if pa.types.is_decimal(values.type):
        return values.cast(pa.decimal128(38, values.type.scale)).view(_WHOLE)
    is_short = pa.types.is_date32(values.type) or pa.types.is_time32(values.type)
    numbers = values if pa.types.is_integer(values.type) else values.cast(pa.int32() if is_short else pa.int64())
    return numbers.cast(_WHOLE)


def _most_frequent(maps: pa.Array) -> pa.Array:
    counted = ([] if values is None else values for values in maps.to_pylist())
    there = ([pair for pair in values if pair[1]] for values in counted)  # what is expected need not be there
    kept = (sorted(values, key=lambda pair: (-pair[1], pair[0]))[:MOST_CATEGORIES] for values in there)
    return pa.array([[{"value": v, "count": n} for v, n in values] for values in kept], pa.list_(_CATEGORY))


def _to_bytes(batch: pa.RecordBatch) -> bytes:
    message = batch.serialize()
    compressed: bytes = _CODEC.compress(message, asbytes=True)
    return FORMAT + int(message.size).to_bytes(_LENGTH_BYTES, "little") + compressed


def _from_bytes(encoded: bytes) -> pa.RecordBatch:
    if not is_readable(encoded):
        made = encoded.partition(b"\n")[0][: len(FORMAT)].decode(errors="replace")
        raise StoreError(f"States of {made!r} cannot be read by {FORMAT.decode().strip()!r}; make them from the data.")
    start = len(FORMAT) + _LENGTH_BYTES
    length = int.from_bytes(encoded[len(FORMAT) : start], "little")
    try:
        return pa.ipc.read_record_batch(_CODEC.decompress(memoryview(encoded)[start:], length), SCHEMA)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"States are damaged ({error}); make them again from the data.") from error


def _expected(constraint: Constraint, type_: pa.DataType) -> tuple[str, ...] | None:
    """The texts that a column should hold; None where a rule does not ask for its values, which may be many."""
    if isinstance(constraint, IsIn) and not constraint.forbidden:
        return tuple(value for value in constraint.values if isinstance(value, str))
    return () if isinstance(constraint, NoDrift) and is_categorical(constraint, type_) else None


def _alias(number: int, part: str) -> str:
    return f"state_{number}_{part}"
