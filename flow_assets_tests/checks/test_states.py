from collections import Counter

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets import DailyPartitions, DatasetSchema, Int64, String, column, dataset, isin, no_drift, notin
from flow_assets.checks import states
from flow_assets.checks.profile import merge
from flow_assets.checks.states import SCHEMA, category_columns, decode, encode, is_readable, state_expressions
from flow_assets.declaration import find_datasets
from flow_assets.errors import StoreError
from flow_assets_tests.checks.gathered import declared, gather, profile_column

NUMBERS = pa.table({"x": [1, 2, None]})


def test_each_kind_of_column_is_asked_for_what_it_has() -> None:
    schema = pa.schema(
        {"w": pa.int16(), "r": pa.float64(), "t": pa.string(), "b": pa.bool_(), "n": pa.list_(pa.int8())}
    )
    asked: dict[str, set[str]] = {}
    for alias, _ in state_expressions(declared(schema)):
        _, number, part = (*alias.split("_", 2), "")[:3]
        asked.setdefault(number, set()).add(part)
    sketches = {"approx_distinct", "quantiles"}
    assert asked == {
        "rows": {""},
        "0": {"count", "least", "greatest", "total", "moments", *sketches},
        "1": {"count", "nan", "least", "greatest", "moments", *sketches},
        "2": {"count", "least", "greatest", "approx_distinct"},
        "3": {"count", "trues"},
        "4": {"count"},
    }


def test_a_column_s_name_may_be_anything(connection: duckdb.DuckDBPyConnection) -> None:
    table = pa.table({'a "quoted" {name}': [1, 2], "select": ["x", None]})
    found = merge(connection, gather(connection, [table], ["select"]))
    assert [(c.name, c.count, c.categories) for c in found.columns] == [
        ('a "quoted" {name}', 2, ()),
        ("select", 1, (("x", 1),)),
    ]


def test_sketches_of_quantiles_can_be_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    column = profile_column(connection, pa.array([1, 2, 4]), with_quantiles=False)
    assert (column.quantiles, column.mean, column.maximum, column.approx_distinct) == ((), 7 / 3, 4, 3)


def test_what_is_decoded_is_what_was_encoded(connection: duckdb.DuckDBPyConnection) -> None:
    encoded = gather(connection, [NUMBERS, NUMBERS.slice(0, 0)])
    table = decode(encoded)
    assert table.schema == SCHEMA
    assert table.select(["name", "type", "position", "partitions", "rows", "count", "total"]).to_pylist() == [
        {"name": "", "type": "", "position": 0, "partitions": 1, "rows": 3, "count": 3, "total": None},
        {"name": "x", "type": "int64", "position": 1, "partitions": 1, "rows": 3, "count": 2, "total": 3},
        {"name": "", "type": "", "position": 0, "partitions": 1, "rows": 0, "count": 0, "total": None},
        {"name": "x", "type": "int64", "position": 1, "partitions": 1, "rows": 0, "count": 0, "total": None},
    ]
    assert encode(pa.table({"state_rows": pa.array([], pa.int64())}), []) == []
    assert decode([]).num_rows == 0


def test_a_partition_s_states_do_not_depend_on_those_encoded_with_it(connection: duckdb.DuckDBPyConnection) -> None:
    others = [pa.table({"x": [number, number * 2]}) for number in range(9)]
    among_others = gather(connection, [*others, NUMBERS, *others])[9]
    assert decode([among_others]).equals(decode(gather(connection, [NUMBERS])))


@pytest.mark.parametrize("name", ["STATES_VERSION", "duckdb.__version__"])
def test_states_of_another_version_are_refused(
    connection: duckdb.DuckDBPyConnection, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (encoded,) = gather(connection, [NUMBERS])
    assert is_readable(encoded)
    assert str(states.STATES_VERSION if name == "STATES_VERSION" else duckdb.__version__).encode() in states.FORMAT
    monkeypatch.setattr(states, "FORMAT", b"flow_assets states 2, duckdb 3.0.0\n")
    assert not is_readable(encoded)
    with pytest.raises(StoreError, match=r"States of 'flow_assets states \d.*cannot be read by .*3\.0\.0"):
        merge(connection, [encoded])


def test_damaged_states_are_told(connection: duckdb.DuckDBPyConnection) -> None:
    (encoded,) = gather(connection, [NUMBERS])
    with pytest.raises(StoreError, match="damaged"):
        decode([encoded[:-40]])


def test_long_texts_do_not_blow_states_up(connection: duckdb.DuckDBPyConnection) -> None:
    texts = pa.array(["é" * 100_000, "z" * 100_000, "zz"])
    (encoded,) = gather(connection, [pa.table({"x": texts})], ["x"])
    assert len(encoded) < 1500
    (column,) = merge(connection, [encoded]).columns
    assert (column.minimum, column.maximum) == ("zz", "é" * 64)
    assert column.categories == (("zz", 1), ("z" * 64, 1), ("é" * 64, 1))


def test_the_most_frequent_categories_are_counted_and_the_rest_is_told(connection: duckdb.DuckDBPyConnection) -> None:
    many = pa.array([f"c{number:03}" for number in range(60)] + ["c059", "c059", "c058", None])
    column = profile_column(connection, many, pa.array(["c000", "c059"]), categories=["x"])
    assert column.categories[:3] == (("c059", 4), ("c000", 2), ("c058", 2))
    assert len(column.categories) == 50
    assert column.uncategorized == 65 - sum(count for _, count in column.categories) == 10


def test_columns_whose_values_are_named_or_watched_are_counted_one_by_one() -> None:
    for found in find_datasets("flow_assets.datasets").datasets.values():
        assert set(category_columns(found)) <= {declared.name for declared in found.schema.columns()}


EXPECTED = ("a", "it's", "", "never there")


@given(
    st.lists(st.lists(st.none() | st.sampled_from([*EXPECTED[:3], "b", "é" * 70, "a" * 64])), min_size=1, max_size=3)
)
@settings(max_examples=40, deadline=None)
def test_what_is_expected_is_counted_as_all_else_is(partitions: list[list[str | None]]) -> None:
    arrays = [pa.array(values, pa.string()) for values in partitions]
    with duckdb.connect() as connection:
        found = profile_column(connection, *arrays, categories=["x"], expected=EXPECTED)
        assert found == profile_column(connection, *arrays, categories=["x"])
    counted = Counter(value[:64] for values in partitions for value in values if value is not None)
    assert dict(found.categories) == counted


def test_only_columns_are_counted_one_by_one_whose_values_are_named() -> None:
    class Sales(DatasetSchema):
        kind: String = column("Kind", rules=[isin(["x", "y"])])
        code: String = column("Code", rules=[notin(["-"])])
        place: String = column("Place", rules=[no_drift("category_shares", 0.2)])
        town: String = column("Town", rules=[no_drift("psi", 0.2), no_drift("null_rate", 0.2)])
        size: Int64 = column("Size", rules=[no_drift("psi", 0.2), no_drift("ks", 0.2)])

    @dataset(schema=Sales, sort_by=["code"], partitions=DailyPartitions(start_date="2013-01-01"), code_version="1")
    def sales() -> pa.Table:
        return Sales.arrow_schema().empty_table()

    assert category_columns(sales) == {"kind": ("x", "y"), "place": (), "town": ()}
