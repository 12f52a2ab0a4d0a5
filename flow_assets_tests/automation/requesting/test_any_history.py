"""Whatever lands, fails, is killed or overlaps: the rules that every tick keeps, and where it all ends."""

import tempfile
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow_assets.automation.requesting.decide import Decision, Situation, cells_of, decide
from flow_assets.automation.requesting.memory import Asked, Cell
from flow_assets.declaration import partition_keys
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import Request
from flow_assets.memo.planner import Wishes
from flow_assets.memo.reads import windows
from flow_assets_tests.automation.requesting.situations import situation
from flow_assets_tests.sandbox import DAYS, Sandbox, materialize

MOST = 3
BAD = "meter,watts,note\na,many,x\n"
TICKS_UNTIL_QUIET = 30


@dataclass
class Life:
    """A deployment that people and accidents happen to."""

    sandbox: Sandbox
    project: Project
    going: list[Request] = field(default_factory=list)
    memory: tuple[Asked, ...] = ()
    now: float = 1_000_000.0
    landings: int = 0

    @property
    def busy(self) -> set[Cell]:
        return {cell for request in self.going for cell in cells_of(request)}

    def tick(self) -> tuple[Situation, Decision]:
        self.now += 5
        known = situation(self.project, self.busy, self.memory, self.now)
        decision = decide(known, MOST)
        self.memory = decision.memory
        self.check(known, decision)
        self.going += decision.requests
        return known, decision

    def check(self, known: Situation, decision: Decision) -> None:
        graph = self.project.graph
        work = {(e.dataset, e.partition) for e in known.entries if e.asks_for_a_run}
        seen = self.busy
        for request in decision.requests:
            cells = cells_of(request)
            assert cells <= work, "an unchanged, waiting or held partition was asked for"
            assert cells.isdisjoint(seen), "something was asked for twice"
            partitions = {graph.get(name).partitions for name in request.datasets}
            assert len(partitions) == 1
            keys = partition_keys(partitions.pop())
            first = keys.index(request.partitions[0])
            assert keys[first : first + len(request.partitions)] == request.partitions
            assert len(request.partitions) <= MOST
            for name in request.datasets:
                for upstream in graph.get(name).ins:
                    read = windows(
                        graph.get(name), upstream, partition_keys(graph.get(upstream).partitions), request.partitions
                    )
                    unmade = {(upstream, key) for key in read} & work - cells
                    assert not unmade, "what it reads is still to be made elsewhere"
            seen |= cells

    def land(self, first: int, last: int, kind: str) -> None:
        for day in DAYS[first : last + 1]:
            self.landings += 1
            self.sandbox.land(day, BAD if kind == "bad" else f"meter,watts,note\na,{self.landings},x\n")

    def end(self, which: int, fate: str) -> None:
        """A run ends: it did all of its work, some of it, or was killed before it published anything."""
        if self.going:
            request = self.going.pop(which % len(self.going))
            outcomes = materialize(self.project, request, Wishes())
            for _ in islice(outcomes, {"done": None, "killed": 0, "stopped": 2}[fate]):
                pass
            outcomes.close()


events = st.one_of(
    st.tuples(st.just("land"), st.integers(0, 4), st.integers(0, 4), st.sampled_from(["good", "good", "bad"])),
    st.tuples(st.just("end"), st.integers(0, 3), st.sampled_from(["done", "done", "killed", "stopped"])),
    st.tuples(st.just("tick")),
    st.tuples(st.just("tick")),
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(events, max_size=15))
def test_the_sensor_asks_for_what_flow_run_would_do_and_for_nothing_else(history: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox(Path(folder))
        with sandbox.project() as project:
            life = Life(sandbox, project)
            for kind, *arguments in history:
                getattr(life, kind)(*arguments)
            for _ in range(TICKS_UNTIL_QUIET):
                while life.going:
                    life.end(0, "done")
                _, decision = life.tick()
                life.now += 3600
                if not (life.going or decision.resting):
                    break
            left = [e for e in situation(project).entries if e.asks_for_a_run]
        assert not left, "`flow run` would still find something to do"
        assert not life.going
        assert {o.status.value for o in sandbox.run().problems} <= {"waiting", "held"}
        assert sandbox.launches == 0
