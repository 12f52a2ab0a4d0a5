from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flow_assets.checks.scan import NUMBER, concatenated, scan, scan_relation


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def part(*values: int | None) -> pa.Table:
    return pa.table({"x": pa.array(values, pa.int64())})


EXPRESSIONS = [("big", "count(*) FILTER (WHERE x > 1)"), ('a "sum"', "sum(x)::BIGINT")]


@pytest.mark.parametrize("empty", [(), ("b",), ("a", "c"), ("a", "b", "c")])
def test_every_partition_has_a_row_in_the_order_of_the_batch(
    connection: duckdb.DuckDBPyConnection, empty: tuple[str, ...]
) -> None:
    batch = {"c": part(1, 2), "a": part(None), "b": part(3, 4, None)}
    batch = {name: table.slice(0, 0) if name in empty else table for name, table in batch.items()}
    full = {"c": (2, 1, 3), "a": (1, 0, None), "b": (3, 2, 7)}
    assert [tuple(row.values()) for row in scan(connection, batch, EXPRESSIONS).to_pylist()] == [
        (name, *((0, 0, None) if name in empty else full[name])) for name in ("c", "a", "b")
    ]


@pytest.mark.parametrize("values", [(), (1, 2, None)])
def test_one_partition_alone_and_a_file_say_the_same(
    connection: duckdb.DuckDBPyConnection, values: tuple[int | None, ...], tmp_path: Path
) -> None:
    pq.write_table(part(*values), tmp_path / "x.parquet")
    one = scan(connection, {"only": part(*values)}, EXPRESSIONS)
    of_file = scan_relation(connection.read_parquet(str(tmp_path / "x.parquet")), EXPRESSIONS)
    assert one.column_names == ["partition", "rows", "big", 'a "sum"']
    assert one.drop_columns(["partition"]).to_pylist() == of_file.to_pylist()
    assert of_file.to_pylist() == [{"rows": len(values), "big": 1 if values else 0, 'a "sum"': 3 if values else None}]


def test_states_of_nothing_are_there_too(connection: duckdb.DuckDBPyConnection) -> None:
    batch = {"a": part(1, 2), "b": part()}
    states = scan(connection, batch, [("mean", "avg(x) EXPORT_STATE")])
    assert states.column("rows").to_pylist() == [2, 0]
    assert states.column("mean").null_count == 0


def test_instants_are_read_in_utc_and_nothing_stays_registered(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET TimeZone = 'Asia/Tokyo'")
    table = pa.table({"moment": pa.array([0], pa.timestamp("us", "UTC"))})
    assert scan(connection, {"a": table}, [("hour", "max(hour(moment))")]).column("hour").to_pylist() == [0]
    with pytest.raises(duckdb.CatalogException):
        connection.execute("SELECT * FROM batch")


def test_the_rows_of_a_batch_are_put_together_without_being_copied() -> None:
    first, second = part(1, 2), part(3)
    together = concatenated({"a": first, "b": second})
    assert together.column(NUMBER).to_pylist() == [0, 0, 1]
    assert [chunk.buffers()[1].address for chunk in together.column("x").chunks] == [
        table.column("x").chunk(0).buffers()[1].address for table in (first, second)
    ]


def test_a_batch_has_a_partition(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="at least one partition"):
        scan(connection, {}, EXPRESSIONS)
