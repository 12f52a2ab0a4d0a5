"""How rules fared before, told again of partitions of which nothing is made: Dagster shows a check only if it is told.

Dagster takes an evaluation for outdated once its partition has a newer materialization, which a reused one gets. One
that a run was to make and did not it takes for failed if the run fails, whatever is published of the partition.
"""

from collections.abc import Mapping, Sequence

from flow_assets.checks import Finding
from flow_assets.lake import Record
from flow_assets.ledger import Holdings
from flow_assets.ledger.judgements import Version
from flow_assets.materialization.judging import results_of
from flow_assets.memo.entries import Because, PlanEntry
from flow_assets.memo.planner import Planner
from flow_assets.memo.rule_book import RuleBook


class Told:
    """Finds what was found of partitions of one dataset when they were last checked."""

    def __init__(self, planner: Planner, holdings: Holdings, book: RuleBook) -> None:
        self._planner = planner
        self._holdings = holdings
        self._book = book

    def findings(self, dataset: str, entries: Sequence[PlanEntry]) -> dict[str, tuple[Finding, ...]]:
        """Partition to how each rule fared in what is there of it: what is published, or kept back as before."""
        versions = self._published(dataset, [entry.partition for entry in entries])
        blocked = [entry.partition for entry in entries if entry.because is Because.BLOCKED]
        return self._found(dataset, versions | self._kept_back(dataset, blocked))

    def of_published(self, dataset: str, partitions: Sequence[str]) -> dict[str, tuple[Finding, ...]]:
        """Partition to how each rule fared in what is published of it, whatever came of making it anew."""
        return self._found(dataset, self._published(dataset, partitions))

    def _found(self, dataset: str, versions: Mapping[str, Version]) -> dict[str, tuple[Finding, ...]]:
        checks = self._holdings.judgements.latest(dataset, list(versions)) if versions else {}
        found = {}
        for partition, version in versions.items():
            if check := checks.get(version):
                results = results_of(check.results)
                known = ((rule, results[digest]) for rule, digest in self._book.rules if digest in results)
                found[partition] = tuple(Finding(rule, result) for rule, result in known)
        return found

    def _published(self, dataset: str, partitions: Sequence[str]) -> dict[str, Version]:
        """Partition to the version that is published."""
        held = self._planner.held(dataset)
        return {p: Version(p, held[p].key, held[p].content_hash) for p in partitions if p in held}

    def _kept_back(self, dataset: str, partitions: Sequence[str]) -> dict[str, Version]:
        """Partition to the version that was made and not published."""
        texts = self._holdings.judgements.blocked_records(dataset, partitions) if partitions else {}
        records = {partition: Record.from_json(text.encode()) for partition, text in texts.items()}
        return {p: Version(p, record.key, record.content_hash) for p, record in records.items()}
