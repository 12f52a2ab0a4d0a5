"""What ticks say, word for word where it matters."""

from flow_assets.automation.requesting.decide import decide
from flow_assets.automation.requesting.memory import Asked
from flow_assets_tests.automation.requesting.situations import MOST, said, settle, situation
from flow_assets_tests.sandbox import DAYS, Sandbox

D1, D2, D3, D4, D5 = DAYS
BAD = "meter,watts,note\na,many,x\n"


def tick(sandbox: Sandbox, *, settled: bool = False, **known: object) -> list[str]:
    with sandbox.project() as project:
        if settled:
            settle(project)
        seen = situation(project, **known)  # type: ignore[arg-type]
        return said(seen, decide(seen, MOST)).splitlines()


def test_nothing_to_do(done: Sandbox) -> None:
    assert tick(done) == ["Everything that can be made is up to date."]


def test_what_never_was_computed(sandbox: Sandbox) -> None:
    assert tick(sandbox) == [
        f"Asked for raw_readings, readings, trends {D1} .. {D5}: raw_readings {D1} never computed (and 4 more); "
        f"readings {D1} never computed; input raw_readings {D1} comes first (and 9 more).",
        "Later, after those: meters_seen.",
    ]


def test_a_changed_file_and_changed_code(done: Sandbox) -> None:
    done.land(D2, "meter,watts,note\na,7,x\n")
    done.edit("helpers.py", "FACTOR = 10", "FACTOR = 100")
    assert tick(done) == [
        f"Asked for raw_readings {D2}: raw_readings {D2} input landed file changed.",
        f"Later, after those: readings {D1} .. {D5} (5 partitions), meters_seen, trends {D1} .. {D5} (5 partitions).",
    ]
    done.run("raw_readings")
    changed = "code meters.helpers.scaled -> FACTOR changed"
    assert tick(done)[0] == (
        f"Asked for readings, trends {D1} .. {D5}: readings {D1} {changed} (and 4 more); "
        f"trends {D1} input readings {D1} will be computed (it may come out the same) (and 4 more)."
    )


def test_what_waits_and_what_needs_it(sandbox: Sandbox) -> None:
    for day in (D2, D3):
        (sandbox.data / "landing" / "readings" / f"{day}.csv").unlink()
    assert tick(sandbox, settled=True) == [
        "Everything that can be made is up to date.",
        f"2 partitions wait for their source: raw_readings {D2} .. {D3} (2 partitions), and 4 that need those.",
    ]


def test_one_that_waits(sandbox: Sandbox) -> None:
    sandbox.edit("trends.py", '    ins={"readings": lookback(days=2)},\n', "")
    (sandbox.data / "landing" / "readings" / f"{D5}.csv").unlink()
    assert tick(sandbox, settled=True)[1].startswith(f"1 partition waits for its source: raw_readings {D5}, and 2")


def test_what_failed_and_what_requires_it(sandbox: Sandbox) -> None:
    sandbox.land(D3, BAD)
    up_to_date, failed, held = tick(sandbox, settled=True)
    assert up_to_date == "Everything that can be made is up to date."
    assert failed.startswith(f"Held until something changes: raw_readings {D3} failed, and nothing has changed since: ")
    assert "many" in failed
    assert failed.endswith("Land a file that fits.")
    assert held == f"What requires them is held too: readings {D3}, trends {D3}."


def test_what_is_in_hand_and_what_comes_later(sandbox: Sandbox) -> None:
    chain = [(name, day) for name in ("raw_readings", "readings", "trends") for day in DAYS]
    assert tick(sandbox, busy=chain) == [
        f"Runs have in hand: raw_readings {D1} .. {D5} (5 partitions), readings {D1} .. {D5} (5 partitions), "
        f"trends {D1} .. {D5} (5 partitions).",
        "Later, after those: meters_seen.",
    ]


def test_what_came_to_nothing(sandbox: Sandbox) -> None:
    memory: tuple[Asked, ...] = ()
    with sandbox.project() as project:
        for _ in range(3):
            seen = situation(project, memory=memory, now=1_000_000.0)
            decision = decide(seen, MOST)
            memory = decision.memory
        lines = said(seen, decision).splitlines()
    assert lines[0] == "Later, after those: meters_seen."
    assert lines[1] == (
        f"raw_readings, readings, trends {D1} .. {D5}: asked for 2 times, and nothing came of it; "
        "again at 13:47:40 UTC, in 60 seconds. The last run's log says why; if code was edited, reload it."
    )


def test_kinds_of_cause_are_told_by_their_first_example(done: Sandbox) -> None:
    done.edit("helpers.py", "FACTOR = 10", "FACTOR = 100")
    done.edit("trends.py", "readings.day - 2 AND", "readings.day - 1 AND")
    assert tick(done) == [
        f"Asked for readings, trends {D1} .. {D5}: "
        f"readings {D1} code meters.helpers.scaled -> FACTOR changed (and 4 more); "
        f"trends {D1} code meters.trends.trends changed; input readings {D1} will be computed "
        "(it may come out the same) (and 4 more).",
        "Later, after those: meters_seen.",
    ]


def test_a_long_cause_is_cut(sandbox: Sandbox) -> None:
    sandbox.land(D1, f"meter,watts,note\na,{'x' * 5000},\n")
    failed = tick(sandbox, settled=True)[1]
    assert len(failed) < 600
    assert failed.endswith("x...")
