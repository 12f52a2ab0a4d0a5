from collections.abc import Callable
from typing import Any

import pytest

from flow_assets import DatasetSchema, Float64, column, in_range, no_drift
from flow_assets.errors import DefinitionError


def is_calm(values: Any) -> Any:
    return values


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([in_range], "has in_range, which makes a rule once it is called: in_range(...)."),
        (["watts > 0"], "has 'watts > 0', which is no rule; of SQL one is made by row_rule"),
        ([is_calm], "has is_calm, which is a function and no rule; one is made of it by python_rule(is_calm)."),
        (in_range(0, 1), "takes a list of rules; put in_range in one: [...]."),
        ("watts > 0", "takes a list of rules, such as [unique()], not 'watts > 0'."),
        (None, "takes a list of rules, such as [unique()], not None. Has `return` been forgotten?"),
    ],
)
@pytest.mark.parametrize("place", ["column", "schema"])
def test_what_is_no_list_of_rules_is_refused(rules: Any, said: str, place: str) -> None:
    class Watts(DatasetSchema):
        watts: Float64 = column("Power")

        @classmethod
        def rules(cls) -> Any:
            return rules

    make: Callable[[], Any] = Watts.all_rules if place == "schema" else lambda: column("Power", rules=rules)
    where = "Watts.rules()" if place == "schema" else "column(..., rules=[...])"
    with pytest.raises(DefinitionError) as error:
        make()
    assert str(error.value).startswith(f"{where} {said}")


def test_a_rule_on_no_column_is_called_without_one() -> None:
    class Watts(DatasetSchema):
        watts: Float64 = column("Power")

        @classmethod
        def rules(cls) -> Any:
            return [in_range(0, 1)]

    with pytest.raises(DefinitionError, match=r"^Watts: rule in_range: it names no column; put it on one.*\)`\.$"):
        Watts.all_rules()
    assert no_drift("ks", 0.3).known_as == "ks"
