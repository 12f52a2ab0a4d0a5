"""Rules that refer to the keys of another dataset: which of them, and what follows when these change."""

import json

import pytest

from flow_assets_tests.materialization.ruled import (
    all_days,
    blocked,
    count_calls,
    declare,
    endings,
    last_checks,
    quarantined,
)
from flow_assets_tests.sandbox import DAYS, Sandbox

KNOWN = """import pyarrow as pa

from flow_assets import DatasetSchema, String, column, dataset
from meters.calendar import DAILY

METERS = {meters!r}


class Known(DatasetSchema):
    name: String = column("Name of a meter")


@dataset(schema=Known, sort_by=["name"]{partitions})
def known() -> pa.Table:
    return pa.table({{"name": pa.array(METERS, pa.string())}})
"""


def know(sandbox: Sandbox, *meters: str, partitions: str = "") -> None:
    """Have a dataset `known` of these meters."""
    text = KNOWN.format(meters=list(meters), partitions=partitions)
    sandbox.write("known.py", text if partitions else text.replace("from meters.calendar import DAILY\n", ""))


def refer(sandbox: Sandbox, options: str = "", to: str = "known", there: str = "name") -> None:
    declare(sandbox, f"fa.references({to!r}, on={{'meter': {there!r}}}, name='is_known'{options})")


@pytest.mark.parametrize("partitions", ["", ", partitions=DAILY"])
def test_a_key_that_is_not_there_blocks_and_once_it_is_there_is_judged_again(sandbox: Sandbox, partitions: str) -> None:
    know(sandbox, "a", "b", partitions=partitions)
    refer(sandbox)
    calls = count_calls(sandbox)
    problems = sandbox.problems(sandbox.run())
    reason = "is_known (consistency): meter in known.name: 1 of 3 rows break it"
    assert {name: said for name, said in problems.items() if name.startswith("readings")} == {
        f"readings {day}": ("blocked", reason) for day in DAYS
    }
    calls.write_text("")
    know(sandbox, "a", "b", "c", partitions=partitions)
    assert sandbox.run().is_successful
    assert (endings(sandbox), calls.read_text()) == (all_days("restored"), "")
    assert sandbox.work() == {}


@pytest.mark.parametrize("partitions", ["", ", partitions=DAILY"])
def test_changed_keys_have_what_is_published_checked_and_not_computed(sandbox: Sandbox, partitions: str) -> None:
    know(sandbox, "a", "b", "c", partitions=partitions)
    refer(sandbox)
    calls = count_calls(sandbox)
    assert sandbox.run().is_successful
    calls.write_text("")
    know(sandbox, "a", "b", partitions=partitions)
    assert sandbox.run().is_successful
    assert (endings(sandbox), calls.read_text()) == (all_days("checked"), "")
    assert {check.errors for check in last_checks(sandbox).values()} == {1}
    assert "breaks by now: is_known" in sandbox.last_outcomes["readings", DAYS[0]].reason
    assert sandbox.work() == {}


def test_each_partition_refers_to_the_same_of_the_other(sandbox: Sandbox) -> None:
    sandbox.write(
        "known.py",
        sandbox.files["readings.py"]
        .replace("def readings(", "def known(")
        .replace("class Readings", "class Known")
        .replace("schema=Readings", "schema=Known")
        .replace("FROM raw_readings", "FROM raw_readings WHERE watts <= 4"),
    )
    refer(sandbox, ", severity='warn'", there="meter")
    sandbox.land(DAYS[3]).unlink()
    sandbox.run("readings", "known")
    with sandbox.project() as project:
        checks = {check.partition: check for check in project.holdings.judgements.checks(["readings"])}
    assert {day: check.warnings for day, check in checks.items()} == {d: 1 for d in DAYS if d != DAYS[3]}
    counts = {day: sorted(json.loads(check.results).values())[-1][0] for day, check in checks.items()}
    assert counts == {DAYS[0]: 1, DAYS[1]: 1, DAYS[2]: 2, DAYS[4]: 3}


def test_what_was_never_published_holds_no_keys(sandbox: Sandbox) -> None:
    know(sandbox, "a", "b", "c", partitions=", partitions=DAILY")
    sandbox.edit("known.py", "-> pa.Table:\n", "-> pa.Table:\n    raise ValueError('never')\n")
    refer(sandbox)
    problems = sandbox.problems(sandbox.run("readings"))
    assert problems[f"readings {DAYS[0]}"] == (
        "blocked",
        "is_known (consistency): meter in known.name: 3 of 3 rows break it",
    )
    sandbox.edit("known.py", "    raise ValueError('never')\n", "")
    assert sandbox.run().is_successful
    assert blocked(sandbox) == {}


def test_a_reference_that_quarantines_is_an_input(sandbox: Sandbox) -> None:
    know(sandbox, "a", "b")
    refer(sandbox, ", quarantine=True")
    assert sandbox.run().is_successful
    assert [row["meter"] for row in sandbox.rows("readings", DAYS[0])] == ["a", "b"]
    assert [row["meter"] for row in quarantined(sandbox, DAYS[0])] == ["c"]
    know(sandbox, "a", "b", "c")
    assert sandbox.work()[f"readings {DAYS[0]}"] == (
        "compute",
        "input known will be computed (it may come out the same)",
    )
    assert sandbox.computed() >= {f"readings {day}" for day in DAYS} | {f"trends {DAYS[0]}"}
    assert quarantined(sandbox, DAYS[0]) == []
    know(sandbox, "a", "b")
    sandbox.run()
    for path in sandbox.data.glob("ledger.sqlite*"):
        path.unlink()
    assert sandbox.computed() == set()  # and those that left are still counted
    check = last_checks(sandbox)[DAYS[0]]
    assert (check.rows, check.quarantined, check.warnings) == (3, 1, 1)


@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_damaged_keys_fail_what_refers_to_them_and_the_next_run_heals(sandbox: Sandbox, damage: str) -> None:
    know(sandbox, "a", "b", "c")
    sandbox.run("known")
    (blob,) = sandbox.blobs("known")
    blob.unlink()
    if damage == "garbage":
        blob.write_bytes(b"garbage" * 100)
    refer(sandbox)
    problems = sandbox.problems(sandbox.run("readings", partitions=f"{DAYS[0]}..{DAYS[1]}"))
    said = "readings: files of known, to which its rules refer, are missing or damaged. Run again."
    assert {name: how for name, how in problems.items() if name.startswith("readings")} == {}, said
    assert sandbox.run().is_successful
