import pytest

from flow_assets import in_range, row_count, row_rule
from flow_assets.checks.results import reason_of, rules_named
from flow_assets.declaration import Rule

LONG = "a\n      AND b\n      OR (c AND d)" + " AND e" * 20


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (in_range(0, 9).on("watts"), "watts_in_range (validity): 0 <= watts <= 9: 3 of 9"),
        (
            in_range(0, 9, description="No\n meter shows\tmore.").on("watts"),
            "watts_in_range (validity): No meter shows more: 3 of 9",
        ),
        (row_rule("a\n  <\n b", name="is_less"), "is_less (consistency): a < b: 3 of 9"),
        (row_rule(LONG, name="is_long"), "is_long (consistency): 3 of 9"),
        (
            row_rule(LONG, name="is_long", description="Or it is short."),
            "is_long (consistency): Or it is short: 3 of 9",
        ),
        (row_count(1, 2), "row_count (completeness): 1 <= rows <= 2: 3 of 9"),
    ],
)
def test_a_broken_rule_is_told_in_a_line(rule: Rule, told: str) -> None:
    assert reason_of(rule, "3 of 9") == told
    assert rules_named(told) == (rule.name,)


def test_all_rules_of_a_reason_are_named() -> None:
    rules = [in_range(0, 9).on("a"), row_rule(LONG, name="is_(very)_long"), row_count(1, 2)]
    assert rules_named("; ".join(reason_of(rule, "7 rows") for rule in rules)) == tuple(rule.name for rule in rules)
    assert rules_named("required input a 2024-03-01 failed") == ()
