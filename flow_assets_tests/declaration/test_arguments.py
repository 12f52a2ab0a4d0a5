from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest

from flow_assets.declaration.partition_rules import (
    complete_sequence,
    fresh,
    no_drift,
    partition_query,
    row_count,
    row_count_like_before,
)
from flow_assets.declaration.rules import ge, in_range, isin, python_rule, references, row_rule, unique
from flow_assets.errors import DefinitionError

ANY: Any = None  # what follows is what no type-checker lets pass


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: python_rule(ANY or "no_spike"), "python_rule('no_spike') takes a function and not its name or result"),
        (lambda: python_rule(ANY), "python_rule(None) takes a function"),
        (lambda: python_rule(lambda values: values > 0), "python_rule(lambda ...) needs a name that says what holds"),
        (lambda: references("meters", on=ANY or "meter"), 'on={"meter": "meter"}, first the one here. on=\'meter\' is'),
        (lambda: references("meters"), "references('meters', ...) needs a column here for each there"),
        (lambda: references("meters", on={}), "on={} is none."),
        (lambda: references("meters", on={"a": ANY or 1}), "on={'a': 1} is none."),
        (lambda: references(ANY or {"a": "b"}), "dataset={'a': 'b'} is no text; write it in quotes."),
        (
            lambda: row_count(ANY or "24", 100),
            "row_count(...): min_value='24' is no whole number; write it without quotes",
        ),
        (lambda: row_count(1, ANY or 2.5), "row_count(...): max_value=2.5 is no whole number"),
        (lambda: row_count(ANY or True), "min_value=True is no whole number"),
        (lambda: row_count_like_before(ANY or "0.5"), "min_ratio='0.5' is no finite number"),
        (lambda: row_count_like_before(partitions=ANY or "7"), "partitions='7' is no whole number"),
        (lambda: row_count_like_before(at_least=ANY or 2.0), "at_least=2.0 is no whole number"),
        (lambda: no_drift("psi", ANY or "0.3"), "no_drift('psi', ...): threshold='0.3' is no finite number"),
        (lambda: no_drift("psi", inf), "threshold=inf is no finite number"),
        (lambda: no_drift("psi", nan), "threshold=nan is no finite number"),
        (lambda: no_drift(ANY or ["ks"], 0.3), "measure=['ks'] is no text"),
        (
            lambda: no_drift("ks", 3),
            "no_drift('ks'): the threshold 3 must be above 0 and below 1, which it never exceeds",
        ),
        (lambda: no_drift("null_rate", 1), "the threshold 1 must be above 0 and below 1"),
        (lambda: no_drift("psi", 0.3, 5, 8), "at_least=8 is more than the 5 partitions that are compared with"),
        (lambda: no_drift("ks", 0.3, severity="error"), "Rule ks: a rule against history only warns"),
        (lambda: complete_sequence(ANY or ["at"], "1 hour"), "complete_sequence(...): column=['at'] is no text"),
        (lambda: fresh("at", ANY or 36), "fresh(...): within=36 is no text"),
        (lambda: partition_query(ANY or 1, name="x"), "partition_query(...): sql=1 is no text"),
        (lambda: partition_query(" ", name="x"), "partition_query(...): sql=' ' is no text"),
        (lambda: row_rule("", name="x"), "row_rule(...): sql='' is no text"),
        (lambda: unique(ANY or ["a", "b"]), "unique(...): column=['a', 'b'] is no text"),
        (lambda: isin(ANY or 5), "5 is no list of values; write it as a list."),
        (lambda: in_range("a", 1), "in_range('a', 1): its bounds cannot be compared"),
        (lambda: ge(1, nmae="x"), "A rule takes no nmae; it takes name, dimension"),  # type: ignore[call-arg]
        (lambda: ge(1, nmae="x"), "Did you mean 'name'?"),  # type: ignore[call-arg]
        (lambda: ge(1, name=ANY), "name=None names no rule"),
        (lambda: ge(1, name=""), "name='' names no rule"),
        (lambda: ge(1, name="a,b"), "name='a,b' names no rule: write a text without blanks, commas and semicolons"),
        (lambda: ge(1, name="a;b"), "name='a;b' names no rule"),
        (lambda: ge(1, name="is positive"), "name='is positive' names no rule"),
        (lambda: ge(1, quarantine=ANY or "yes"), "Rule at_least: quarantine='yes' is neither True nor False."),
        (lambda: ge(1, description=ANY or 1), "Rule at_least: its description 1 is no text."),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(DefinitionError) as error:
        make()
    assert said in str(error.value)


def test_a_named_lambda_and_thresholds_below_the_greatest_are_taken() -> None:
    assert python_rule(lambda values: values > 0, name="is_positive").on("x").name == "is_positive"
    assert no_drift("ks", 0.99).on("x").name == "x_ks"
    assert no_drift("psi", 3).on("x").name == "x_psi"
