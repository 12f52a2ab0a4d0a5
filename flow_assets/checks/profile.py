"""What a dataset's columns hold over any range of partitions, told from their states without reading a row."""

import math
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flow_assets.checks.kinds import Kind, kind_of, quantile_type, time_value
from flow_assets.checks.states import SCHEMA, decode

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

Value = int | float | str | Decimal | date | datetime | time
"""What the least and the greatest are; a time that Python has no value for is a text."""

_AT_ONCE = 500
"""Partitions whose states are merged together; with sketches each column takes up to 3 KiB."""

_DIGITS = 40
"""More than any sum of whole numbers or decimals has."""

_SUMS = {**dict.fromkeys(("partitions", "rows", "count", "nan", "trues"), "BIGINT"), "total": "DECIMAL(38, 0)"}
_ENDS = ("whole", "real", "text")
_STATES = {
    "moments": "'stddev_samp', ['DOUBLE']",
    "approx_distinct": "'approx_count_distinct', ['ANY']",
    "quantiles": f"'approx_quantile', ['DOUBLE', 'FLOAT[]'], [NULL, {list(QUANTILES)}]",
}
_MENDED_QUANTILES = """CASE WHEN quantiles.count > 0 THEN struct_pack(
    count := quantiles.count,
    min := quantiles.min,
    max := CASE WHEN quantiles.max > 2.3e-308 THEN quantiles.max
        ELSE coalesce(list_max(list_transform(quantiles.centroids, lambda c: c.mean)), quantiles.max) END,
    centroids := quantiles.centroids) END"""
"""DuckDB's sketch of negative numbers alone takes the smallest positive float for the greatest of them."""

_FINALIZED = {"approx_distinct": "approx_distinct", "quantiles": _MENDED_QUANTILES}
"""How each state is written before it is finalized; moments are the numbers themselves."""


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds, or held while it was of this type.

    Attributes:
        type: its Arrow type. A column that has changed its type is told once for each.
        partitions: how many have the column in this type.
        rows: of these partitions.
        count: values that are not null.
        nan: how many of them are no number; None where the type knows none.
        infinite: how many are infinite; None where the type knows none.
        trues: how many are true; None for all but truth values.
        minimum: the least, NaN left out; of a text the first 64 characters; None where there is no value.
        maximum: the greatest, likewise.
        total: exact sum of whole numbers, and of decimals of up to 28 digits; None for other types, and where
            there is no value.
        mean: of finite numbers; None where there are none, or where it is beyond a float.
        standard_deviation: of the sample of finite numbers; None for fewer than two, or where it is beyond a float.
        approx_distinct: about how many values differ, mostly within 3 % and rarely beyond 10 %.
        quantiles: estimates for `QUANTILES`, of finite numbers or of times; empty where none are known.
        categories: value and count of those counted one by one, the most frequent first.
        uncategorized: values that are in none of `categories`, because a partition had too many; None where values
            are not counted one by one.
    """

    name: str
    type: str
    partitions: int
    rows: int
    count: int
    nan: int | None
    infinite: int | None
    trues: int | None
    minimum: Value | None
    maximum: Value | None
    total: int | Decimal | None
    mean: float | None
    standard_deviation: float | None
    approx_distinct: int | None
    quantiles: tuple[Value, ...]
    categories: tuple[tuple[str, int], ...]
    uncategorized: int | None

    @property
    def nulls(self) -> int:
        """How many values are null."""
        return self.rows - self.count


@dataclass(frozen=True)
class Profile:
    """What a dataset holds over some partitions; `columns` in the order in which they are declared."""

    partitions: int
    rows: int
    columns: tuple[ColumnProfile, ...]


def merge(connection: duckdb.DuckDBPyConnection, encoded: Sequence[bytes]) -> Profile:
    """The profile of all partitions whose states are given; they may have different columns.

    On one thread the same states give the same estimates; on several the last digits of floats, and quantiles a
    little, depend on which are merged first.

    Raises:
        StoreError: states were made by another version, or are damaged.
    """
    merged = SCHEMA.empty_table()
    for states in _decoded(encoded):
        merged = _combined(connection, pa.concat_tables([merged, states]))
    rows = _finalized(connection, merged)
    whole = next((row for row in rows if not row["name"]), {"partitions": 0, "rows": 0})
    return Profile(whole["partitions"], whole["rows"], tuple(_column(row) for row in rows if row["name"]))


def _decoded(encoded: Sequence[bytes]) -> Iterator[pa.Table]:
    """Some states after the other; while they are merged, the next are being decoded."""
    starts = range(0, len(encoded), _AT_ONCE)
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(decode, encoded[:_AT_ONCE])
        for start in starts:
            states, following = ahead.result(), start + _AT_ONCE
            ahead = pool.submit(decode, encoded[following : following + _AT_ONCE])
            yield states


def _combined(connection: duckdb.DuckDBPyConnection, states: pa.Table) -> pa.Table:
    """States of the same column and type become one; so they keep their form and can be merged again."""
    parts = ["min(position) AS position"]
    parts += [f"sum({name})::{_SUMS[name]} AS {name}" for name in _SUMS]
    parts += [f"min(least_{end}) AS least_{end}, max(greatest_{end}) AS greatest_{end}" for end in _ENDS]
    parts += [f"combine_aggr(to_aggregate_state({name}, {of})) AS {name}" for name, of in _STATES.items()]
    sql = f"SELECT name, type, {', '.join(parts)} FROM states GROUP BY name, type"
    merged = _ask(connection, states, sql)
    categories = _combined_categories(connection, states)
    found = [categories.get(of) for of in zip(merged["name"].to_pylist(), merged["type"].to_pylist(), strict=True)]
    field = SCHEMA.field("categories")
    return merged.append_column(field, pa.array(found, field.type)).select(SCHEMA.names).cast(SCHEMA)


def _combined_categories(
    connection: duckdb.DuckDBPyConnection, states: pa.Table
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Name and type of a column whose values are counted one by one to these counts."""
    counted = states.select(["name", "type", "categories"]).filter(pc.is_valid(states["categories"]))
    found: dict[tuple[str, str], list[dict[str, Any]]] = {
        (row["name"], row["type"]): [] for row in counted.drop("categories").to_pylist()
    }
    if found:
        sql = "SELECT name, type, c.value AS value, sum(c.count)::BIGINT AS count FROM one GROUP BY ALL"
        sql = f"WITH one AS (SELECT name, type, unnest(categories) AS c FROM states) {sql}"
        for row in _ask(connection, counted, sql).to_pylist():
            found[row.pop("name"), row.pop("type")].append(row)
    return found


def _finalized(connection: duckdb.DuckDBPyConnection, merged: pa.Table) -> list[dict[str, Any]]:
    """What merged states come to, in the order of the columns."""
    plain = ", ".join(name for name in SCHEMA.names if name not in _FINALIZED)
    final = ", ".join(f"finalize(to_aggregate_state({_FINALIZED[n]}, {_STATES[n]})) AS {n}" for n in _FINALIZED)
    sql = f"SELECT {plain}, {final} FROM states ORDER BY position, name, type"
    rows: list[dict[str, Any]] = _ask(connection, merged, sql).to_pylist()
    return rows


def _ask(connection: duckdb.DuckDBPyConnection, states: pa.Table, sql: str) -> pa.Table:
    relation = connection.from_arrow(states).query("states", sql)
    assert relation is not None  # as it is for a statement that returns no rows
    return relation.to_arrow_table()


def _column(row: dict[str, Any]) -> ColumnProfile:
    type_ = _arrow_type(row["type"])
    moments = row["moments"] or {"count": 0}
    categories = row["categories"]
    counted = tuple(sorted(((c["value"], c["count"]) for c in categories or ()), key=lambda pair: (-pair[1], pair[0])))
    return ColumnProfile(
        name=row["name"],
        type=row["type"],
        partitions=row["partitions"],
        rows=row["rows"],
        count=row["count"],
        nan=row["nan"],
        infinite=None if row["nan"] is None else row["count"] - row["nan"] - moments["count"],
        trues=row["trues"],
        minimum=_end(row, "least", type_),
        maximum=_end(row, "greatest", type_),
        total=None if row["total"] is None else _number(row["total"], type_),
        mean=_mean(row, moments, type_),
        standard_deviation=_deviation(moments),
        approx_distinct=_distinct(row, type_),
        quantiles=_quantiles(row["quantiles"], type_),
        categories=counted,
        uncategorized=None if categories is None else row["count"] - sum(count for _, count in counted),
    )


def _end(row: dict[str, Any], which: str, type_: pa.DataType) -> Value | None:
    whole = row[f"{which}_whole"]
    if whole is None:
        other: Value | None = row[f"{which}_real"] if row[f"{which}_text"] is None else row[f"{which}_text"]
        return other
    return time_value(int(whole), type_) if kind_of(type_) is Kind.TIME else _number(whole, type_)


def _number(whole: Decimal, type_: pa.DataType) -> int | Decimal:
    with localcontext(prec=_DIGITS):
        return whole.scaleb(-type_.scale) if pa.types.is_decimal(type_) else int(whole)


def _mean(row: dict[str, Any], moments: dict[str, Any], type_: pa.DataType) -> float | None:
    if row["total"] is not None:
        return float(Fraction(_number(row["total"], type_)) / row["count"])
    return moments["mean"] if moments["count"] and math.isfinite(moments["mean"]) else None


def _deviation(moments: dict[str, Any]) -> float | None:
    if moments["count"] < 2 or not math.isfinite(moments["dsquared"]):
        return None
    return math.sqrt(moments["dsquared"] / (moments["count"] - 1))


def _distinct(row: dict[str, Any], type_: pa.DataType) -> int | None:
    if row["trues"] is not None:
        return int(row["trues"] > 0) + int(row["count"] > row["trues"])
    if kind_of(type_) is Kind.OTHER:
        return None
    return min(int(row["approx_distinct"]), int(row["count"]))


def _quantiles(found: list[float] | None, type_: pa.DataType) -> tuple[Value, ...]:
    if kind_of(type_) is not Kind.TIME:
        return tuple(found or ())
    return tuple(time_value(round(number), quantile_type(type_)) for number in found or ())


def _arrow_type(text: str) -> pa.DataType:
    """The type that Arrow calls so; only what values are made from is told apart, and all else is Arrow's null."""
    if found := re.fullmatch(r"decimal\d+\((\d+), (-?\d+)\)", text):
        return pa.decimal128(int(found[1]), int(found[2]))
    if found := re.fullmatch(r"timestamp\[(\w+), tz=(.+)\]", text):
        return pa.timestamp(found[1], found[2])
    try:
        return pa.type_for_alias(text)
    except ValueError:
        return pa.null()
