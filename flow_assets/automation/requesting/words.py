"""What a tick says: what it asked for and why, what is under way, and what cannot be made."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from flow_assets.automation.requesting.decide import Decision, Situation, cells_of
from flow_assets.automation.requesting.memory import Asked, Cell
from flow_assets.errors import sentence
from flow_assets.materialization.requests import Request
from flow_assets.memo.entries import Action, Because, PlanEntry
from flow_assets.memo.explain import Explainer
from flow_assets.texts import counted, listed, shortened

_REASONS = 4
_NAMED = 3
_REASON_LENGTH = 300

_ROOTS = (Because.NOT_LANDED, Because.STILL_WRITTEN, Because.SOURCE_GONE)


class Teller:
    """Tells of one decision."""

    def __init__(self, situation: Situation, decision: Decision) -> None:
        self._situation = situation
        self._decision = decision
        self._explainer = Explainer(situation.planner)
        self._entries = {(e.dataset, e.partition): e for e in situation.entries if _is_told(e)}

    def asked(self, request: Request) -> str:
        """What one run was asked for, and why."""
        return f"{listed(request.datasets)}{_range(request.partitions)}: {self._reasons(cells_of(request))}"

    def lines(self) -> Iterator[str]:
        """Everything there is to say, a sentence a line."""
        for request in self._decision.requests:
            yield sentence(f"Asked for {self.asked(request)}")
        yield from self._under_way()
        if not (self._decision.requests or self._decision.busy or self._decision.resting or self._decision.later):
            yield "Everything that can be made is up to date."
        yield from self._waiting()
        yield from self._held()

    def _reasons(self, cells: Iterable[Cell]) -> str:
        """The kinds of cause, each by its first example; what only follows from others comes last."""
        groups: dict[tuple[Because, str, bool], list[PlanEntry]] = {}
        for entry in self._in_order(cells):
            is_new = entry.partition not in self._situation.planner.held(entry.dataset)
            name = "" if entry.because is Because.INPUT_PENDING else entry.dataset
            groups.setdefault((entry.because, name, is_new), []).append(entry)
        in_order = sorted(groups.values(), key=lambda group: group[0].because is Because.INPUT_PENDING)
        told = [self._example(group) for group in in_order[:_REASONS]]
        more = sum(len(group) for group in in_order[_REASONS:])
        return "; ".join([*told, *([f"and {more} more"] if more else [])])

    def _in_order(self, cells: Iterable[Cell]) -> list[PlanEntry]:
        wanted = set(cells)
        return [entry for cell, entry in self._entries.items() if cell in wanted]

    def _example(self, group: Sequence[PlanEntry]) -> str:
        first = group[0]
        reason = " ".join(self._explainer.reason(first).split()).removesuffix(".")
        short = shortened(reason, _REASON_LENGTH)
        alike = f" (and {len(group) - 1} more)" if len(group) > 1 else ""
        return f"{f'{first.dataset} {first.partition}'.strip()} {short}{alike}"

    def _under_way(self) -> Iterator[str]:
        if self._decision.busy:
            yield f"Runs have in hand: {_cells_text(self._in_order(self._decision.busy))}."
        if self._decision.later:
            yield f"Later, after those: {_cells_text(self._in_order(self._decision.later))}."
        for asked in self._decision.resting:
            yield _resting(asked, self._situation.now)

    def _waiting(self) -> Iterator[str]:
        waiting = [e for e in self._entries.values() if e.action is Action.WAIT]
        if roots := [e for e in waiting if e.because in _ROOTS]:
            after = f", and {len(waiting) - len(roots):,} that need those" if len(waiting) > len(roots) else ""
            wait = "partition waits for its" if len(roots) == 1 else "partitions wait for their"
            yield f"{len(roots):,} {wait} source: {_cells_text(roots)}{after}."

    def _held(self) -> Iterator[str]:
        held = [e for e in self._entries.values() if e.action is Action.HOLD]
        if roots := [e for e in held if e.because is not Because.INPUT_HELD]:
            reasons = self._reasons((e.dataset, e.partition) for e in roots)
            yield sentence(f"Held until something changes: {reasons}")
        if len(held) > len(roots):
            yield f"What requires them is held too: {_cells_text([e for e in held if e not in roots])}."


def _is_told(entry: PlanEntry) -> bool:
    return entry.action is not Action.REUSE or entry.asks_for_a_run


def _resting(asked: Asked, now: float) -> str:
    due = datetime.fromtimestamp(asked.due, UTC).strftime("%H:%M:%S UTC")
    return (
        f"{listed(asked.datasets)}{_range((asked.first, asked.last))}: asked for {asked.times} times, and nothing came "
        f"of it; again at {due}, in {max(1, round(asked.due - now))} seconds. The last run's log says why; if code was "
        "edited, reload it."
    )


def _range(partitions: Sequence[str]) -> str:
    """The first and the last, with a space before them; nothing for a dataset without partitions."""
    first, last = partitions[0], partitions[-1]
    return f" {first} .. {last}" if first != last else f" {first}".rstrip()


def _cells_text(entries: Iterable[PlanEntry]) -> str:
    """A dataset at a time: its first and its last partition, and how many they are."""
    of_dataset: dict[str, list[str]] = {}
    for entry in entries:
        of_dataset.setdefault(entry.dataset, []).append(entry.partition)
    told = [
        f"{name}{_range(partitions)}" + (f" ({len(partitions)} partitions)" if len(partitions) > 1 else "")
        for name, partitions in list(of_dataset.items())[:_NAMED]
    ]
    more = list(of_dataset.values())[_NAMED:]
    others = counted(len(more), "more dataset")
    return ", ".join(told) + (f" and {counted(sum(map(len, more)), 'partition')} of {others}" if more else "")
