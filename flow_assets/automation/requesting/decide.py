"""Which runs to ask for now, given the plan, what runs have in hand, and what was asked for before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flow_assets.automation.requesting.memory import Asked, Cell, digest
from flow_assets.materialization.requests import Request, Scope, next_request
from flow_assets.memo.entries import PlanEntry
from flow_assets.memo.planner import Planner
from flow_assets.memo.reads import reader

RUNS_PER_TICK = 20
"""More runs than that are asked for at the next tick: each costs Dagster's daemon a moment."""

_LOOKED_AT = 100
"""Of so many runs it is found out whether they may be asked for now."""


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
    """Ask for the runs that `flow run` would launch, but for those that depend on others which have not ended.

    A run is asked for as a whole or not at all: what lands while another run is going is then asked for in one run over
    a range, and not in pieces.

    Args:
        situation: what is known.
        most_partitions: how many partitions one run may be for.
    """
    graph = situation.planner.graph
    work = {(e.dataset, e.partition): e for e in situation.entries if e.asks_for_a_run}
    known = [asked.still(graph, work, situation.busy, situation.now) for asked in situation.memory]
    remembered = [asked for asked in known if asked]
    resting = tuple(a for a in remembered if a.due > situation.now and a.cells(graph).isdisjoint(situation.busy))
    requests = _requests(situation, work, {cell for asked in resting for cell in asked.cells(graph)}, most_partitions)
    asked = tuple(_asked(request, work, remembered, situation) for request in requests)
    taken = {cell for request in requests for cell in cells_of(request)}
    return Decision(
        requests=requests,
        busy=work.keys() & situation.busy,
        resting=resting,
        later=work.keys() - taken - situation.busy - {cell for a in resting for cell in a.cells(graph)},
        memory=(*(a for a in remembered if a.cells(graph).isdisjoint(taken)), *asked),
    )


def cells_of(request: Request) -> set[Cell]:
    """Every partition of every dataset that a run is for."""
    return {(name, partition) for name in request.datasets for partition in request.partitions}


def _requests(
    situation: Situation, work: Iterable[Cell], resting: AbstractSet[Cell], most_partitions: int
) -> tuple[Request, ...]:
    graph = situation.planner.graph
    of_dataset: dict[str, list[str]] = {name: [] for name in graph.datasets}
    for name, partition in work:
        of_dataset[name].append(partition)
    left = _without(_reading(situation.planner, of_dataset, resting) | situation.busy, of_dataset)
    pending = {(name, p) for name, partitions in of_dataset.items() for p in partitions} & (situation.busy | resting)
    requests = list[Request]()
    for _ in range(_LOOKED_AT):
        request = next_request(graph, left, {}, most_partitions)
        if request is None or len(requests) == RUNS_PER_TICK:
            break
        cells = cells_of(request)
        of_request = dict.fromkeys(request.datasets, request.partitions)
        if _reading(situation.planner, of_request, pending).isdisjoint(cells):
            requests.append(request)
        pending |= cells
        left = _without(cells, left)
    return tuple(requests)


def _reading(planner: Planner, scope: Scope, pending: AbstractSet[Cell]) -> set[Cell]:
    """The `pending`, and whatever of `scope` reads one of them, however far up."""
    blocked: defaultdict[str, set[str]] = defaultdict(set)
    for name, partition in pending:
        blocked[name].add(partition)
    for name, partitions in scope.items():
        dataset = planner.graph.get(name)
        for upstream in filter(blocked.get, dataset.ins):
            read = reader(dataset, planner.state(upstream))
            blocked[name].update(p for p in partitions if not blocked[upstream].isdisjoint(read(p).partitions))
    return {(name, partition) for name, partitions in blocked.items() for partition in partitions}


def _without(cells: AbstractSet[Cell], scope: Scope) -> dict[str, list[str]]:
    return {name: [p for p in partitions if (name, p) not in cells] for name, partitions in scope.items()}


def _asked(
    request: Request, work: Mapping[Cell, PlanEntry], remembered: Sequence[Asked], situation: Situation
) -> Asked:
    """What to remember of a request: it repeats whatever of the remembered it overlaps."""
    cells, graph = cells_of(request), situation.planner.graph
    times = max([asked.times for asked in remembered if not asked.cells(graph).isdisjoint(cells)], default=0) + 1
    first, last = request.partitions[0], request.partitions[-1]
    return Asked(request.datasets, first, last, digest(work[c] for c in cells), times, situation.now)
