from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from flow_assets.errors import StoreError
from flow_assets.materialization.materializer import Materializer
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.requests import Request
from flow_assets.materialization.run import ATTEMPTS, Run
from flow_assets.materialization.selection import select
from flow_assets.memo.planner import Wishes
from flow_assets_tests.sandbox import DAYS, Sandbox


def test_a_run_with_nothing_to_do_launches_nothing(done: Sandbox) -> None:
    summary = done.run()
    assert done.launches == 0
    assert (summary.is_successful, summary.to_json()["reused"]) == (True, 16)
    assert summary.to_json()["datasets"]["readings"]["rows"] == 15


def test_a_first_run_asks_for_two_ranges(sandbox: Sandbox) -> None:
    summary = sandbox.run()
    assert sandbox.launches == 2  # the days of three datasets, and the one that reads them all
    assert summary.to_json()["computed"] == 16
    assert sandbox.rows("meters_seen") == [{"meter": m, "days": 5} for m in "abc"]
    assert [row["total_deciwatts"] for row in sandbox.rows("trends", DAYS[4])] == [120, 240, None]


def test_partitions_bound_what_is_downstream_too(sandbox: Sandbox) -> None:
    assert sandbox.computed(partitions="2024-03-02..2024-03-03") == {
        *(f"{name} {day}" for name in ("raw_readings", "readings", "trends") for day in DAYS[1:3]),
        "meters_seen",
    }
    assert sandbox.rows("meters_seen") == [{"meter": m, "days": 2} for m in "abc"]


def test_a_launcher_that_does_nothing_is_told(sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        run = Run(project, select(project.graph), Wishes())
        with pytest.raises(StoreError, match="Dagster did not carry out raw_readings, readings, trends"):
            run.carry_out(lambda request, forced: None, lambda entries: None)


def test_a_file_that_changes_during_the_run_is_computed_again_in_it(sandbox: Sandbox) -> None:
    def change() -> None:
        if sandbox.launches == 2:
            sandbox.land(DAYS[0], "meter,watts,note\na,50,\n")

    sandbox.on_launch = change
    summary = sandbox.run()
    assert summary.is_successful
    assert sandbox.rows("readings", DAYS[0])[0]["deciwatts"] == 500
    assert sandbox.work() == {}


def test_a_file_that_changes_all_the_time_does_not_keep_a_run_going(sandbox: Sandbox) -> None:
    def change() -> None:
        sandbox.land(DAYS[0], f"meter,watts,note\na,{sandbox.launches},\n")

    sandbox.on_launch = change

    def launch(request: Request, forced: Sequence[str]) -> None:
        sandbox.launches += 1
        with duckdb.connect() as connection, project.claims() as claims:
            planner = project.planner([project.graph.get(name) for name in request.datasets])
            materializer = Materializer(project, planner, connection, claims, "test")
            for name in request.datasets:
                for outcome in materializer.materialize(project.graph.get(name), request.partitions):
                    run.listen(outcome)
        change()

    with sandbox.project() as project:
        run = Run(project, select(project.graph, ["raw_readings"], DAYS[0]), Wishes())
        summary = run.carry_out(launch, lambda entries: None)
    assert sandbox.launches == ATTEMPTS
    assert sandbox.problems(summary) == {
        f"raw_readings {DAYS[0]}": (
            "held",
            "what it is made from kept changing while it was computed; run again",
        )
    }


def test_scattered_days_are_asked_for_at_once(done: Sandbox) -> None:
    for day in (DAYS[0], DAYS[3]):
        done.land(day, "meter,watts,note\na,50,\n")
    summary = done.run("readings")
    assert done.launches == 1
    assert summary.to_json()["datasets"]["readings"]["computed"] == 2
    assert summary.to_json()["datasets"]["readings"]["reused"] == 3


def test_nothing_that_is_forced_bridges_a_gap(done: Sandbox) -> None:
    with done.project() as project:
        force = frozenset(("readings", day) for day in (DAYS[0], DAYS[2]))
        run = Run(project, select(project.graph, ["readings"]), Wishes(force))
        requests: list[tuple[Request, Sequence[str]]] = []

        def launch(request: Request, forced: Sequence[str]) -> None:
            requests.append((request, forced))
            for day in request.partitions:
                run.listen(Outcome("readings", day, Status.COMPUTED, "forced"))

        run.carry_out(launch, lambda entries: None)
    assert requests == [(Request(("readings",), (day,)), ["readings"]) for day in (DAYS[0], DAYS[2])]


def test_what_is_forced_is_forced_once(done: Sandbox) -> None:
    def change() -> None:
        if done.launches == 2:
            done.land(DAYS[2], "meter,watts,note\na,30,changed\nb,6,changed\nc,,\n")

    done.on_launch = change
    done.run("readings", "trends", force=["readings"])
    with done.project() as project:
        reasons = [holding.reason for holding in project.holdings.history("readings", DAYS[2])]
    assert reasons.count("forced") == 1


def test_two_runs_at_once_share_the_work(sandbox: Sandbox) -> None:
    sandbox.options["settle_seconds"] = 0
    with sandbox.project() as project, ThreadPoolExecutor(2) as pool:
        computed = list(pool.map(lambda number: _materialize(project, number), range(2)))
    assert sorted(computed[0] + computed[1]) == sorted(f"{n} {d}" for n in ("raw_readings", "readings") for d in DAYS)
    assert sandbox.work("readings") == {}


def _materialize(project, number: int) -> list[str]:  # type: ignore[no-untyped-def]
    computed = []
    with duckdb.connect() as connection, project.claims() as claims:
        planner = project.planner([project.graph.get(name) for name in ("raw_readings", "readings")])
        materializer = Materializer(project, planner, connection, claims, f"run {number}")
        for name in ("raw_readings", "readings"):
            for outcome in materializer.materialize(project.graph.get(name), DAYS):
                assert outcome.status.is_published
                computed += [f"{name} {outcome.partition}"] if outcome.status == "computed" else []
    return computed
