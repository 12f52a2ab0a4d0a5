"""Where pandera and pandas contradict themselves on Arrow columns, and what is chosen here instead.

If one of these fails after an upgrade, they agree with themselves now, and the differential test may ask more.
"""

import math
from typing import Any

import duckdb
import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pytest

from flow_assets.checks.rows import Circumstances, ask, failing_rows
from flow_assets.declaration import Rule
from flow_assets.declaration.pandera_checks import check_of
from flow_assets.declaration.rules import isin, notin, unique


def series(*values: Any, kind: Any = None) -> pd.Series:
    return arrow.table({"x": arrow.array(values, kind)}).to_pandas(types_mapper=pd.ArrowDtype)["x"]


def chosen(rule: Rule, table: arrow.Table, sort_by: tuple[str, ...] = ()) -> list[int]:
    connection = duckdb.connect()
    asked = ask(connection, {"one": table}, [rule], Circumstances(sort_by))
    return list(failing_rows(connection, asked, "one", [rule.name]).rows.to_pylist())


def test_minus_zero_equals_zero_but_is_not_in_a_set_with_it() -> None:
    """Here it is both, as in SQL and in IEEE 754."""
    zeros = series(0.0, -0.0)
    assert pa.Check.eq(0.0)(zeros).check_passed
    assert list(pa.Check.isin([0.0])(zeros).check_output) == [True, False]
    table = arrow.table({"x": [0.0, -0.0]})
    assert chosen(isin([0.0]).on("x"), table) == []
    assert chosen(notin([-0.0]).on("x"), table) == [0, 1]


@pytest.mark.parametrize("sort_by", [(), ("x", "y")])
def test_minus_zero_repeats_zero_in_one_column_but_not_in_two(sort_by: tuple[str, ...]) -> None:
    """Here it always does, and `validate` says so too."""
    frame = pd.DataFrame({"x": series(0.0, -0.0), "y": series(1, 1)})
    assert list(frame[["x"]].duplicated(keep=False)) == [True, True]
    assert list(frame.duplicated(keep=False)) == [False, False]
    rule = unique("x", "y")
    assert chosen(rule, arrow.table({"x": [0.0, -0.0], "y": [1, 1]}), sort_by) == [0, 1]
    assert list(check_of(rule)(frame).check_output) == [False, False]


@pytest.mark.parametrize("sort_by", [(), ("x",)])
def test_nan_equals_nan_as_a_key_and_nothing_else(sort_by: tuple[str, ...]) -> None:
    table = arrow.table({"x": arrow.array([1.0, math.nan, math.nan, None], arrow.float64())})
    assert chosen(unique("x"), table, sort_by) == [1, 2]


def test_an_answer_that_is_missing_passes_unless_another_is_false_which_pandera_cannot_tell() -> None:
    def answer(values: Any) -> Any:
        return series(None, *[False] * (len(values) - 1), kind=arrow.bool_())

    assert pa.Check(answer)(series(1)).check_passed
    with pytest.raises(TypeError, match="boolean value of NA is ambiguous"):
        pa.Check(answer)(series(1, 2))


def test_rows_whose_key_is_null_are_repeated_but_not_listed() -> None:
    """Here they are counted, as the first of equal rows is."""
    schema = pa.DataFrameSchema(
        {"x": pa.Column(pd.ArrowDtype(arrow.int64()), nullable=True)}, unique=["x"], report_duplicates="all"
    )
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        schema.validate(pd.DataFrame({"x": series(None, None, 1, 1, kind=arrow.int64())}), lazy=True)
    assert sorted(caught.value.failure_cases["index"]) == [2, 3]
    table = arrow.table({"x": arrow.array([None, None, 1, 1], arrow.int64())})
    assert chosen(unique("x"), table) == [0, 1, 2, 3]


@pytest.mark.parametrize(("pattern", "text"), [(r"\w", "é"), (r"\d", "٣"), (r"a$", "a\n"), (r"a\b", "aé")])
def test_patterns_are_matched_by_re2(pattern: str, text: str) -> None:
    """Python's `re` would answer the other way round, each time."""
    import re

    expected = bool(re.match(pattern, text))
    assert pa.Check.str_matches(pattern)(series(text)).check_passed is not expected


def test_duckdb_takes_an_empty_pattern_in_a_group_for_an_equality() -> None:
    """So patterns are put into a group that captures."""
    rows = duckdb.from_arrow(arrow.table({"x": ["a"]}))
    assert rows.project(r"regexp_matches(x, '^(?:)'), regexp_matches(x, '^()')").fetchall() == [(False, True)]
