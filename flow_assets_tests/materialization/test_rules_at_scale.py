"""More partitions than one call or one query takes; some without rows, some with one; and two runs at once."""

from datetime import date, timedelta

from flow_assets.materialization.materializer import SET_BASED_PARTITIONS
from flow_assets_tests.forked import start_flow
from flow_assets_tests.materialization.ruled import blocked, count_calls, declare, last_checks, quarantined
from flow_assets_tests.sandbox import DAYS, Sandbox

MANY = [str(date(2024, 3, 1) + timedelta(days=n)) for n in range(SET_BASED_PARTITIONS + 4)]


def test_many_partitions_some_of_them_empty(sandbox: Sandbox) -> None:
    sandbox.edit("calendar.py", '"2024-03-06"', f'"{date.fromisoformat(MANY[-1]) + timedelta(days=1)}"')
    sandbox.edit("raw_readings.py", '{date}.csv")', '{date}.csv", allow_empty=True)')
    for number, day in enumerate(MANY):
        lines = [f"m{n},{n},\n" for n in range(number % 4)]  # none, one, two or three rows
        sandbox.land(day, "meter,watts,note\n" + "".join(lines))
    declare(
        sandbox,
        "fa.row_rule(\"meter <> 'm2'\", name='is_not_m2', quarantine=True)",
        "fa.row_count(min_value=1, severity='warn')",
        "fa.row_rule('total_deciwatts < 30', name='is_small', severity='warn')",
        "fa.row_count_like_before(partitions=3, at_least=3)",
        dataset="trends",
    )
    assert sandbox.run("trends").is_successful
    checks = last_checks(sandbox, "trends")
    assert {day: (check.rows, check.quarantined) for day, check in checks.items()} == {
        day: (number % 4, int(number % 4 == 3)) for number, day in enumerate(MANY)
    }
    assert [row["meter"] for row in quarantined(sandbox, MANY[3], "trends")] == ["m2"]
    assert all(bool(check.warnings) == (number % 4 in (0, 3)) for number, check in enumerate(checks.values()))
    assert sandbox.work("trends") == {}


def test_two_runs_at_once_judge_what_was_kept_back_once(sandbox: Sandbox) -> None:
    declare(sandbox, "fa.row_rule('deciwatts <= 90', name='is_small')")
    calls = count_calls(sandbox)
    sandbox.run("readings")
    calls.write_text("")
    declare(sandbox, "fa.row_rule('deciwatts <= 90', name='is_small', tolerance=1)")
    both = [start_flow(sandbox, "run", "readings") for _ in range(2)]
    assert [running.wait().code for running in both] == [0, 0], [running.stderr for running in both]
    assert (calls.read_text(), blocked(sandbox)) == ("", {})
    with sandbox.project() as project:
        (change,) = project.holdings.history("readings", DAYS[4])
    assert change.change == "restored"
    assert sandbox.work("readings") == {}
