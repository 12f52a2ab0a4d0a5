"""What became of one partition."""

from dataclasses import dataclass
from enum import StrEnum

from flow_assets.checks.results import Finding
from flow_assets.ledger import Kpi


class Status(StrEnum):
    """How a partition ended."""

    COMPUTED = "computed"
    REUSED = "reused"
    RESTORED = "restored"
    CHECKED = "checked"
    BLOCKED = "blocked"
    FAILED = "failed"
    HELD = "held"
    WAITING = "waiting"

    @property
    def is_published(self) -> bool:
        """Whether the partition is what it should be now."""
        return self in (Status.COMPUTED, Status.REUSED, Status.RESTORED, Status.CHECKED)


@dataclass(frozen=True)
class Outcome:
    """How one partition ended.

    Attributes:
        reason: why it was computed, or why it was not; for a failure, what is wrong and what to do.
        seconds: wall time, shared out over the partitions of a set-based call.
        bytes: size of its files in the store.
        key: under which the store has its record.
        preview: its first rows in Markdown; empty where its record has none.
        findings: how each rule fared in what was made, or else in what is there of the partition, if that was checked.
        quarantined: rows that left, if it was.
        kpi: what publishing it anew took.
    """

    dataset: str
    partition: str
    status: Status
    reason: str
    content_hash: str | None = None
    code_fingerprint: str | None = None
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0
    key: str | None = None
    preview: str = ""
    findings: tuple[Finding, ...] = ()
    quarantined: int = 0
    kpi: Kpi | None = None
