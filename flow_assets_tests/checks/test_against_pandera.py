"""What compiled rules say fails is what pandera's own pandas validation says fails, row for row.

Where pandera contradicts itself or cannot answer, `test_pandera_peculiarities.py` says what is chosen.
"""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flow_assets.checks.compile import failing
from flow_assets.checks.rows import Circumstances, ask, failing_rows
from flow_assets.declaration import Rule
from flow_assets.declaration.fit import misfit
from flow_assets.declaration.pandera_checks import rule_of
from flow_assets.declaration.rules import unique

CONNECTION = duckdb.connect()
BOUNDED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NEW_YORK = ZoneInfo("America/New_York")
MOMENTS = st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1))
"""Within what nanoseconds can count."""


def whole(moments: st.SearchStrategy[datetime], per_second: int) -> st.SearchStrategy[datetime]:
    step = 10**6 // per_second
    return moments.map(lambda m: m.replace(microsecond=m.microsecond // step * step))


def aware(moments: st.SearchStrategy[datetime]) -> st.SearchStrategy[datetime]:
    return moments.map(lambda m: m.replace(tzinfo=UTC)) | moments.map(
        lambda m: m.replace(tzinfo=UTC).astimezone(NEW_YORK)
    )


def integers(bits: int) -> st.SearchStrategy[int]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return st.sampled_from([low, low + 1, -1, 0, 1, high - 1, high]) | st.integers(low, high)


NUMBERS = st.sampled_from([math.inf, -math.inf, 0.0, -0.0, 0.1, 5e-324, 1.7e308, 2.0**53]) | st.floats(allow_nan=False)
NARROW = st.sampled_from([math.inf, -math.inf, 0.0, -0.0, 0.5]) | st.floats(allow_nan=False, width=32)
TEXTS = st.text("aAbé\u0301\u017fK\U0001f600\n\r\t '\"\\\0\u2028٣1_", max_size=4) | st.text(max_size=4)

VALUES: dict[arrow.DataType, st.SearchStrategy[Any]] = {
    arrow.int8(): integers(8),
    arrow.int16(): integers(16),
    arrow.int32(): integers(32),
    arrow.int64(): integers(64),
    arrow.uint16(): st.integers(0, 2**16 - 1),
    arrow.float32(): NARROW,
    arrow.float64(): NUMBERS,
    arrow.bool_(): st.booleans(),
    arrow.decimal128(9, 2): st.decimals(-9999999, 9999999, places=2),
    arrow.decimal128(38, 10): st.decimals(-(10**27), 10**27, places=10),
    arrow.string(): TEXTS,
    arrow.large_string(): TEXTS,
    arrow.date32(): st.dates(date(1, 1, 1), date(9999, 12, 31)),
    arrow.timestamp("us"): MOMENTS,
    arrow.timestamp("s"): whole(MOMENTS, 1),
    arrow.timestamp("ms", "UTC"): aware(whole(MOMENTS, 1000)),
    arrow.timestamp("us", "UTC"): aware(MOMENTS),
    arrow.timestamp("us", "America/New_York"): aware(MOMENTS),
    arrow.timestamp("ns"): MOMENTS,
    arrow.timestamp("ns", "UTC"): aware(MOMENTS),
}
KINDS = sorted(VALUES, key=str)
NAN = {arrow.float32(), arrow.float64()}


@st.composite
def cases(draw: st.DrawFn, kind: arrow.DataType) -> tuple[list[Any], list[Any]]:
    """Values of a column, null and NaN among them, and values to compare with, many of them the same."""
    values = VALUES[kind]
    operands = draw(st.lists(values, min_size=2, max_size=7))
    missing = st.sampled_from([None, math.nan]) if kind in NAN else st.none()
    return draw(st.lists(missing | st.sampled_from(operands) | values, max_size=7)), operands


def compiled(table: arrow.Table, rule: Rule, sort_by: Sequence[str] = ()) -> list[int]:
    """The rows that the compiled rule says fail; both ways to ask must agree."""
    columns = dict(zip(table.column_names, table.schema.types, strict=True))
    assert misfit(rule, columns) is None
    asked = ask(CONNECTION, {"one": table}, [rule], Circumstances(tuple(sort_by)))
    rows = failing_rows(CONNECTION, asked, "one", [rule.name]).rows.to_pylist()
    if sql := failing(rule, columns):
        answers = CONNECTION.from_arrow(table).project(sql).fetchall()
        assert [answer for (answer,) in answers] == [row in rows for row in range(len(table))]
    return list(rows)


def validated(table: arrow.Table, schema: pa.DataFrameSchema) -> list[int]:
    """The rows that pandera says fail."""
    try:
        schema.validate(table.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return []
    assert cases["index"].notna().all(), cases.to_string()
    return sorted({int(row) for row in cases["index"]})


def assert_equal_to_pandera(values: list[Any], kind: arrow.DataType, check: pa.Check) -> None:
    table = arrow.table({"x": arrow.array(values, kind)})
    schema = pa.DataFrameSchema({"x": pa.Column(pd.ArrowDtype(kind), checks=[check], nullable=True)})
    assert compiled(table, rule_of(check, "test", "x")) == validated(table, schema)


@pytest.mark.parametrize("name", ["ge", "gt", "le", "lt", "eq", "ne"])
@BOUNDED
@given(data=st.data())
def test_comparisons(name: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    values, (operand, *_) = data.draw(cases(kind))
    assert_equal_to_pandera(values, kind, getattr(pa.Check, name)(operand))


@BOUNDED
@given(data=st.data(), include_min=st.booleans(), include_max=st.booleans())
def test_ranges(data: st.DataObject, include_min: bool, include_max: bool) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    values, operands = data.draw(cases(kind))
    low, high = sorted(operands[:2])
    assume(low < high)
    assert_equal_to_pandera(values, kind, pa.Check.in_range(low, high, include_min, include_max))


@pytest.mark.parametrize("way", [pa.Check.isin, pa.Check.notin])
@BOUNDED
@given(data=st.data())
def test_sets(way: Any, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    values, operands = data.draw(cases(kind))
    assume(not any(value == 0 and kind in NAN for value in (*values, *operands)))  # see the peculiarities
    assert_equal_to_pandera(values, kind, way(operands))


ATOMS = [
    "a",
    "A",
    "é",
    "\U0001f600",
    ".",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\b",
    "^",
    "$",
    r"\A",
    "[a-c]",
    "[^a]",
    "[^\\W_]",
    "(a|b)",
    "(?:ab)?",
    "a|",
    "|b",
    r"\n",
    r"\\",
    r"\.",
    "'",
    "\n",
    "1{2}",
    "a*?",
    "b+",
    "(?P<n>a)",
    "[a-zé]",
    r"[\d\s]",
    r"\x41",
    r"\t",
    "K",
    "\u017f",
]
FLAGS = ["", "(?i)", "(?s)", "(?m)", "(?im)"]


@pytest.mark.filterwarnings("ignore:This pattern is interpreted as a regular expression, and has match groups")
@pytest.mark.parametrize("way", [pa.Check.str_matches, pa.Check.str_contains])
@settings(BOUNDED, max_examples=120)
@given(
    values=st.lists(TEXTS | st.none(), min_size=1, max_size=7),
    flags=st.sampled_from(FLAGS),
    atoms=st.lists(st.sampled_from(ATOMS), max_size=4),
    end=st.sampled_from(["", "$"]),
)
def test_patterns(way: Any, values: list[str | None], flags: str, atoms: list[str], end: str) -> None:
    try:
        check = way(flags + "".join(atoms) + end)
    except Exception:  # noqa: BLE001  no pattern to Python, which pandera asks
        assume(False)
    assume(misfit(rule_of(check, "test", "x"), {"x": arrow.string()}) is None)
    assert_equal_to_pandera(values, arrow.string(), check)


@pytest.mark.parametrize("way", [pa.Check.str_startswith, pa.Check.str_endswith])
@BOUNDED
@given(values=st.lists(TEXTS | st.none(), max_size=7), affix=TEXTS)
def test_affixes(way: Any, values: list[str | None], affix: str) -> None:
    assert_equal_to_pandera([*values, affix, f"x{affix}", f"{affix}x"], arrow.string(), way(affix))


@BOUNDED
@given(
    values=st.lists(TEXTS | st.none(), max_size=7),
    bounds=st.tuples(st.integers(0, 4) | st.none(), st.integers(0, 4) | st.none()),
)
def test_lengths(values: list[str | None], bounds: tuple[int | None, int | None]) -> None:
    assume(any(bound is not None for bound in bounds))
    assume(None in bounds or bounds == tuple(sorted(bounds)))
    check = pa.Check.str_length(min_value=bounds[0], max_value=bounds[1])
    assert_equal_to_pandera(values, arrow.string(), check)


@pytest.mark.parametrize("is_sorted", [True, False])
@BOUNDED
@given(data=st.data())
def test_keys(is_sorted: bool, data: st.DataObject) -> None:
    first, second = data.draw(st.sampled_from(KINDS)), data.draw(st.sampled_from(KINDS))
    rows = data.draw(st.integers(0, 8))
    columns = {}
    for name, kind in (("x", first), ("y", second)):
        pool = data.draw(st.lists(VALUES[kind] | st.none(), min_size=1, max_size=3))
        assume(not any(value == 0 and kind in NAN for value in pool))  # see the peculiarities
        columns[name] = arrow.array([data.draw(st.sampled_from(pool)) for _ in range(rows)], kind)
    key = data.draw(st.sampled_from([["x"], ["x", "y"]]))
    table = arrow.table(columns)
    table = table.sort_by([(name, "ascending") for name in key]) if is_sorted else table
    declared = {name: pa.Column(pd.ArrowDtype(table.schema.field(name).type), nullable=True) for name in columns}
    schema = pa.DataFrameSchema(declared, unique=key, report_duplicates="all")
    found = compiled(table, unique(*key), key if is_sorted else ())
    keys = table.select(key).to_pylist()
    assert validated(table, schema) == [row for row in found if any(value is not None for value in keys[row].values())]
    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    assert found == [row for row, is_repeated in enumerate(frame.duplicated(key, keep=False)) if is_repeated]
