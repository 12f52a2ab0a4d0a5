"""What must hold of a dataset's rows?

First a result is made what its schema declares (`conform`). Then a batch of partitions is inspected (`inspect`): rules
on rows are compiled to SQL and counted in one scan, together with the states of each column's profile; rows that a rule
sets apart leave for the quarantine; rules on whole partitions compare them with their bounds and with those before.
What follows from the results is said by `judge`, and can be said again when severities change.
"""

from flow_assets.checks.conform import CONFORM_VERSION, conform
from flow_assets.checks.facts import PastPartition
from flow_assets.checks.inspect import Inspected, Inspector, Keys, Past, Results
from flow_assets.checks.results import Finding, RuleResult, Verdict, judge
from flow_assets.checks.unique import repeats_previous

__all__ = [
    "CONFORM_VERSION",
    "Finding",
    "Inspected",
    "Inspector",
    "Keys",
    "Past",
    "PastPartition",
    "Results",
    "RuleResult",
    "Verdict",
    "conform",
    "judge",
    "repeats_previous",
]
