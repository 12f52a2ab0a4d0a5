"""Which runs to ask for now, given the plan, what runs have in hand, and what was asked for before."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flow_assets.automation.requesting.memory import Asked, Cell, digest
from flow_assets.materialization.requests import WORK, Request, next_request
from flow_assets.memo.entries import PlanEntry
from flow_assets.memo.planner import Planner
from flow_assets.memo.reads import reader

RUNS_PER_TICK = 20
"""More runs than that are asked for at the next tick: each costs Dagster's daemon a moment."""


@dataclass(frozen=True)
class Situation:
    """All that a decision depends on.

    Attributes:
        planner: the one that made the plan.
        entries: the plan for every partition of every dataset.
        busy: the partitions that unfinished runs have in hand.
        now: in seconds since 1970.
    """

    planner: Planner
    entries: Sequence[PlanEntry]
    busy: AbstractSet[Cell]
    memory: Sequence[Asked]
    now: float


@dataclass(frozen=True)
class Decision:
    """What to ask for, and what of the work is left for later.

    Attributes:
        requests: one run each; all of their partitions are work.
        busy: work that runs have in hand already.
        resting: what was asked for in vain and is not due again yet.
        later: work that waits for one of those, or for the runs asked for now.
        memory: what to remember until the next decision.
    """

    requests: tuple[Request, ...]
    busy: AbstractSet[Cell]
    resting: tuple[Asked, ...]
    later: AbstractSet[Cell]
    memory: tuple[Asked, ...]


def decide(situation: Situation, most_partitions: int) -> Decision:
    """Ask for whatever the plan calls for that is not in hand and depends on nothing in hand.

    Args:
        situation: what is known.
        most_partitions: how many partitions one run may be for.
    """
    graph = situation.planner.graph
    work = {(e.dataset, e.partition): e for e in situation.entries if e.action in WORK}
    known = [asked.still(graph, work, situation.busy, situation.now) for asked in situation.memory]
    remembered = [asked for asked in known if asked]
    resting = tuple(a for a in remembered if a.due > situation.now and a.cells(graph).isdisjoint(situation.busy))
    pending = work.keys() & (situation.busy | {cell for asked in resting for cell in asked.cells(graph)})
    requests = list[Request]()
    while len(requests) < RUNS_PER_TICK:
        request = next_request(graph, _available(situation.planner, work, pending), {}, most_partitions)
        if request is None:
            break
        requests.append(request)
        pending |= cells_of(request)
    asked = [_asked(request, work, remembered, situation) for request in requests]
    taken = {cell for request in requests for cell in cells_of(request)}
    kept = [a for a in remembered if a.cells(graph).isdisjoint(taken)]
    return Decision(
        requests=tuple(requests),
        busy=work.keys() & situation.busy,
        resting=resting,
        later=work.keys() - pending,
        memory=(*kept, *asked),
    )


def cells_of(request: Request) -> set[Cell]:
    """Every partition of every dataset that a run is for."""
    return {(name, partition) for name in request.datasets for partition in request.partitions}


def _available(planner: Planner, work: Mapping[Cell, PlanEntry], pending: AbstractSet[Cell]) -> dict[str, list[str]]:
    """The work, a dataset at a time, that is not pending itself and reads nothing that is, however far up."""
    graph = planner.graph
    of_dataset: dict[str, list[str]] = {name: [] for name in graph.datasets}
    for name, partition in work:
        of_dataset[name].append(partition)
    blocked = {name: {p for p in partitions if (name, p) in pending} for name, partitions in of_dataset.items()}
    for name, partitions in of_dataset.items():
        dataset = graph.get(name)
        for upstream in dataset.ins:
            if partitions and blocked[upstream]:
                read = reader(dataset, planner.state(upstream))
                blocked[name].update(p for p in partitions if not blocked[upstream].isdisjoint(read(p).partitions))
    return {name: [p for p in partitions if p not in blocked[name]] for name, partitions in of_dataset.items()}


def _asked(
    request: Request, work: Mapping[Cell, PlanEntry], remembered: Sequence[Asked], situation: Situation
) -> Asked:
    """What to remember of a request: it repeats whatever of the remembered it overlaps."""
    cells, graph = cells_of(request), situation.planner.graph
    times = max([asked.times for asked in remembered if not asked.cells(graph).isdisjoint(cells)], default=0) + 1
    first, last = request.partitions[0], request.partitions[-1]
    return Asked(request.datasets, first, last, digest(work[c] for c in cells), times, situation.now)
