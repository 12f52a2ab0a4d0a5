"""Plans, asks for one run after the other until nothing is left to do, and sums up."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from flow_assets.errors import StoreError
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import Request, Scope, next_request, plan_scope
from flow_assets.materialization.summary import RunSummary, summarize
from flow_assets.memo.entries import Action, PlanEntry
from flow_assets.memo.explain import Explainer
from flow_assets.memo.planner import Planner, Wishes

Launcher = Callable[[Request, Sequence[str]], None]
"""Carries a request out; the second argument names the datasets that are forced."""

_GIVEN_UP = (Status.FAILED, Status.BLOCKED)

ATTEMPTS = 5
"""How often a partition is asked for in one run, if what it is made from keeps changing meanwhile."""


@dataclass
class Run:
    """One carrying out of a plan, from the first request to the summary."""

    project: Project
    scope: Scope
    wishes: Wishes
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    _heard: int = 0
    _requests: Counter[tuple[str, str]] = field(default_factory=Counter)

    def listen(self, outcome: Outcome) -> None:
        """Take note of how a partition ended."""
        self._heard += 1
        known = self.outcomes.get((outcome.dataset, outcome.partition))
        if known is None or not (known.status.is_published and outcome.status is Status.REUSED):
            # There may be 100,000: only what is broken is kept, and no rows.
            broken = tuple(replace(finding, sample="") for finding in outcome.findings if not finding.is_passed)
            kept = replace(outcome, preview="", findings=broken, kpi=None)
            self.outcomes[(outcome.dataset, outcome.partition)] = kept

    def carry_out(self, launcher: Launcher, on_plan: Callable[[list[PlanEntry]], None]) -> RunSummary:
        """Launch what the plan calls for, planning again after each run, because less may be left than was thought.

        Args:
            launcher: called only if there is something to do.
            on_plan: told of the first plan.
        """
        start = time.perf_counter()
        wishes = self.wishes
        planner, entries = self._plan(wishes)
        on_plan(entries)
        while request := next_request(self.project.graph, work := self._work(entries), self._reusable(entries, wishes)):
            before = self._heard
            launcher(request, _forced(request, wishes))
            if self._heard == before:
                raise StoreError(f"Dagster did not carry out {', '.join(request.datasets)}; see the run in its UI.")
            self._requests.update((n, p) for n in request.datasets for p in request.partitions if p in work[n])
            wishes = self._remaining_wishes()
            planner, entries = self._plan(wishes)
        return self._summary(planner, entries, time.perf_counter() - start)

    def _plan(self, wishes: Wishes) -> tuple[Planner, list[PlanEntry]]:
        planner = self.project.planner([self.project.graph.get(name) for name in self.scope], wishes)
        return planner, plan_scope(planner, self.scope)

    def _work(self, entries: Sequence[PlanEntry]) -> dict[str, list[str]]:
        work: dict[str, list[str]] = {name: [] for name in self.scope}
        for entry in entries:
            if entry.asks_for_a_run and self._requests[entry.dataset, entry.partition] < ATTEMPTS:
                work[entry.dataset].append(entry.partition)
        return work

    def _reusable(self, entries: Sequence[PlanEntry], wishes: Wishes) -> dict[str, list[str]]:
        """What may be asked for to bridge gaps; nothing of a dataset that is forced, because all of a range is."""
        forced = {name for name, _ in wishes.force}
        reusable: dict[str, list[str]] = {name: [] for name in self.scope}
        for entry in entries:
            if entry.action is Action.REUSE and entry.dataset not in forced:
                reusable[entry.dataset].append(entry.partition)
        return reusable

    def _remaining_wishes(self) -> Wishes:
        given_up = {ended for ended, outcome in self.outcomes.items() if outcome.status in _GIVEN_UP}
        return Wishes(self.wishes.force - set(self.outcomes), self.wishes.retry, frozenset(given_up))

    def _summary(self, planner: Planner, entries: Sequence[PlanEntry], seconds: float) -> RunSummary:
        explainer = Explainer(planner)
        unsettled = [e for e in entries if e.action is not Action.REUSE]
        reasons = {(e.dataset, e.partition): explainer.reason(e) for e in unsettled}
        rows = {name: {p: held.rows for p, held in planner.held(name).items()} for name in self.scope}
        return summarize(entries, self.outcomes, rows, reasons, seconds)


def _forced(request: Request, wishes: Wishes) -> list[str]:
    return [name for name in request.datasets if any((name, p) in wishes.force for p in request.partitions)]
