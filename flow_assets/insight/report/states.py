"""What a partition is to somebody who looks at the page: one state each, and the worst of many."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from flow_assets.ledger import Failure, Holding
from flow_assets.ledger.findings import Alert, AlertState
from flow_assets.ledger.judgements import Blocked
from flow_assets.memo.entries import Action, Because, PlanEntry
from flow_assets.texts import first_line

LONGEST_NOTE = 240


class PartitionState(StrEnum):
    """What a partition is now, the worst first."""

    FAILED = "failed"
    BLOCKED = "blocked"
    LATE = "late"
    HELD = "held"
    STALE = "stale"
    MISSING = "missing"
    FRESH = "fresh"
    REUSED = "reused"

    @property
    def is_up_to_date(self) -> bool:
        """Whether what is published is what it should be now."""
        return self in (PartitionState.FRESH, PartitionState.REUSED)


MEANINGS: Mapping[PartitionState, str] = {
    PartitionState.FRESH: "up to date, made within the window",
    PartitionState.REUSED: "up to date, made before the window and not made again",
    PartitionState.STALE: "published, but not what it should be now",
    PartitionState.LATE: "an alert says that it should be there by now",
    PartitionState.FAILED: "the last attempt failed",
    PartitionState.BLOCKED: "a version breaks its rules and is kept back",
    PartitionState.HELD: "waits for an input that is failed, blocked or gone",
    PartitionState.MISSING: "not there yet",
}
"""In the order in which a legend shows them."""

Counts = Mapping[PartitionState, int]


@dataclass(frozen=True)
class Cell:
    """One partition, or several that are shown as one.

    Attributes:
        label: the partition's key, or the period that is shown; empty for a dataset without partitions.
        state: the worst of its partitions.
        partitions: how many it stands for.
        troubled: how many of those are not up to date.
        rows: published ones; None where nothing is.
        at: when the newest was published, UTC, ISO 8601; None where nothing is.
        note: why it is not up to date.
    """

    label: str
    state: PartitionState
    partitions: int = 1
    troubled: int = 0
    rows: int | None = None
    at: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Known:
    """What is known of the partitions of one dataset, by key."""

    held: Mapping[str, Holding]
    failures: Mapping[str, Failure]
    blocked: Mapping[str, Blocked]
    late: Mapping[str, str]


def cell_of(entry: PlanEntry, known: Known, since: str) -> Cell:
    """What one partition is.

    Args:
        entry: what the plan says of it.
        known: what the ledger says of its dataset.
        since: when the window begins, UTC, ISO 8601.
    """
    holding = known.held.get(entry.partition)
    state, note = _judged(entry, known, holding)
    if state is PartitionState.FRESH and holding is not None and holding.published_at < since:
        state = PartitionState.REUSED
    rows, at = (holding.rows, holding.published_at) if holding else (None, None)
    return Cell(entry.partition, state, 1, int(not state.is_up_to_date), rows, at, first_line(note, LONGEST_NOTE))


def _judged(entry: PlanEntry, known: Known, holding: Holding | None) -> tuple[PartitionState, str]:
    key = entry.partition
    if block := known.blocked.get(key):
        return PartitionState.BLOCKED, block.reason
    if entry.action is Action.REUSE:
        return PartitionState.FRESH, ""
    if failure := known.failures.get(key):
        return PartitionState.FAILED, failure.message
    if entry.because is Because.UNREADABLE:
        return PartitionState.FAILED, entry.detail[-1] if entry.detail else ""
    if (title := known.late.get(key)) is not None:
        return PartitionState.LATE, title
    if entry.action is Action.HOLD:
        return PartitionState.HELD, str(entry.because)
    return (PartitionState.STALE if holding else PartitionState.MISSING), str(entry.because)


def late_partitions(alerts: Iterable[Alert]) -> dict[str, dict[str, str]]:
    """Dataset to partition to what an open alert of the watch on freshness says of it."""
    late: dict[str, dict[str, str]] = {}
    for alert in alerts:
        finding = alert.finding
        if finding.watch == "freshness" and alert.state is not AlertState.RESOLVED:
            note = first_line(finding.text, LONGEST_NOTE) or finding.title
            for partition in finding.partitions or ("",):
                late.setdefault(finding.dataset, {})[partition] = note
    return late


def count_states(cells: Iterable[Cell]) -> dict[PartitionState, int]:
    """How many are in each state, the worst first, without those in which none is."""
    counts = Counter(cell.state for cell in cells)
    return {state: counts[state] for state in PartitionState if counts[state]}


def merge(label: str, cells: list[Cell]) -> Cell:
    """Several partitions as one: the worst state, and what all hold together."""
    if len(cells) == 1 and cells[0].label == label:
        return cells[0]
    order = list(PartitionState)
    worst = min(cells, key=lambda cell: order.index(cell.state))
    rows = [cell.rows for cell in cells if cell.rows is not None]
    return Cell(
        label,
        worst.state,
        sum(cell.partitions for cell in cells),
        sum(cell.troubled for cell in cells),
        sum(rows) if rows else None,
        max((cell.at for cell in cells if cell.at), default=None),
        f"{worst.label}: {worst.note}" if worst.note else "",
    )
