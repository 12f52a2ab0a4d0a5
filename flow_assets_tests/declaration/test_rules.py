import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from flow_assets.declaration import Rule
from flow_assets.declaration.constraints import Constraint, Scope
from flow_assets.declaration.partition_rules import (
    complete_sequence,
    fresh,
    no_drift,
    partition_query,
    row_count,
    row_count_like_before,
)
from flow_assets.declaration.rules import (
    eq,
    ge,
    gt,
    in_range,
    isin,
    le,
    lt,
    ne,
    not_null,
    notin,
    python_rule,
    references,
    row_rule,
    str_contains,
    str_endswith,
    str_length,
    str_matches,
    str_startswith,
    unique,
)
from flow_assets.errors import DefinitionError


def is_fine(values: Any) -> Any:
    return values


SAID: list[tuple[Rule, str, str, str]] = [
    (not_null(), "x_not_null", "x is not null", "completeness"),
    (ge(1), "x_at_least", "x >= 1", "validity"),
    (gt(1), "x_greater_than", "x > 1", "validity"),
    (le(1), "x_at_most", "x <= 1", "validity"),
    (lt(1), "x_less_than", "x < 1", "validity"),
    (eq(1), "x_equal_to", "x = 1", "validity"),
    (ne(1), "x_not", "x <> 1", "validity"),
    (in_range(0, 1), "x_in_range", "0 <= x <= 1", "validity"),
    (in_range(0, 1, include_min=False, include_max=False), "x_in_range", "0 < x < 1", "validity"),
    (isin(["a", "b"]), "x_isin", "x is one of a, b", "validity"),
    (notin(["a", "b"]), "x_notin", "x is none of a, b", "validity"),
    (str_matches("a+"), "x_matches", "x matches a+", "validity"),
    (str_contains("a+"), "x_contains", "x contains a+", "validity"),
    (str_startswith("a"), "x_startswith", "x starts with a", "validity"),
    (str_endswith("a"), "x_endswith", "x ends with a", "validity"),
    (str_length(1), "x_length", "x has at least 1 characters", "validity"),
    (str_length(1, 3), "x_length", "x has at least 1 and at most 3 characters", "validity"),
    (unique(), "x_unique", "x is unique", "uniqueness"),
    (unique("y", "z"), "y_z_unique", "y, z are unique", "uniqueness"),
    (row_rule("x > y", name="more"), "more", "x > y", "consistency"),
    (python_rule(is_fine), "is_fine", "is_fine(x), in Python", "consistency"),
    (references("things", on={"y": "id"}), "y_in_things", "y in things.id", "consistency"),
    (row_count(min_value=1), "row_count", "1 <= rows", "completeness"),
    (row_count(1, 9), "row_count", "1 <= rows <= 9", "completeness"),
    (complete_sequence("t", "1 hour", by="y"), "t_complete", "t has a value every 1 hour, for each y", "completeness"),
    (fresh("t", within="36 hours"), "t_fresh", "the newest t is at most 36 hours old", "timeliness"),
    (partition_query("SELECT\n  1", name="none"), "none", "no row comes of SELECT 1", "accuracy"),
    (no_drift("psi", 0.2), "x_psi", "psi of x to the 28 partitions before <= 0.2", "accuracy"),
    (
        row_count_like_before(),
        "row_count_like_before",
        "rows between 0.5 and 2.0 times the median of the 28 before",
        "completeness",
    ),
]


@pytest.mark.parametrize(("rule", "name", "text", "dimension"), SAID, ids=lambda value: getattr(value, "name", None))
def test_rules_say_what_must_hold(rule: Rule, name: str, text: str, dimension: str) -> None:
    put = rule.on("x")
    assert (put.name, put.text, put.dimension) == (name, text, dimension)


def test_every_kind_of_constraint_is_made_by_a_rule() -> None:
    assert {type(rule.constraint) for rule, *_ in SAID} == set(Constraint.__subclasses__())


@pytest.mark.parametrize("rule", [rule for rule, *_ in SAID], ids=lambda rule: rule.name)
def test_what_decides_is_plain_and_nothing_else_counts(rule: Rule) -> None:
    put = rule.on("x")
    assert json.loads(json.dumps(put.declaration)) == put.declaration
    assert put.declaration != rule.on("other").declaration or rule.columns


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ge(1), gt(1)),
        (ge(1), ge(2)),
        (ge(1), ge("1")),
        (ge(date(2024, 3, 1)), ge(datetime(2024, 3, 1))),
        (ge(datetime(2024, 3, 1)), ge(datetime(2024, 3, 1, tzinfo=UTC))),
        (ge(Decimal("1")), ge("1")),
        (isin(["a", "b"]), notin(["a", "b"])),
        (isin(["a", "b"]), isin(["a, b"])),
        (str_matches("a"), str_contains("a")),
        (in_range(0, 1), in_range(0, 1, include_max=False)),
    ],
)
def test_rules_that_decide_otherwise_are_declared_otherwise(one: Rule, other: Rule) -> None:
    assert one.on("x").declaration != other.on("x").declaration


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (isin(["b", "a"]), isin(["a", "b", "a"])),
        (notin(date(2024, 3, day) for day in (2, 1)), notin(date(2024, 3, day) for day in (1, 2))),
        (isin({"a", "b"}), isin(["a", "b"])),
    ],
)
def test_what_is_among_values_does_not_depend_on_their_order(one: Rule, other: Rule) -> None:
    assert one.on("x").declaration == other.on("x").declaration


def test_a_set_is_told_alike_in_each_process() -> None:
    script = "import flow_assets as fa; print(fa.isin({'a', 'b', 'c', 'd', 'e'}).on('x').text)"
    told = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {b"x is one of a, b, c, d, e\n"}


@pytest.mark.parametrize("bound", [math.inf, -math.inf, math.nan])
def test_a_bound_that_json_does_not_know_is_declared(bound: float) -> None:
    declaration = ge(bound).on("x").declaration
    assert json.loads(json.dumps(declaration, allow_nan=False)) == declaration
    assert declaration != ge(str(bound)).on("x").declaration


def test_what_follows_from_a_rule_is_no_part_of_what_decides() -> None:
    mild = ge(1, name="a", severity="warn", tolerance=0.5, quarantine=True, dimension="accuracy", description="b")
    assert mild.on("x").declaration == ge(1).on("x").declaration
    assert (mild.name, mild.severity, mild.tolerance, mild.quarantine) == ("a", "warn", 0.5, True)


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        (ge(1), "error"),
        (ge(1, quarantine=True), "warn"),
        (ge(1, quarantine=True, severity="error"), "error"),
        (no_drift("ks", 0.1), "warn"),
        (row_count(1), "error"),
    ],
)
def test_a_rule_that_quarantines_or_looks_back_warns(rule: Rule, severity: str) -> None:
    assert rule.severity == severity


@pytest.mark.parametrize(
    ("tolerance", "failed", "total", "is_tolerated"),
    [
        (0, 0, 10, True),
        (0, 1, 10, False),
        (2, 2, 10, True),
        (2, 3, 10, False),
        (0.1, 1, 10, True),
        (0.1, 2, 10, False),
        (0.1, 0, 0, True),
        (0.29, 29, 100, True),
        (0.29, 30, 100, False),
        (0.07, 7, 100, True),
        (0.1, 3, 30, True),
    ],
)
def test_a_tolerance_is_a_number_or_a_share(tolerance: float, failed: int, total: int, is_tolerated: bool) -> None:
    assert ge(1, tolerance=tolerance).tolerates(failed, total) is is_tolerated


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: in_range(1, 0), "in_range(1, 0) holds nothing; give the smaller bound first."),
        (lambda: isin("abc"), "'abc' is no list of values; write it as a list."),
        (lambda: isin([]), "[] is no list of values"),
        (lambda: str_length(), "str_length() demands nothing"),
        (lambda: row_count(), "row_count() demands nothing"),
        (lambda: row_rule("x > 1"), "row_rule(...) needs a name that says what holds"),
        (lambda: partition_query("SELECT 1"), "partition_query(...) needs a name"),
        (lambda: no_drift("chi", 1), "no_drift: 'chi' is no measure; take one of psi, ks"),
        (lambda: ge(1, severity="fatal"), "'fatal' is no severity; take one of warn, error."),
        (lambda: ge(1, dimension="beauty"), "'beauty' is no dimension; take one of completeness"),
        (lambda: ge(1, because="x"), "A rule takes no because; it takes name, dimension, severity"),  # type: ignore[call-arg]
        (lambda: ge(1, tolerance=1.0), "its tolerance 1.0 is neither a number of rows nor a share below 1.0"),
        (lambda: ge(1, tolerance=-1), "its tolerance -1 is neither"),
        (lambda: ge(1, tolerance=True), "its tolerance True is neither"),
        (lambda: row_count(1, tolerance=1), "Rule row_count: it holds or it does not, so that there is nothing to"),
        (lambda: fresh("x", "1 day", tolerance=1), "leave `tolerance` out"),
        (lambda: row_count_like_before(tolerance=3), "leave `tolerance` out"),
        (lambda: no_drift("psi", 0.1, tolerance=1), "leave `tolerance` out"),
        (lambda: row_count(1, quarantine=True), "Rule row_count: only a rule on rows can quarantine them"),
        (lambda: no_drift("psi", 1, severity="error"), "a rule against history only warns"),
    ],
)
def test_what_makes_no_rule_is_refused(make: Callable[[], Rule], said: str) -> None:
    with pytest.raises(DefinitionError) as error:
        make()
    assert said in str(error.value)


def test_constraints_look_at_rows_unless_they_say_otherwise() -> None:
    wider = {type(rule.constraint).__name__: rule.scope for rule, *_ in SAID if rule.scope is not Scope.ROW}
    assert wider == {
        "RowCount": "partition",
        "CompleteSequence": "partition",
        "Fresh": "partition",
        "PartitionQuery": "partition",
        "RowCountHistory": "history",
        "NoDrift": "history",
    }
