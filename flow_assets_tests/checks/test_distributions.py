import duckdb
import numpy as np
import pyarrow as pa

from flow_assets.checks.distributions import distributions
from flow_assets.checks.states import decode, encode, state_expressions
from flow_assets.declaration import ColumnDeclaration

COLUMNS = [
    ColumnDeclaration("value", pa.float64(), True, "A number"),
    ColumnDeclaration("place", pa.string(), True, "A text"),
    ColumnDeclaration("is_good", pa.bool_(), True, "A truth"),
]


def states(*partitions: dict[str, list[object]]) -> pa.Table:
    """What is stored of partitions, as they are scanned."""
    schema = pa.schema([(column.name, column.type) for column in COLUMNS])
    tables = [pa.table(partition, schema=schema) for partition in partitions]
    expressions = state_expressions(COLUMNS, {"place": ["a"]})
    found = []
    for table in tables:
        connection = duckdb.connect()
        connection.register("rows", table)
        selected = ", ".join(f"{sql} AS {alias}" for alias, sql in expressions)
        found.append(connection.sql(f"SELECT {selected} FROM rows").to_arrow_table())
    return decode([encoded for each in found for encoded in encode(each, COLUMNS)])


def test_stored_states_are_distributions() -> None:
    values = [float(n) for n in range(50)]
    kept = states(
        {"value": [*values, None, np.nan, np.inf], "place": ["a"] * 50 + ["b", "b", None], "is_good": [True] * 53},
        {"value": [None], "place": [None], "is_good": [None]},
        {"value": [], "place": [], "is_good": []},
        {"value": [2.0, 1.0], "place": ["a", "c"], "is_good": [True, None]},
    )
    full, null, empty, last = distributions(kept, ["value", "place", "is_good", "unknown"])
    assert [sorted(each) for each in (full, null, empty, last)] == [["is_good", "place", "value"]] * 4
    value = full["value"]
    assert (value.rows, value.nulls, value.values, value.categories) == (53, 1, 52, None)
    assert (value.means.tolist(), value.weights.tolist()) == (values, [1.0] * 50)  # neither NaN nor infinity
    assert (full["place"].nulls, full["place"].categories, len(full["place"].means)) == (1, {"a": 50, "b": 2}, 0)
    assert (null["value"].values, len(null["value"].means), null["place"].categories) == (0, 0, {})
    assert (empty["value"].rows, empty["place"].nulls) == (0, 0)
    assert (last["value"].means.tolist(), last["place"].categories) == ([1.0, 2.0], {"a": 1, "c": 1})
    assert (last["is_good"].rows, last["is_good"].nulls) == (2, 1)


def test_only_what_is_asked_for_is_read_and_nothing_of_nothing() -> None:
    kept = states({"value": [1.0], "place": ["a"], "is_good": [True]})
    assert [list(each) for each in distributions(kept, ["place"])] == [["place"]]
    assert distributions(kept, []) == [{}]
    assert distributions(decode([]), ["place"]) == []
