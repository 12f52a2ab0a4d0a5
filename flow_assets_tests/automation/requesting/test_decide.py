"""Decisions on the sandbox: raw_readings -> readings -> trends (three days), meters_seen (all days)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

import flow_assets.automation.requesting.decide as decide_module
from flow_assets.automation.requesting.decide import Decision, cells_of, decide
from flow_assets.automation.requesting.memory import Asked, Cell
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import Request
from flow_assets.materialization.write import Writer
from flow_assets.memo.entries import Action
from flow_assets_tests.automation.requesting.situations import MOST, carry_out, settle, shown, situation
from flow_assets_tests.sandbox import DAYS, Sandbox

D1, D2, D3, D4, D5 = DAYS
CHAIN = "raw_readings+readings+trends"
BAD = "meter,watts,note\na,many,x\n"


@dataclass
class Live:
    """A project that is asked again and again, with what it remembers."""

    project: Project
    memory: tuple[Asked, ...] = ()
    now: float = 1_000_000.0
    last: Decision | None = None

    def tick(self, *busy: Cell, most: int = MOST, after: float = 0.0) -> list[str]:
        """What is asked for, `after` so many seconds."""
        self.now += after
        self.last = decide(situation(self.project, busy, self.memory, self.now), most)
        self.memory = self.last.memory
        return shown(self.last.requests)

    def run(self) -> None:
        """Carry out what was asked for last."""
        assert self.last
        for request in self.last.requests:
            carry_out(self.project, request)


@contextmanager
def live(sandbox: Sandbox) -> Iterator[Live]:
    with sandbox.project() as project:
        yield Live(project)


def test_a_chain_is_one_run_and_what_reads_all_of_it_comes_after(sandbox: Sandbox) -> None:
    with live(sandbox) as asking:
        assert asking.tick() == [f"{CHAIN} 1-5"]
        asking.run()
        assert asking.tick() == ["meters_seen"]
        asking.run()
        assert asking.tick() == []
        assert asking.memory == ()


@pytest.mark.parametrize(
    ("landed", "asked"),
    [
        ({D4: "a,9,x"}, [["raw_readings+readings 4"], ["meters_seen", "trends 4-5"]]),
        (
            {D1: "a,9,x", D5: "a,8,x"},
            [["raw_readings+readings 1", f"{CHAIN} 5"], ["meters_seen", "trends 1-3"]],
        ),
        ({D5: "a,5,x\nb,10,\nc,,z"}, [[f"{CHAIN} 5"]]),  # the note is not in `readings`, which comes out the same
        ({D1: "a,1,x\nb,2,\nc,,y"}, []),
    ],
)
def test_a_changed_file_asks_for_what_it_changes(done: Sandbox, landed: dict[str, str], asked: list[list[str]]) -> None:
    for day, lines in landed.items():
        done.land(day, f"meter,watts,note\n{lines}\n")
    with live(done) as asking:
        for expected in [*asked, []]:
            assert asking.tick() == expected
            asking.run()
        assert not [e for e in situation(asking.project).entries if e.action is not Action.REUSE]


def test_changed_code_asks_for_everything_it_changes(done: Sandbox) -> None:
    done.edit("helpers.py", "FACTOR = 10", "FACTOR = 100")
    with live(done) as asking:
        assert asking.tick() == ["readings+trends 1-5"]


def test_long_ranges_are_asked_for_in_pieces_one_after_the_other_where_they_overlap(sandbox: Sandbox) -> None:
    with live(sandbox) as asking:
        for expected in ([f"{CHAIN} 1-2"], [f"{CHAIN} 3-4"], [f"{CHAIN} 5"], ["meters_seen"], []):
            assert asking.tick(most=2) == expected
            asking.run()


def test_no_more_runs_a_tick_than_agreed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_module, "RUNS_PER_TICK", 2)
    for day in (D2, D4):
        (sandbox.data / "landing" / "readings" / f"{day}.csv").unlink()
    sandbox.edit("trends.py", '    ins={"readings": lookback(days=2)},\n', "")
    with live(sandbox) as asking:
        assert asking.tick() == [f"{CHAIN} 1", f"{CHAIN} 3"]
        asking.run()
        assert asking.tick() == [f"{CHAIN} 5"]


def test_nothing_in_hand_is_asked_for_and_what_depends_on_it_waits(sandbox: Sandbox) -> None:
    chain = {(name, day) for name in CHAIN.split("+") for day in DAYS}
    with live(sandbox) as asking:
        assert asking.tick(*chain) == []
        assert asking.last
        assert (asking.last.busy, asking.last.later) == (chain, {("meters_seen", "")})
        assert asking.tick(("raw_readings", D1)) == ["raw_readings 2-5"]


def test_what_lands_while_a_run_is_going_is_asked_for_together_once_it_has_ended(sandbox: Sandbox) -> None:
    for day in DAYS[1:]:
        (sandbox.data / "landing" / "readings" / f"{day}.csv").unlink()
    with live(sandbox) as asking:
        assert asking.tick() == [f"{CHAIN} 1"]
        assert asking.last
        (first,) = asking.last.requests
        for day in (D2, D3):
            sandbox.land(day)
            assert asking.tick(*cells_of(first)) == []  # `trends` of these days reads the first
        carry_out(asking.project, first)
        assert asking.tick() == [f"{CHAIN} 2-3"]


def test_a_run_over_unchanged_partitions_holds_nothing_up(done: Sandbox) -> None:
    done.land(D5, "meter,watts,note\na,1,x\n")
    with live(done) as asking:
        assert asking.tick(("readings", D3), ("readings", D4), ("meters_seen", "")) == [f"{CHAIN} 5"]


def test_a_bad_day_fails_once_and_is_asked_for_again_when_its_file_changes(sandbox: Sandbox) -> None:
    sandbox.land(D3, BAD)
    with live(sandbox) as asking:
        settle(asking.project)
        held = {(e.dataset, e.partition) for e in situation(asking.project).entries if e.action is Action.HOLD}
        assert held == {(name, D3) for name in CHAIN.split("+")}
        assert asking.tick(after=1e6) == []
        sandbox.land(D3)
        for expected in (["raw_readings+readings 3"], ["meters_seen", "trends 3-5"], []):
            assert asking.tick() == expected
            asking.run()


def test_a_run_that_comes_to_nothing_is_asked_for_ever_more_seldom(sandbox: Sandbox) -> None:
    chain = [f"{CHAIN} 1-5"]
    with live(sandbox) as asking:
        for seconds, expected in ((0, chain), (0, chain), (59, []), (1, chain), (119, []), (1, chain), (239, [])):
            assert asking.tick(after=seconds) == expected
        going = {(name, day) for name in CHAIN.split("+") for day in DAYS}
        assert asking.tick(*going, after=60) == []  # the last one is still going, and comes to nothing too
        assert asking.tick(after=239) == []
        assert asking.tick(after=1) == chain
        asking.run()
        assert asking.tick() == ["meters_seen"]
        assert [asked.times for asked in asking.memory] == [1]


def test_what_makes_progress_is_asked_for_at_once(sandbox: Sandbox) -> None:
    with live(sandbox) as asking:
        for _ in range(3):
            asking.tick(after=100)
        assert asking.tick() == []
        assert asking.memory[0].times == 3
        request = Request(("raw_readings",), (D1,))
        carry_out(asking.project, request)
        assert asking.tick() == ["raw_readings 2-5"]
        assert [asked.times for asked in asking.memory] == [1]


def test_a_day_that_kills_its_runs_does_not_keep_the_others_waiting(sandbox: Sandbox) -> None:
    later = {day: sandbox.data / "landing" / "readings" / f"{day}.csv" for day in DAYS[1:]}
    for path in later.values():
        path.unlink()
    with live(sandbox) as asking:
        assert asking.tick() == asking.tick() == [f"{CHAIN} 1"]
        for day in later:
            sandbox.land(day)
        assert asking.tick(after=30) == ["raw_readings+readings 2-5"]
        asking.run()
        assert asking.tick(after=10) == ["trends 4-5"]  # not days 2 and 3, which read the first
        assert asking.tick(after=60) == ["raw_readings+readings 1"]


def test_what_fails_for_want_of_disk_is_asked_for_again_but_not_in_a_hot_loop(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with live(sandbox) as asking, monkeypatch.context() as patch:
        patch.setattr(Writer, "write", full)
        for seconds, expected in ((0, 1), (0, 1), (0, 0), (60, 1), (60, 0)):
            assert len(asking.tick(after=seconds)) == expected
            asking.run()
        patch.undo()
        assert asking.tick(after=60) == [f"{CHAIN} 1-5"]
        asking.run()
        assert asking.tick() == ["meters_seen"]


def test_runs_of_code_that_differs_from_the_loaded_code_do_not_loop(done: Sandbox) -> None:
    """An edited file that was not reloaded: the runs use it, and the plan here calls for the old code's results."""
    done.edit("helpers.py", "FACTOR = 10", "FACTOR = 7")
    done.run()
    done.edit("helpers.py", "FACTOR = 7", "FACTOR = 10")
    with live(done) as asking:
        assert asking.tick() == asking.tick() == ["readings+trends 1-5"]
        assert asking.tick() == []
