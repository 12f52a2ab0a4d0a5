"""How good is what arrives: rules that are broken, and metrics that drift although they stay within their limits."""

from collections.abc import Sequence

from flow_assets.insight.watch.quality.broken_rules import find_broken_rules
from flow_assets.insight.watch.quality.drifting import find_drifting
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import Finding


def quality(situation: Situation) -> Sequence[Finding]:
    """Everything that is off with the data.

    What is kept back is critical. What is published and breaks a rule is a warning: all of it if the rule is of
    severity error and was made later, and of the last partitions if it is of severity warn. What drifts is a warning.
    """
    return [*find_broken_rules(situation), *find_drifting(situation)]
