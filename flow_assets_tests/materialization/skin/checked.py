"""A materializer whose partitions are checked, and break the rules that a test says.

Set `Checked.broken`, or in a process of its own the environment variable `BROKEN`, to texts `DATASET PARTITION RULE`,
separated by commas.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from flow_assets.checks.results import Finding, RuleResult, Verdict, judge
from flow_assets.declaration import Dataset
from flow_assets.materialization.materializer import Materializer
from flow_assets.materialization.outcomes import Outcome, Status

ROWS = 3


class Checked(Materializer):
    """Of three rows two break each of the broken rules; what breaks an error rule is blocked."""

    broken: ClassVar[set[str]] = set(filter(None, os.environ.get("BROKEN", "").split(",")))
    checks_reused: ClassVar[bool] = True

    def materialize_in_batches(self, dataset: Dataset, partitions: Sequence[str]) -> Iterator[list[Outcome]]:
        for outcomes in super().materialize_in_batches(dataset, partitions):
            yield [self._checked(dataset, outcome) for outcome in outcomes]

    def _checked(self, dataset: Dataset, outcome: Outcome) -> Outcome:
        if outcome.status is Status.REUSED and not self.checks_reused:
            return replace(outcome, findings=())
        if not outcome.status.is_published:
            return outcome
        results = {
            rule.name: self._result(f"{outcome.dataset} {outcome.partition} {rule.name}") for rule in dataset.rules
        }
        verdict: Verdict = judge([(rule, rule.name) for rule in dataset.rules], results)
        sample = "|meter|watts|\n|-|-|\n|a|-3|"
        findings = tuple(
            Finding(rule, results[rule.name], sample if results[rule.name].failed else "") for rule in dataset.rules
        )
        if verdict.errors:
            reason = f"breaks {', '.join(rule.name for rule in verdict.errors)}"
            return Outcome(outcome.dataset, outcome.partition, Status.BLOCKED, reason, findings=findings)
        return replace(outcome, findings=findings)

    def _result(self, name: str) -> RuleResult:
        return RuleResult(2 if name in self.broken else 0, ROWS)
