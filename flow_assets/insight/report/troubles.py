"""What is not up to date and why: partition by partition, and together where the cause is one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flow_assets.insight.report.states import LONGEST_NOTE, Cell, PartitionState
from flow_assets.insight.watch.words import alike
from flow_assets.memo.entries import Because, PlanEntry
from flow_assets.memo.explain import Explainer
from flow_assets.texts import first_line

_NOTED = (PartitionState.FAILED, PartitionState.BLOCKED, PartitionState.LATE)
_ABOUT_INPUTS = (Because.INPUT_PENDING, Because.INPUT_WAITS, Because.INPUT_HELD, Because.INPUT_ABSENT)

Troubled = tuple[PlanEntry, Cell]
"""What the plan says of a partition that is not up to date, and what it is on the page."""


@dataclass(frozen=True)
class Trouble:
    """A partition that is not up to date, and why in words."""

    dataset: str
    partition: str
    state: PartitionState
    reason: str


@dataclass(frozen=True)
class Troubles:
    """Partitions of one dataset that are not up to date for one cause.

    Attributes:
        partitions: in order.
        reason: why, in words; the first partition's, which it names where the others' may differ in numbers and names.
    """

    dataset: str
    partitions: tuple[str, ...]
    state: PartitionState
    reason: str


def one_by_one(troubled: Iterable[Troubled], explainer: Explainer, most: int) -> tuple[Trouble, ...]:
    """The worst, at most so many."""
    worst = _worst_first(troubled)[:most]
    return tuple(Trouble(e.dataset, e.partition, cell.state, _reason(e, cell, explainer)) for e, cell in worst)


def by_cause(troubled: Iterable[Troubled], explainer: Explainer) -> tuple[Troubles, ...]:
    """All of them, the worst first; of each cause only the first partition's reason is looked up."""
    causes: dict[tuple[str, PartitionState, str], list[Troubled]] = {}
    for entry, cell in _worst_first(troubled):
        causes.setdefault((entry.dataset, cell.state, _cause(entry, cell)), []).append((entry, cell))
    return tuple(
        Troubles(dataset, tuple(entry.partition for entry, _ in of), state, _reason_of_all(of, explainer))
        for (dataset, state, _), of in causes.items()
    )


def _worst_first(troubled: Iterable[Troubled]) -> list[Troubled]:
    order = list(PartitionState)
    return sorted(troubled, key=lambda trouble: order.index(trouble[1].state))


def _cause(entry: PlanEntry, cell: Cell) -> str:
    if cell.state in _NOTED:
        return alike(cell.note, entry.partition)
    return " ".join((entry.because, *(entry.detail[:1] if entry.because in _ABOUT_INPUTS else ())))


def _reason(entry: PlanEntry, cell: Cell, explainer: Explainer) -> str:
    return cell.note if cell.state in _NOTED else first_line(explainer.reason(entry), LONGEST_NOTE)


def _reason_of_all(troubled: Sequence[Troubled], explainer: Explainer) -> str:
    entry, cell = troubled[0]
    reason = _reason(entry, cell, explainer)
    may_differ = cell.state is PartitionState.STALE or alike(reason, entry.partition) != reason
    return f"{entry.partition}: {reason}" if may_differ and len(troubled) > 1 else reason
