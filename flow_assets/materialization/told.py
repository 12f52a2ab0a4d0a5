"""How rules fared before, told again of partitions of which nothing is made: Dagster shows a check only if it is told.

Dagster takes an evaluation for outdated once its partition has a newer materialization, which a reused one gets.
"""

from collections.abc import Sequence

from flow_assets.checks import Finding
from flow_assets.lake import Record
from flow_assets.ledger import Holdings
from flow_assets.ledger.judgements import Version
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
        for partition, version in versions.items():
            if check := checks.get(version):
                results = results_of(check.results)
                known = ((rule, results[digest]) for rule, digest in self._book.rules if digest in results)
                found[partition] = tuple(Finding(rule, result) for rule, result in known)
        return found

    def _versions(self, dataset: str, entries: Sequence[PlanEntry]) -> dict[str, Version]:
        """Partition to the version that is reused or kept back."""
        held = self._planner.held(dataset)
        reused = {e.partition: held[e.partition] for e in entries if e.action is Action.REUSE}
        versions = {p: Version(p, holding.key, holding.content_hash) for p, holding in reused.items()}
        if blocked := [e.partition for e in entries if e.because is Because.BLOCKED]:
            for partition, text in self._holdings.judgements.blocked_records(dataset, blocked).items():
                record = Record.from_json(text.encode())
                versions[partition] = Version(partition, record.key, record.content_hash)
        return versions
