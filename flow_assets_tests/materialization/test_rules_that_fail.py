"""Rules that cannot be asked of some rows: whose they are, what else goes on, and what happens once they are mended."""

import pytest

from flow_assets.checks import RuleResult, partition_rules
from flow_assets.declaration.partition_constraints import RowCount
from flow_assets_tests.materialization.ruled import all_days, blocked, content, count_calls, declare, endings
from flow_assets_tests.sandbox import DAYS, Sandbox

PYTHON = """

def is_fine(frame):
    if frame["deciwatts"].max() > {limit}:
        raise ValueError("too much")
    return frame["deciwatts"] >= 0

"""
RULE = "fa.python_rule(is_fine)"


def write(sandbox: Sandbox, limit: int, options: str = "") -> None:
    """Put a rule on readings that raises where a reading is above `limit`."""
    sandbox.write("helpers.py", sandbox.files["helpers.py"].split("\n\ndef is_fine")[0] + PYTHON.format(limit=limit))
    if "is_fine" not in sandbox.files["readings.py"]:
        sandbox.edit("readings.py", "import scaled", "import is_fine, scaled")
    declare(sandbox, f"fa.python_rule(is_fine{options})")


def test_a_rule_in_python_that_raises_fails_its_partition_alone(sandbox: Sandbox) -> None:
    write(sandbox, 90)
    calls = count_calls(sandbox)
    problems = sandbox.problems(sandbox.run())
    said = "Rule is_fine: its function raised ValueError: too much."
    assert problems == {
        f"readings {DAYS[4]}": ("failed", said),
        f"trends {DAYS[4]}": ("held", f"required input readings {DAYS[4]} failed"),
    }
    assert sandbox.rows("meters_seen")[0] == {"meter": "a", "days": 4}
    assert sandbox.work()[f"readings {DAYS[4]}"] == ("hold", f"failed, and nothing has changed since: {said}")
    launches = sandbox.launches
    sandbox.run()
    assert sandbox.launches == launches
    write(sandbox, 100)  # it is no part of the key, and yet what failed by it is tried again
    calls.write_text("")
    assert sandbox.run().is_successful
    assert calls.read_text().split() == [DAYS[4]]
    assert sandbox.work() == {}


def test_a_rule_in_sql_that_has_no_answer_is_named(sandbox: Sandbox) -> None:
    declare(
        sandbox,
        "fa.row_rule('deciwatts >= 0', name='is_positive')",
        "fa.row_rule('CASE WHEN deciwatts = 100 THEN CAST(meter AS INTEGER) > 0 ELSE true END', name='is_number')",
    )
    status, reason = sandbox.problems(sandbox.run("readings"))[f"readings {DAYS[4]}"]
    assert status == "failed"
    assert reason.startswith("Rule is_number cannot be asked of these rows: Conversion Error: ")
    assert reason.count("\n") == 0
    assert endings(sandbox) == {**all_days("computed"), DAYS[4]: "failed"}


def test_a_rule_that_goes_wrong_itself_fails_its_partition_alone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(constraint: RowCount, rows: int) -> RuleResult:
        if rows == 2:
            raise OverflowError
        return RuleResult(0, 1)

    monkeypatch.setattr(partition_rules, "_counted", count)
    declare(sandbox, "fa.row_count(1)")
    sandbox.land(DAYS[4], "meter,watts,note\na,1,x\nb,2,\n")
    assert sandbox.problems(sandbox.run("readings")) == {
        f"readings {DAYS[4]}": ("failed", "readings: its rules cannot be asked of these rows: OverflowError.")
    }
    assert endings(sandbox) == {**all_days("computed"), DAYS[4]: "failed"}


def test_a_rule_that_cannot_be_asked_of_what_is_published_takes_nothing_from_its_readers(done: Sandbox) -> None:
    before = content(done, "trends")
    write(done, 90)
    done.land(DAYS[0], "meter,watts,note\na,2,x\n")
    problems = done.problems(done.run())
    assert {name: status for name, (status, _) in problems.items()} == {f"readings {DAYS[4]}": "failed"}
    assert endings(done) == {**all_days("checked"), DAYS[0]: "computed", DAYS[4]: "failed"}
    assert content(done, "trends")[DAYS[1]] != before[DAYS[1]]
    work = done.work()
    assert work == {f"readings {DAYS[4]}": ("hold", work[f"readings {DAYS[4]}"][1])}
    done.land(DAYS[3], "meter,watts,note\na,7,x\n")
    assert f"trends {DAYS[4]}" in done.computed()
    write(done, 100)
    assert done.run().is_successful
    assert done.work() == {}


def test_a_kept_version_that_cannot_be_judged_stays_kept(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule('deciwatts <= 90', name='is_small')")
    calls = count_calls(sandbox)
    sandbox.run("readings")
    calls.write_text("")
    write(sandbox, 90)
    sandbox.run("readings")
    assert endings(sandbox)[DAYS[4]] == "failed"
    assert list(blocked(sandbox)) == [DAYS[4]]
    write(sandbox, 100)
    assert sandbox.run("readings").is_successful
    assert (endings(sandbox)[DAYS[4]], calls.read_text()) == ("restored", "")


def test_the_code_of_a_rule_that_quarantines_is_in_the_key(sandbox: Sandbox) -> None:
    write(sandbox, 200, ", quarantine=True")
    assert sandbox.run("readings").is_successful
    write(sandbox, 300, ", quarantine=True")
    assert sandbox.computed("readings") == {f"readings {day}" for day in DAYS}
