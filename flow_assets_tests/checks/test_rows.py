from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flow_assets.checks.rows import Circumstances, ask, failing_rows, sample, split
from flow_assets.checks.scan import scan
from flow_assets.declaration import Rule
from flow_assets.declaration.rules import in_range, not_null, python_rule, references, row_rule, unique
from flow_assets.errors import RuleError

CONNECTION = duckdb.connect()
MUST = "^Rule asked: its function must return True or False, or a Series of them, one for each row; it returned"
RULES = [
    in_range(0, 9).on("size"),
    not_null().on("name"),
    unique("name"),
    references("names", on={"name": "name"}),
    row_rule("size < length(name) * 10", name="size_fits_name"),
    python_rule(lambda values: values != 7, name="size_is_not_7").on("size"),
]
TABLE = pa.table({"id": [1, 2, 3, 4, 5], "name": ["a", "b", "b", None, "c"], "size": [1, 12, None, 7, 3]})
NAMES = pa.table({"name": ["a", "b", "b", None]})
NO_NAMES = NAMES.slice(0, 0)


def broken(batch: dict[str, pa.Table], rules: list[Rule], circumstances: Circumstances) -> dict[str, dict[str, Any]]:
    """By partition: the ids of the rows that break each rule; the counts of the one scan are the same."""
    asked = ask(CONNECTION, batch, rules, circumstances)
    counts = {row["partition"]: row for row in scan(CONNECTION, asked.batch, asked.counts).to_pylist()}
    found: dict[str, dict[str, Any]] = {}
    for partition, table in batch.items():
        rows = failing_rows(CONNECTION, asked, partition, [rule.name for rule in rules])
        found[partition] = {
            rule.name: table.column("id").take(rows.rows.filter(rows.breaks[rule.name])).to_pylist() for rule in rules
        }
        assert {name: len(ids) for name, ids in found[partition].items()} == {
            rule.name: counts[partition][asked.aliases[rule.name]] for rule in rules
        }
    return found


EXPECTED = {
    "size_in_range": [2],
    "name_not_null": [4],
    "name_unique": [2, 3],
    "name_in_names": [5],
    "size_fits_name": [2],
    "size_is_not_7": [4],
}
NOTHING: dict[str, list[int]] = {name: [] for name in EXPECTED}


@pytest.mark.parametrize("sort_by", [(), ("name", "id")])
def test_each_partition_is_looked_at_by_itself(sort_by: tuple[str, ...]) -> None:
    batch = {"one": TABLE, "none": TABLE.slice(0, 0), "two": TABLE.slice(1, 1), "three": TABLE.slice(2)}
    keys = dict.fromkeys(batch, NAMES) | {"two": NO_NAMES}
    found = broken(batch, RULES, Circumstances(sort_by, {"names": keys}))
    assert found["one"] == EXPECTED
    assert found["none"] == NOTHING
    assert found["two"] == {**NOTHING, "size_in_range": [2], "name_in_names": [2], "size_fits_name": [2]}
    assert found["three"] == {**EXPECTED, "size_in_range": [], "name_unique": [], "size_fits_name": []}


def test_keys_that_are_the_same_for_all_are_read_once() -> None:
    batch = {"one": TABLE, "two": TABLE.slice(0, 2)}
    found = broken(batch, RULES[3:4], Circumstances((), {"names": dict.fromkeys(batch, NAMES)}))
    assert found == {"one": {"name_in_names": [5]}, "two": {"name_in_names": []}}


def test_a_reference_by_several_columns_passes_where_one_is_null() -> None:
    rule = references("others", on={"name": "called", "size": "wide"})
    others = pa.table({"wide": [1, 12], "called": ["a", "x"]})
    found = broken({"one": TABLE}, [rule], Circumstances((), {"others": {"one": others}}))
    assert found["one"] == {"name_size_in_others": [2, 5]}


def test_a_rule_may_be_called_anything() -> None:
    names = ["rows", "partition", "__partition", "__row", "state_0_count", "rule_1", "size", 'a"b"', "Big", "big"]
    rules = [row_rule(f"size > {number}", name=name) for number, name in enumerate(names)]
    found = broken({"one": TABLE, "two": TABLE.slice(1, 1)}, rules, Circumstances())
    assert found["one"] == {
        name: [n for n, size in [(1, 1), (2, 12), (4, 7), (5, 3)] if size <= number]
        for number, name in enumerate(names)
    }
    failing = failing_rows(CONNECTION, ask(CONNECTION, {"one": TABLE}, rules), "one", names)
    _, leaves = split(TABLE, failing)
    assert leaves.column("_violations").to_pylist()[-1] == names[3:]
    assert sample(CONNECTION, TABLE, failing, rules[3], ["id"]).column("id").to_pylist() == [1, 5]


def test_rows_that_leave_say_which_rules_they_break_in_the_order_of_declaration() -> None:
    asked = ask(CONNECTION, {"one": TABLE}, RULES, Circumstances((), {"names": {"one": NAMES}}))
    failing = failing_rows(CONNECTION, asked, "one", [RULES[5].name, RULES[2].name, RULES[0].name])
    stays, leaves = split(TABLE, failing)
    assert stays.column("id").to_pylist() == [1, 5]
    assert stays.schema == TABLE.schema
    assert leaves.select(["id", "_violations"]).to_pylist() == [
        {"id": 2, "_violations": ["name_unique", "size_in_range"]},
        {"id": 3, "_violations": ["name_unique"]},
        {"id": 4, "_violations": ["size_is_not_7"]},
    ]
    assert leaves.schema.field("_violations").type == pa.list_(pa.string())


def test_nothing_leaves_where_nothing_is_broken() -> None:
    asked = ask(CONNECTION, {"one": TABLE}, [not_null().on("id")])
    stays, leaves = split(TABLE, failing_rows(CONNECTION, asked, "one", ["id_not_null"]))
    assert stays == TABLE
    assert leaves.num_rows == 0
    assert leaves.schema.names == [*TABLE.column_names, "_violations"]


@pytest.mark.parametrize(
    ("rule", "columns", "ids"),
    [
        (RULES[0], ["id", "size"], [2]),
        (RULES[2], ["id", "name"], [2, 3]),
        (RULES[4], ["id", "name", "size"], [2]),
        (python_rule(lambda frame: frame["id"] > 9, name="id_is_big"), ["id", "name", "size"], [1, 2, 3, 4, 5]),
    ],
)
def test_a_sample_shows_the_key_and_what_the_rule_is_about(rule: Rule, columns: list[str], ids: list[int]) -> None:
    asked = ask(CONNECTION, {"one": TABLE}, [rule])
    shown = sample(CONNECTION, TABLE, failing_rows(CONNECTION, asked, "one", [rule.name]), rule, ["id"])
    assert (shown.column_names, shown.column("id").to_pylist()) == (columns, ids)


def test_a_sample_is_short() -> None:
    table = pa.table({"id": range(100)})
    asked = ask(CONNECTION, {"one": table}, [in_range(90, 99).on("id")])
    failing = failing_rows(CONNECTION, asked, "one", ["id_in_range"])
    shown = sample(CONNECTION, table, failing, in_range(90, 99).on("id"), ["id"])
    assert shown.column("id").to_pylist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("function", "ids"),
    [
        (lambda values: True, []),
        (lambda values: values.max() < 12, [1, 2, 3, 4, 5]),
        (lambda values: values > 3, [1, 5]),  # a null is not shown to it
        (lambda values: values.where(values != 7) > 3, [1, 5]),  # a missing answer passes
        (lambda values: (values > 3).astype(object).where(values != 7, None), [1, 5]),
        (lambda values: pd.NA, []),
        (lambda values: np.False_, [1, 2, 3, 4, 5]),
    ],
)
def test_answers_of_python(function: Any, ids: list[int]) -> None:
    rule = python_rule(function, name="asked").on("size")
    assert broken({"one": TABLE}, [rule], Circumstances())["one"] == {"asked": ids}


def test_what_is_tolerated_is_counted_in_python_too() -> None:
    rule = python_rule(lambda values: values > 3, name="asked", tolerance=4).on("size")
    assert broken({"one": TABLE}, [rule], Circumstances())["one"] == {"asked": [1, 5]}


@pytest.mark.parametrize(
    ("function", "ids"),
    [
        (lambda frame: frame["size"] > frame["id"], [1, 5]),
        (lambda frame: frame.apply(lambda column: column.notna() & (column.index != 1)), [2]),
        (lambda frame: len(frame.columns) == 3, []),
    ],
)
def test_answers_of_python_about_rows(function: Any, ids: list[int]) -> None:
    rules = [unique("name"), python_rule(function, name="asked")]
    assert broken({"one": TABLE}, rules, Circumstances())["one"]["asked"] == ids


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda values: values.absent, "Rule asked: its function raised AttributeError"),
        (lambda values: values.head(1) > 0, "Rule asked: its function must answer once or for each of the 4 rows"),
        (lambda values: None, f"{MUST} None: is its `return` missing\\?\\.$"),
        (lambda values: values, f"{MUST} a Series of int64\\[pyarrow\\]\\.$"),
        (lambda values: values.astype(float), f"{MUST} a Series of float64\\.$"),
        (lambda values: values.astype(str).astype(object), f"{MUST} a Series of object\\.$"),
        (lambda values: 5, f"{MUST} an int: 5\\.$"),
        (lambda values: values.mean(), f"{MUST} a float: "),
        (lambda values: [True], f"{MUST} a list: \\[True\\]\\.$"),
        (lambda values: "yes", f"{MUST} a str: yes\\.$"),
        (lambda values: values.to_frame(), f"{MUST} a DataFrame with a Series of int64"),
    ],
)
def test_python_that_says_nothing_of_rows(function: Any, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        ask(CONNECTION, {"one": TABLE}, [python_rule(function, name="asked").on("size")])
