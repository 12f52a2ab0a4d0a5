"""Of rules that demand the same, none counts rows that have left by another."""

import pytest

from flow_assets.declaration import Rule
from flow_assets.declaration.rules import ge, in_range, isin, row_rule
from flow_assets.declaration.twins import odd_twins

LEAVES = in_range(0, 9, quarantine=True).on("size")


@pytest.mark.parametrize(
    ("rules", "names"),
    [
        ([LEAVES, in_range(0, 9, name="again").on("size")], ("size_in_range", "again")),
        ([in_range(0, 9, name="again", tolerance=5).on("size"), LEAVES], ("size_in_range", "again")),
        ([LEAVES, in_range(0, 9).on("other"), in_range(0, 10).on("size"), ge(0).on("size")], None),
        ([LEAVES, in_range(0, 9, name="again", quarantine=True).on("size")], None),
        ([in_range(0, 9).on("size"), in_range(0, 9, name="again").on("size")], None),
        ([isin([1], quarantine=True).on("size"), isin([True]).on("size")], None),
        ([row_rule("a > 1", name="one", quarantine=True), row_rule("a > 1", name="two")], ("one", "two")),
    ],
)
def test_a_twin_of_a_rule_that_quarantines(rules: list[Rule], names: tuple[str, str] | None) -> None:
    found = odd_twins(rules)
    assert (tuple(rule.name for rule in found) if found else None) == names
