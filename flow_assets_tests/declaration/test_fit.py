from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flow_assets.declaration import Rule
from flow_assets.declaration.fit import misfit
from flow_assets.declaration.partition_rules import complete_sequence, fresh, no_drift
from flow_assets.declaration.rules import (
    eq,
    ge,
    in_range,
    isin,
    le,
    ne,
    not_null,
    notin,
    python_rule,
    references,
    row_rule,
    str_contains,
    str_length,
    str_matches,
    str_startswith,
    unique,
)

COLUMNS = {
    "whole": pa.int16(),
    "number": pa.float64(),
    "narrow": pa.float32(),
    "exact": pa.decimal128(5, 2),
    "flag": pa.bool_(),
    "name": pa.string(),
    "day": pa.date32(),
    "local": pa.timestamp("s"),
    "moment": pa.timestamp("us", "UTC"),
    "many": pa.list_(pa.int32()),
    "raw": pa.binary(),
}
NAIVE, AWARE = datetime(2024, 3, 1), datetime(2024, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "column"),
    [
        (ge(-(2**15)), "whole"),
        (isin([1, 2]), "whole"),
        (in_range(0, 1.5), "number"),
        (le(float("inf")), "number"),
        (ge(0.1), "narrow"),
        (ge(Decimal("1.50")), "exact"),
        (ge(1), "exact"),
        (eq(True), "flag"),
        (isin(["a", "\U0001f600"]), "name"),
        (ge(date(2024, 3, 1)), "day"),
        (ge(NAIVE), "local"),
        (ge(AWARE), "moment"),
        (not_null(), "many"),
        (not_null(), "raw"),
        (python_rule(len), "many"),
        (unique(), "raw"),
        (str_matches(r"(?i)[a-z]{2,3}\d+$"), "name"),
        (str_startswith("(?="), "name"),  # taken as it is
        (str_length(0, 0), "name"),
    ],
)
def test_what_can_be_asked(rule: Rule, column: str) -> None:
    assert misfit(rule.on(column), COLUMNS) is None


@pytest.mark.parametrize(
    ("rule", "column", "said"),
    [
        (ge(1.5), "whole", "whole is Int16, and 1.5 is no value of that type"),
        (ge(1.0), "whole", "1.0 is no value of that type"),
        (le(2**15), "whole", "32768 is no value of that type"),
        (ne(True), "whole", "True is no value of that type"),
        (isin([1, "2"]), "whole", "'2' is no value of that type"),
        (isin([1, None]), "whole", "None is no value: whether nulls are allowed is said by `nullable` and `not_null`"),
        (ge("1"), "number", "'1' is no number"),
        (ge(float("nan")), "number", "nothing equals NaN or is on one side of it; use `row_rule` with isnan"),
        (ge(2**53 + 1), "number", "9007199254740993 is no value of that type"),
        (eq(0.1), "narrow", "0.1 is no value of that type"),
        (ge(Decimal("1.505")), "exact", "Decimal('1.505') is no value of that type"),
        (ge(1000), "exact", "1000 is no value of that type"),
        (ge(1.5), "exact", "1.5 is no value of that type"),
        (eq(1), "flag", "1 is no value of that type"),
        (ge(1), "name", "1 is no value of that type"),
        (eq("\ud800"), "name", "is no value of that type"),
        (ge(NAIVE), "day", "is no value of that type; write datetime.date(2024, 3, 1)"),
        (in_range("2024-01-01", "2024-02-01"), "day", "day is Date, and '2024-01-01' is no value of that type"),
        (in_range("2024-01-01", "2024-02-01"), "day", "write datetime.date(2024, 1, 1)"),
        (ge("2024-01-02 12:30"), "moment", "write datetime.datetime(2024, 1, 2, 12, 30, tzinfo=datetime.timezone.utc)"),
        (ge("noon"), "local", "'noon' is no `datetime`; write datetime.datetime(2024, 1, 1, 0, 0)"),
        (ge(date(2024, 3, 1)), "local", "datetime.date(2024, 3, 1) is no `datetime`"),
        (ge(AWARE), "local", "has a time zone where it needs none"),
        (ge(NAIVE), "moment", "has no time zone where it needs one"),
        (ge(NAIVE.replace(microsecond=5)), "local", "is no value of that type"),
        (in_range(0, 1), "many", "of lists, structs and maps only `not_null` and `python_rule` can be asked"),
        (ge(b"a"), "raw", "raw is binary, whose values are not compared; use `row_rule` or `python_rule`"),
        (unique(), "many", "lists, structs and maps identify nothing; leave it out"),
        (str_matches("a"), "whole", "whole is Int16, and only a `String` has characters"),
        (str_length(1), "whole", "whole is Int16, and only a `String` has characters"),
        (str_length(2, 1), "name", "its bounds must be whole numbers from 0, the smaller one first"),
        (str_length(-1), "name", "its bounds must be whole numbers from 0"),
        (str_matches("(?=a)"), "name", "cannot be matched by RE2, which has no look-around and no backreferences"),
        (str_contains(r"(a)\1"), "name", "cannot be matched by RE2"),
        (str_matches(r"a\Z"), "name", "cannot be matched by RE2"),
        (str_matches("("), "name", "is no regular expression to Python: missing )"),
        (str_matches(r"\pL"), "name", r"is no regular expression to Python: bad escape \p"),
        (str_matches("a{,3}"), "name", "{,3} means one thing to Python and another to RE2"),
        (str_matches("[[:alpha:]]"), "name", "[:alpha:] means one thing to Python and another to RE2"),
        (notin(["a"]), "nme", "there is no column nme; there are whole, number"),
        (no_drift("psi", 0.1), "nme", "there is no column nme"),
    ],
)
def test_what_cannot_be_asked(rule: Rule, column: str, said: str) -> None:
    problem = misfit(rule.on(column), COLUMNS)
    assert problem is not None
    assert said in problem


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (in_range(0, 1), "it names no column; put it on one"),
        (unique(), "it names no column; put it on one"),
        (unique("whole", "nme"), "there is no column nme"),
        (references("others", on={"nme": "name"}), "there is no column nme"),
        (references("others", on={"many": "name"}), "many is list<item: int32>: lists, structs and maps"),
        (complete_sequence("moment", "1 hour", by="nme"), "there is no column nme"),
        (fresh("nme", within="1 day"), "there is no column nme"),
    ],
)
def test_rules_across_columns(rule: Rule, said: str) -> None:
    problem = misfit(rule, COLUMNS)
    assert problem is not None
    assert said in problem


@pytest.mark.parametrize("rule", [row_rule("whole > 1", name="x"), python_rule(len, name="y"), unique("whole", "name")])
def test_rules_on_the_whole_row(rule: Any) -> None:
    assert misfit(rule, COLUMNS) is None
