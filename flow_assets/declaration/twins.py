"""Rules that demand the same of the same rows, and do not agree on what follows."""

from collections.abc import Sequence

from flow_assets.declaration.rules import Rule


def odd_twins(rules: Sequence[Rule]) -> tuple[Rule, Rule] | None:
    """The first two rules of which one sets rows apart, and the other would count the same rows though they have left.

    Returns:
        The one that quarantines, and the other; None where there are no such two.
    """
    leaving = {repr(rule.declaration): rule for rule in rules if rule.quarantine}
    twins = ((leaving[repr(r.declaration)], r) for r in rules if not r.quarantine and repr(r.declaration) in leaving)
    return next(twins, None)
