"""A sandbox as a decision sees it, and requests carried out at once."""

from collections.abc import Collection, Sequence

from flow_assets.automation.requesting.decide import Decision, Situation, decide
from flow_assets.automation.requesting.memory import Asked, Cell
from flow_assets.automation.requesting.words import Teller
from flow_assets.declaration import partition_keys
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import Request, plan_scope
from flow_assets.memo.planner import Wishes
from flow_assets_tests.sandbox import DAYS, materialize

MOST = 400


def situation(
    project: Project, busy: Collection[Cell] = (), memory: Sequence[Asked] = (), now: float = 1_000_000.0
) -> Situation:
    """What is known now."""
    planner = project.planner(project.graph.datasets.values())
    entries = plan_scope(planner, {name: partition_keys(d.partitions) for name, d in project.graph.datasets.items()})
    return Situation(planner, entries, frozenset(busy), memory, now)


def settle(project: Project) -> list[Request]:
    """Decide, and carry out what is asked for, until nothing is; returns all that was asked for."""
    asked: list[Request] = []
    for _ in range(20):
        decision = decide(situation(project), MOST)
        if not decision.requests:
            return asked
        for request in decision.requests:
            carry_out(project, request)
        asked += decision.requests
    raise AssertionError(f"still asking after 20 ticks: {asked[-5:]}")


def carry_out(project: Project, request: Request) -> None:
    for _ in materialize(project, request, Wishes()):
        pass


def said(known: Situation, decision: Decision) -> str:
    return "\n".join(Teller(known, decision).lines())


def shown(requests: Sequence[Request]) -> list[str]:
    """Each request as `dataset+dataset 1-3`, days by their number."""
    numbers = {day: str(number) for number, day in enumerate(DAYS, start=1)}
    ends = [dict.fromkeys(numbers.get(p, p) for p in (r.partitions[0], r.partitions[-1])) for r in requests]
    return [f"{'+'.join(r.datasets)} {'-'.join(end)}".strip() for r, end in zip(requests, ends, strict=True)]
