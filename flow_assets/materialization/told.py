"""How rules fared before, told again of partitions of which nothing is made: Dagster shows a check only if it is told.

Dagster takes an evaluation for outdated once its partition has a newer materialization, which a reused one gets.
"""

from collections.abc import Sequence

from flow_assets.checks import Finding
from flow_assets.lake import Record
from flow_assets.ledger import Holdings
from flow_assets.materialization.judging import results_of
from flow_assets.memo.entries import Action, Because, PlanEntry
from flow_assets.memo.planner import Planner
from flow_assets.memo.rule_book import RuleBook


class Told:
    """Finds what was found of partitions of one dataset when they were last checked."""

    def __init__(self, planner: Planner, holdings: Holdings, book: RuleBook) -> None:
        self._planner = planner
        self._holdings = holdings
        self._book = book

    def findings(self, dataset: str, entries: Sequence[PlanEntry]) -> dict[str, tuple[Finding, ...]]:
        """Partition to how each rule fared, of those of `entries` that are reused or blocked as before."""
        versions = self._versions(dataset, entries)
        checks = self._holdings.judgements.latest(dataset, list(versions)) if versions else {}
        found = {}
        for partition, content_hash in versions.items():
            if check := checks.get((partition, content_hash)):
                results = results_of(check.results)
                known = ((rule, results[digest]) for rule, digest in self._book.rules if digest in results)
                found[partition] = tuple(Finding(rule, result) for rule, result in known)
        return found

    def _versions(self, dataset: str, entries: Sequence[PlanEntry]) -> dict[str, str]:
        """Partition to the content hash of the version that is reused or kept back."""
        held = self._planner.held(dataset)
        versions = {e.partition: held[e.partition].content_hash for e in entries if e.action is Action.REUSE}
        if blocked := [e.partition for e in entries if e.because is Because.BLOCKED]:
            for partition, record in self._holdings.judgements.blocked_records(dataset, blocked).items():
                versions[partition] = Record.from_json(record.encode()).content_hash
        return versions
