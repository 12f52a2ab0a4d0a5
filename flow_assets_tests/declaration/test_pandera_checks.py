"""What is declared by pandera's own means is a rule, and the other way round."""

import functools
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pytest
from typing_extensions import override

from flow_assets import (
    Bool,
    DatasetSchema,
    Date,
    Float64,
    Int32,
    Rule,
    String,
    TimestampUtc,
    column,
    ge,
    in_range,
    isin,
    python_rule,
    row_rule,
)
from flow_assets.declaration.constraints import Compare, InRange, IsIn, NotNull, PythonCheck, StrLength, StrMatches
from flow_assets.declaration.pandera_checks import check_of, rule_of
from flow_assets.errors import DefinitionError, RuleError

LIMIT = 3


class Native(DatasetSchema):
    """Declared by pandera's own means."""

    size: Int32 = pa.Field(ge=0, lt=9, isin=[3, 1, 2], description="A size")
    name: String = pa.Field(str_length=(1, 3), str_matches="[a-z]", nullable=True, description="A name")
    share: Float64 = pa.Field(in_range=(0.0, 1.0, True, False), raise_warning=True, description="A share")

    @pa.check("size", "share")
    def is_small(cls, values: Any) -> Any:  # noqa: N805
        """Small enough."""
        return values < LIMIT

    @pa.check("name", element_wise=True)
    def is_lower(cls, value: str) -> bool:  # noqa: N805
        return value == value.lower()

    @pa.dataframe_check(raise_warning=True)
    def share_below_size(cls, frame: Any) -> Any:  # noqa: N805
        return frame["share"] < frame["size"]


def test_every_check_is_a_rule_with_the_options_of_any() -> None:
    rules = {rule.name: rule for rule in Native.all_rules() if not isinstance(rule.constraint, NotNull)}
    constraints = {name: (rule.constraint, rule.columns, rule.severity) for name, rule in rules.items()}
    functions = {"size_is_small", "share_is_small", "name_is_lower", "share_below_size"}
    assert {name: constraint for name, constraint in constraints.items() if name not in functions} == {
        "size_less_than": (Compare("lt", 9), ("size",), "error"),
        "size_at_least": (Compare("ge", 0), ("size",), "error"),
        "size_isin": (IsIn((1, 2, 3)), ("size",), "error"),
        "name_matches": (StrMatches("[a-z]"), ("name",), "error"),
        "name_length": (StrLength(1, 3), ("name",), "error"),
        "share_in_range": (InRange(0.0, 1.0, True, False), ("share",), "warn"),
    }
    assert rules["size_is_small"].description == "Small enough."
    assert rules["size_is_small"].columns == ("size",)
    assert (rules["share_below_size"].columns, rules["share_below_size"].severity) == ((), "warn")
    assert {name for name in functions if isinstance(rules[name].constraint, PythonCheck)} == functions
    assert [name for name in functions if rules[name].constraint.element_wise] == ["name_is_lower"]


def test_a_function_is_the_one_that_was_written_so_that_its_code_is_what_counts() -> None:
    """pandera hides it in an adapter of its own."""
    (rule,) = [rule for rule in Native.all_rules() if rule.name == "size_is_small"]
    function = rule.constraint.function
    assert isinstance(function, functools.partial)
    assert function.func is vars(Native)["is_small"].__func__
    assert function.args == (Native,)
    assert rule.text == "Native.is_small(size), in Python"


def frame(**columns: Any) -> pd.DataFrame:
    table = arrow.table(columns, schema=Native.arrow_schema())
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def test_validate_asks_each_once() -> None:
    with (
        pytest.warns(pa.errors.SchemaWarning, match="share_in_range"),
        pytest.warns(pa.errors.SchemaWarning, match="share_below_size"),
        pytest.raises(pa.errors.SchemaErrors) as caught,
    ):
        Native.validate(frame(size=[3, -1, 1], name=["a", None, "AB"], share=[0.5, -2.0, 1.0]), lazy=True)
    cases = caught.value.failure_cases
    failed = sorted((check, int(row)) for check, row in zip(cases["check"], cases["index"], strict=True))
    assert failed == [
        ("name_is_lower", 2),
        ("name_matches", 2),
        ("size_at_least", 1),
        ("size_is_small", 0),
        ("size_isin", 1),
    ]


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (pa.Check.unique_values_eq([1]), "S.x: pandera's check unique_values_eq is not supported; use a rule"),
        (pa.Check.ge(1, ignore_na=False), "greater_than_or_equal_to is asked of nulls too; say that with `nullable"),
        (pa.Check(len, groupby="x"), "pandera's check len groups rows; use `partition_query`"),
        (pa.Check(lambda values: values > 1), "pandera's check <lambda> has no name; give it one"),
        (pa.Hypothesis.one_sample_ttest(popmean=1), "is a Hypothesis, which says nothing of single rows"),
    ],
)
def test_a_check_that_is_no_rule_is_named(check: Any, said: str) -> None:
    with pytest.raises(DefinitionError) as error:
        rule_of(check, "S.x", "x")
    assert said in str(error.value)


def test_arguments_of_a_function_stay_with_it() -> None:
    def is_below(values: Any, limit: int) -> Any:
        return values < limit

    rule = rule_of(pa.Check(is_below, limit=3), "S.x", "x")
    assert list(rule.constraint.function(pd.Series([2, 3]))) == [True, False]


def test_a_row_rule_and_an_answer_that_is_missing_pass_in_validate_too() -> None:
    def is_more(values: Any) -> Any:
        return pd.Series([None, *[False] * (len(values) - 1)], index=values.index, dtype="boolean")

    class Rows(DatasetSchema):
        low: Int32 = column("Low", nullable=True)
        high: Int32 = column("High", rules=[python_rule(is_more)])

        @classmethod
        def rules(cls) -> Any:
            return [row_rule("low < high -- of the same row", name="low_is_low")]

    table = arrow.table({"low": [1, None, 5], "high": [2, 1, 4]}, schema=Rows.arrow_schema())
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        Rows.validate(table.to_pandas(types_mapper=pd.ArrowDtype).set_index(pd.Index([7, 8, 9])), lazy=True)
    cases = caught.value.failure_cases
    assert {(check, int(row)) for check, row in zip(cases["check"], cases["index"], strict=True)} == {
        ("low_is_low", 9),
        ("is_more", 8),
        ("is_more", 9),
    }


def test_an_answer_about_one_value_must_be_a_truth_value() -> None:
    check = pa.Check(lambda value: None, element_wise=True, name="forgetful")
    with pytest.raises(RuleError, match=r"Rule x_forgetful: its function must return True or False; it returned None"):
        check_of(rule_of(check, "S.x", "x"))(pd.Series([1, 2]))


class Ordinary(DatasetSchema):
    """One column of each kind that pandas has in its own way too."""

    name: String = column("Name", nullable=True, rules=[isin(["a", "b"])])
    size: Int32 = column("Size", rules=[ge(1)])
    share: Float64 = column("Share", nullable=True, rules=[in_range(0, 1)])
    is_seen: Bool = column("Seen")
    day: Date = column("Day")
    at_utc: TimestampUtc = column("At", nullable=True)

    @classmethod
    @override
    def rules(cls) -> list[Rule]:
        return [row_rule("is_seen OR share IS NULL", name="seen_or_without_share")]


def ordinary(**changes: Any) -> pd.DataFrame:
    values = {
        "name": ["a", None],
        "size": [1, 2],
        "share": [0.5, None],
        "is_seen": [True, False],
        "day": [date(2024, 3, 1), date(2024, 3, 2)],
        "at_utc": pd.to_datetime(["2024-03-01 12:00", None], utc=True),
    }
    return pd.DataFrame({**values, **changes})


@pytest.mark.parametrize("changes", [{}, {"name": pd.Series(["a", None], dtype=object)}, {"size": [1.0, 2.0]}])
def test_a_frame_of_ordinary_types_is_validated(changes: dict[str, Any]) -> None:
    validated = Ordinary.validate(ordinary(**changes))
    assert arrow.Table.from_pandas(validated, preserve_index=False).to_pylist() == [
        {
            "name": "a",
            "size": 1,
            "share": 0.5,
            "is_seen": True,
            "day": date(2024, 3, 1),
            "at_utc": datetime(2024, 3, 1, 12, tzinfo=UTC),
        },
        {"name": None, "size": 2, "share": None, "is_seen": False, "day": date(2024, 3, 2), "at_utc": None},
    ]


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"name": ["a", "z"]}, "name_isin"),
        ({"size": [1, -1]}, "size_at_least"),
        ({"share": [1.5, None]}, "share_in_range"),
        ({"is_seen": [False, False]}, "seen_or_without_share"),
        ({"size": [1.5, 2.0]}, "coerce_dtype('int32[pyarrow]')"),
        ({"size": [1, 2**40]}, "coerce_dtype('int32[pyarrow]')"),
        ({"size": [1, None]}, "not_nullable"),
    ],
)
def test_what_a_frame_of_ordinary_types_breaks_is_said(changes: dict[str, Any], broken: str) -> None:
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        Ordinary.validate(ordinary(**changes), lazy=True)
    assert broken in set(caught.value.failure_cases["check"])


def test_a_frame_of_arrow_types_is_validated_as_it_is() -> None:
    table = arrow.table({"share": [float("nan")]}, schema=arrow.schema([("share", arrow.float64())]))

    class Share(DatasetSchema):
        share: Float64 = column("Share", rules=[in_range(0, 1)])

    with pytest.raises(pa.errors.SchemaErrors) as caught:
        Share.validate(table.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    assert list(caught.value.failure_cases["check"]) == ["share_in_range"]
