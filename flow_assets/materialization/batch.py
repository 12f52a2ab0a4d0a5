"""What came of a batch of partitions, and what it took."""

from dataclasses import dataclass, field

from flow_assets.checks import Finding
from flow_assets.ledger import Block, Failure, Judgement, Publication
from flow_assets.materialization.stopwatch import Cost
from flow_assets.memo.entries import PlanEntry

PORTION_BYTES = 256 * 2**20
"""Rows in memory, conformed, from which on they are checked, written and published before there are more."""


@dataclass
class Batch:
    """What is to be published, what is kept back or failed, what turned out to need nothing, and what it took.

    Attributes:
        judgements: what was found anew of what is published.
        unjudged: the partitions among those that failed whose published version only could not be judged anew.
        costs: partition to what making or judging it took.
        previews: partition to its first rows, of those that are to be published.
        findings: partition to how each rule fared.
        later: entries whose rows found no room in it.
        landed_bytes: partition to the size of the landed file it was read from.
    """

    publications: list[Publication] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    unjudged: set[str] = field(default_factory=set)
    settled: list[PlanEntry] = field(default_factory=list)
    later: list[PlanEntry] = field(default_factory=list)
    costs: dict[str, Cost] = field(default_factory=dict)
    previews: dict[str, str] = field(default_factory=dict)
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    landed_bytes: dict[str, int] = field(default_factory=dict)

    @property
    def ended(self) -> set[str]:
        """The partitions of which something came."""
        found = {p.partition for p in self.publications} | {b.partition for b in self.blocks}
        found |= {j.partition for j in self.judgements} | {f.partition for f in self.failures}
        return found | {entry.partition for entry in self.settled}
