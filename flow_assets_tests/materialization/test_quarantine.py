import pytest

from flow_assets_tests.materialization.ruled import content, declare, last_checks, quarantined
from flow_assets_tests.sandbox import DAYS, Sandbox

SMALL = "fa.row_rule('deciwatts <= 40', name='is_small', quarantine=True)"
EVEN = "fa.row_rule('deciwatts % 20 = 0', name='is_even', quarantine=True)"
NAMED = "fa.row_rule(\"meter <> 'b'\", name='is_not_b', quarantine=True)"


def meters(sandbox: Sandbox, day: str, dataset: str = "readings") -> list[str]:
    return [row["meter"] for row in sandbox.rows(dataset, day)]


def test_rows_leave_with_all_rules_they_break_and_the_rest_is_published(sandbox: Sandbox) -> None:
    declare(sandbox, SMALL, EVEN)
    assert sandbox.run().is_successful
    assert {day: meters(sandbox, day) for day in DAYS} == {
        DAYS[0]: ["b", "c"],
        DAYS[1]: ["a", "b", "c"],
        DAYS[2]: ["c"],
        DAYS[3]: ["a", "c"],
        DAYS[4]: ["c"],
    }
    left = {day: [(row["meter"], row["_violations"]) for row in quarantined(sandbox, day)] for day in DAYS}
    assert left == {
        DAYS[0]: [("a", ["is_even"])],
        DAYS[1]: [],
        DAYS[2]: [("a", ["is_even"]), ("b", ["is_small"])],
        DAYS[3]: [("b", ["is_small"])],
        DAYS[4]: [("a", ["is_small", "is_even"]), ("b", ["is_small"])],
    }
    assert quarantined(sandbox, DAYS[2])[0]["deciwatts"] == 30
    checked = {day: (check.rows, check.quarantined, check.warnings) for day, check in last_checks(sandbox).items()}
    assert checked[DAYS[1]] == (3, 0, 0)
    assert checked[DAYS[4]] == (3, 2, 2)
    assert meters(sandbox, DAYS[4], "trends") == ["c"]
    assert sandbox.rows("meters_seen") == [
        {"meter": "a", "days": 2},
        {"meter": "b", "days": 2},
        {"meter": "c", "days": 5},
    ]
    assert sandbox.work() == {}


def test_what_stays_is_the_same_content_as_if_the_rest_had_never_come(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule(\"meter <> 'z'\", name='is_known', quarantine=True)")
    sandbox.run()
    before = {name: content(sandbox, name) for name in ("readings", "trends", "meters_seen")}
    sandbox.land(DAYS[2], "meter,watts,note\na,3,x\nb,6,\nc,,y\nz,1,\nz,1,\n")
    assert sandbox.computed() == {f"raw_readings {DAYS[2]}", f"readings {DAYS[2]}"}
    assert {name: content(sandbox, name) for name in before} == before
    assert [row["meter"] for row in quarantined(sandbox, DAYS[2])] == ["z", "z"]


def test_all_rows_may_leave(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule('meter is null', name='is_nobody', quarantine=True)")
    assert sandbox.run().is_successful
    assert meters(sandbox, DAYS[0]) == meters(sandbox, DAYS[0], "trends") == []
    assert len(quarantined(sandbox, DAYS[0])) == 3
    assert sandbox.rows("meters_seen") == []


def test_nulls_leave_a_column_that_must_not_hold_any(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", ', unit="deciwatts", nullable=True)', ", rules=[fa.not_null(quarantine=True)])")
    declare(sandbox, EVEN)
    assert sandbox.run().is_successful
    assert meters(sandbox, DAYS[0]) == ["b"]
    left = [(row["meter"], row["deciwatts"], row["_violations"]) for row in quarantined(sandbox, DAYS[0])]
    assert left == [("a", 10, ["is_even"]), ("c", None, ["deciwatts_not_null"])]


def test_more_than_is_tolerated_leaves_and_blocks(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule('deciwatts <= 40', name='is_small', quarantine=True, severity='error', tolerance=1)")
    problems = sandbox.problems(sandbox.run("readings"))
    assert problems == {
        f"readings {DAYS[4]}": (
            "blocked",
            "is_small (consistency): deciwatts <= 40: 2 of 3 rows break it. Set apart of it: 2 rows, "
            "see flow quarantine readings",
        )
    }


def test_what_a_quarantining_rule_demands_is_declared_once(sandbox: Sandbox) -> None:
    declare(sandbox, SMALL, "fa.row_rule('deciwatts <= 40', name='are_mostly_small', tolerance=1)")
    with pytest.raises(Exception, match="rules is_small and are_mostly_small demand the same, and the rows that break"):
        sandbox.run("readings")


def test_repeated_keys_leave_all_of_them(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[1], "meter,watts,note\na,2,\na,3,\nb,1,\n")
    declare(sandbox, "fa.unique('meter', name='meter_is_unique', quarantine=True)")
    assert sandbox.run().is_successful
    assert meters(sandbox, DAYS[1]) == ["b"]
    assert [row["meter"] for row in quarantined(sandbox, DAYS[1])] == ["a", "a"]


def test_the_key_must_be_unique_among_those_that_stay(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[1], "meter,watts,note\na,2,\na,3,\nb,1,\n")
    declare(sandbox, EVEN)
    assert sandbox.run().is_successful
    assert meters(sandbox, DAYS[1]) == ["a"]


@pytest.mark.parametrize("days", [DAYS, DAYS[:1]])
def test_a_set_based_dataset_has_rows_that_leave_too(sandbox: Sandbox, days: tuple[str, ...]) -> None:
    declare(sandbox, NAMED, "fa.unique('meter')", dataset="trends")
    assert sandbox.run(partitions=f"{days[0]}..{days[-1]}").is_successful
    assert {day: meters(sandbox, day, "trends") for day in days} == {day: ["a", "c"] for day in days}
    assert [row["meter"] for row in quarantined(sandbox, days[-1], "trends")] == ["b"]


def test_a_changed_quarantining_rule_computes_exactly_its_dataset(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule('deciwatts < 1000', name='is_small', quarantine=True)")
    sandbox.run()
    declare(sandbox, "fa.row_rule('deciwatts < 999', name='is_small', quarantine=True)")
    action, reason = sandbox.work()[f"readings {DAYS[0]}"]
    assert (action, reason.startswith("rule that quarantines rows: ")) == ("compute", True)
    assert sandbox.computed() == {f"readings {day}" for day in DAYS}  # the same content: nothing that reads it
    declare(sandbox, "fa.row_rule('deciwatts < 100', name='is_small', quarantine=True)")
    assert sandbox.computed() == {f"readings {day}" for day in DAYS} | {f"trends {DAYS[4]}", "meters_seen"}
