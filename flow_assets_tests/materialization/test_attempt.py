from collections.abc import Callable
from pathlib import Path

import pytest

from flow_assets.lake import ObjectStore
from flow_assets.ledger.database import reading
from flow_assets.ledger.tables import kpis
from flow_assets.memo import landing
from flow_assets_tests.sandbox import DAYS, Sandbox

FORMER = "meter,watts,note\na,1,x\nb,2,\nc,,y\n"


@pytest.fixture
def after_hashing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Register what happens once, after the plan has hashed a file for the first time in a launch."""

    def register(happens: Callable[[], object]) -> None:
        real, left = landing.hash_file, [happens]

        def hash_file(path: Path) -> str:
            digest = real(path)
            if left:
                left.pop()()
            return digest

        monkeypatch.setattr(landing, "hash_file", hash_file)

    return register


Register = Callable[[Callable[[], object]], None]


def test_a_file_that_changes_between_plan_and_read_is_planned_again(done: Sandbox, after_hashing: Register) -> None:
    done.land(DAYS[0], "meter,watts,note\na,7,x\n")
    after_hashing(lambda: done.land(DAYS[0], "meter,watts,note\na,70,x\n"))
    assert done.run("readings").is_successful
    assert [row["deciwatts"] for row in done.rows("readings", DAYS[0])] == [700]
    assert done.work("readings") == {}


@pytest.mark.parametrize("others", [True, False])
def test_a_file_that_is_former_content_again_when_it_is_read(
    done: Sandbox, after_hashing: Register, others: bool
) -> None:
    if others:  # the former content is not current, but the store has it
        done.land(DAYS[0], "meter,watts,note\na,7,x\n")
        done.run("readings")
    done.land(DAYS[0], "meter,watts,note\na,8,x\n")
    after_hashing(lambda: done.land(DAYS[0], FORMER))
    summary = done.run("readings")
    assert summary.is_successful
    assert summary.to_json()["computed"] == 0
    assert [row["deciwatts"] for row in done.rows("readings", DAYS[0])] == [10, 20, None]


def test_a_file_that_is_gone_when_it_is_read_waits(sandbox: Sandbox, after_hashing: Register) -> None:
    path = sandbox.land(DAYS[0])
    after_hashing(path.unlink)
    summary = sandbox.run("readings")
    assert sandbox.problems(summary)["raw_readings 2024-03-01"] == ("waiting", f"{path} has not landed")
    assert sandbox.problems(summary)["readings 2024-03-01"][0] == "waiting"


def test_a_file_that_turns_bad_fails_under_its_own_key(sandbox: Sandbox, after_hashing: Register) -> None:
    after_hashing(lambda: sandbox.land(DAYS[0], b""))
    summary = sandbox.run("readings")
    assert sandbox.problems(summary)["raw_readings 2024-03-01"][0] == "failed"
    assert sandbox.work("readings")["raw_readings 2024-03-01"][0] == "hold"
    sandbox.land(DAYS[0])
    assert sandbox.computed("readings") == {"raw_readings 2024-03-01", "readings 2024-03-01"}


@pytest.mark.parametrize("is_record_gone", [True, False])
def test_what_vanishes_from_the_store_before_it_is_restored_is_computed(
    done: Sandbox, monkeypatch: pytest.MonkeyPatch, is_record_gone: bool
) -> None:
    (blob,) = done.blobs("readings", DAYS[0])
    for path in done.data.glob("ledger.sqlite*"):
        path.unlink()
    real, unlinked = ObjectStore.verify_blob, []

    def verify_blob(store: ObjectStore, name: str, size: int) -> object:
        found = real(store, name, size)
        if done.launches and not unlinked:  # after it was planned in the launch
            unlinked.append(blob.unlink())
            if is_record_gone:
                for path in (done.data / "store" / "records").iterdir():
                    path.unlink()
        return found

    monkeypatch.setattr(ObjectStore, "verify_blob", verify_blob)
    summary = done.run()
    assert summary.is_successful
    assert f"readings {DAYS[0]}" in {f"{d} {p}" for (d, p), o in done.last_outcomes.items() if o.status == "computed"}
    assert done.work() == {}


def test_a_lost_file_that_cannot_be_made_again_fails_and_is_not_tried_for_ever(done: Sandbox) -> None:
    flag = done.root / "broken"
    done.edit("readings.py", "import duckdb\n", "import duckdb\nimport pathlib\n")
    done.edit(
        "readings.py", "    day = context", f"    assert not pathlib.Path({str(flag)!r}).exists()\n    day = context"
    )
    done.run()
    done.blobs("readings", DAYS[0])[0].unlink()
    flag.touch()
    launches = done.launches
    problems = done.problems(done.run())
    assert problems[f"readings {DAYS[0]}"][0] == "failed"
    assert "AssertionError" in problems[f"readings {DAYS[0]}"][1]
    assert done.launches == launches + 1
    flag.unlink()
    assert done.computed(retry=True) == {f"readings {DAYS[0]}"}


def test_a_cause_outside_data_and_code_is_tried_again_by_the_next_run(done: Sandbox) -> None:
    flag = done.root / "full"
    lines = f"    if pathlib.Path({str(flag)!r}).exists():\n        raise OSError('disk full')"
    done.edit("readings.py", "    day = context", f"{lines}\n    day = context")
    done.edit("readings.py", "import duckdb\n", "import duckdb\nimport pathlib\n")
    flag.touch()
    launches = done.launches
    problems = done.problems(done.run("readings"))
    assert problems[f"readings {DAYS[0]}"] == ("failed", "disk full")
    assert done.launches == launches + 1
    assert done.work("readings")[f"readings {DAYS[0]}"][0] == "compute"
    flag.unlink()
    assert len(done.computed("readings")) == 5


def test_each_computation_is_measured(done: Sandbox) -> None:
    done.run("trends", force=["trends"], partitions="2024-03-02..2024-03-03")
    with done.project() as project, reading(project.engine) as connection:
        rows = connection.execute(kpis.select().where(kpis.c.dataset == "trends").order_by(kpis.c.id.desc())).all()
    assert len(rows) == 5 + 2
    assert {(row.partitions_in_call, row.rows_out) for row in rows[:2]} == {(2, 3)}
    assert sorted(row.rows_in for row in rows[:2]) == [6, 9]
    assert all(row.wall_seconds > 0 and row.peak_memory_bytes > 2**20 and row.bytes_out > 0 for row in rows)
