import re

import pytest

from flow_assets_tests.sandbox import DAYS, Sandbox

BAD = {
    "empty": (b"", "is empty"),
    "cut": (b"meter,watts,note\na,1", "ends in the middle of a line"),
    "lacks a column": (b"meter,watts\na,1\n", "lacks the column `note`"),
    "an extra column": (b"meter,watts,note,more\na,1,x,y\n", "has the column `more`"),
    "a column twice": (b"meter,watts,note,note\na,1,x,y\n", "names column `note` more than once"),
    "latin-1": (b"meter,watts,note\na,1,caf\xe9\n", "is not UTF-8: line 2 holds the byte 0xe9"),
    "a value": (b"meter,watts,note\na,1,x\nb,1.5,x\n", "column watts is declared int64, but row 2 holds '1.5'"),
    "a null": (b"meter,watts,note\n,1,x\n", "meter_not_null (completeness): meter is not null: 1 of 1 rows break it"),
}
OF_DAY_3 = {"raw_readings 2024-03-03", "readings 2024-03-03", "trends 2024-03-03"}
READERS_OF_DAY_3 = {"trends 2024-03-04", "trends 2024-03-05", "meters_seen"}


@pytest.mark.parametrize("kinds", [tuple(BAD)[:4], tuple(BAD)[4:]], ids=", ".join)
def test_bad_files_fail_their_days_alone(sandbox: Sandbox, kinds: tuple[str, ...]) -> None:
    paths = [sandbox.land(day, BAD[kind][0]) for day, kind in zip(DAYS, kinds, strict=False)]
    summary = sandbox.run("trends")
    assert not summary.is_successful
    problems = sandbox.problems(summary)
    bad = DAYS[: len(kinds)]
    assert {name: status for name, (status, _) in problems.items()} == {
        **{f"raw_readings {d}": "blocked" if k == "a null" else "failed" for d, k in zip(DAYS, kinds, strict=False)},
        **{f"{name} {day}": "held" for name in ("readings", "trends") for day in bad},
    }
    assert summary.to_json()["computed"] == 3 * (5 - len(bad))
    for day, kind, path in zip(bad, kinds, paths, strict=True):
        reason = problems[f"raw_readings {day}"][1]
        assert str(path) in reason
        assert BAD[kind][1] in reason
        assert re.search(r"\bland\b", reason, re.IGNORECASE)


def test_unusual_files_are_as_good_as_any(sandbox: Sandbox) -> None:
    sandbox.edit("raw_readings.py", '{date}.csv")', '{date}.csv", allow_empty=True)')
    sandbox.land(DAYS[0], b"meter,watts,note\n")
    sandbox.land(DAYS[1], b"meter,watts,note\r\na,1,x\r\n")
    sandbox.land(DAYS[2], b'\xef\xbb\xbfmeter,watts,note\na,1,"two\nlines"\n')
    assert sandbox.run().is_successful
    assert sandbox.rows("trends", DAYS[0]) == []
    totals = [[row["total_deciwatts"] for row in sandbox.rows("trends", day)] for day in DAYS[1:3]]
    assert totals == [[10], [20]]


def test_a_good_file_after_a_bad_one_computes_its_day_and_its_readers(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[2], b"")
    sandbox.run()
    assert sandbox.rows("meters_seen")[0] == {"meter": "a", "days": 4}
    sandbox.land(DAYS[2])
    assert sandbox.computed() == OF_DAY_3 | READERS_OF_DAY_3
    assert sandbox.rows("meters_seen")[0] == {"meter": "a", "days": 5}
    assert sandbox.work() == {}


def test_the_former_good_file_makes_everything_current_again(done: Sandbox) -> None:
    done.land(DAYS[2], b"meter,watts,note\na,x,x\n")
    summary = done.run()
    assert done.problems(summary).keys() == OF_DAY_3
    assert summary.to_json()["computed"] == 0  # what is current stays current
    done.land(DAYS[2])
    assert done.work() == {}


def test_a_window_is_computed_around_what_is_absent_and_again_once_it_arrives(sandbox: Sandbox) -> None:
    missing = sandbox.land(DAYS[2])
    content = missing.read_bytes()
    missing.unlink()
    summary = sandbox.run()
    assert sandbox.problems(summary).keys() == OF_DAY_3
    assert summary.to_json()["waiting"] == 3
    assert [row["total_deciwatts"] for row in sandbox.rows("trends", DAYS[3])] == [60, 120, None]  # days 2 and 4
    sandbox.land(DAYS[2], content)
    assert sandbox.work().keys() == OF_DAY_3 | READERS_OF_DAY_3
    assert sandbox.computed() == OF_DAY_3 | READERS_OF_DAY_3
    assert [row["total_deciwatts"] for row in sandbox.rows("trends", DAYS[3])] == [90, 180, None]


def test_a_window_without_the_day_itself_does_not_wait_for_it(sandbox: Sandbox) -> None:
    sandbox.edit("trends.py", "lookback(days=2)", "lookback(days=2, include_current=False)")
    sandbox.edit("trends.py", "set_based=True,", "")
    sandbox.edit("trends.py", '    partition_column="day",\n', "")
    sandbox.edit(
        "trends.py", "        FROM readings\n", "        FROM readings WHERE day = (SELECT max(day) FROM readings)\n"
    )
    for day in (DAYS[0], DAYS[4]):
        sandbox.land(day).unlink()
    summary = sandbox.run()
    assert sandbox.problems(summary).keys() == {
        f"{n} {d}" for n in ("raw_readings", "readings") for d in (DAYS[0], DAYS[4])
    }
    assert sandbox.rows("trends", DAYS[0]) == sandbox.rows("trends", DAYS[1]) == []  # nothing to read
    assert [row["total_deciwatts"] for row in sandbox.rows("trends", DAYS[4])] == [70, 140, None]
    sandbox.land(DAYS[0])
    assert sandbox.computed() == {
        *("raw_readings 2024-03-01", "readings 2024-03-01", "meters_seen"),
        *("trends 2024-03-02", "trends 2024-03-03"),
    }


def test_a_day_computed_from_a_wider_schema_reads_older_days_as_null(done: Sandbox) -> None:
    done.land(DAYS[1], b"")
    done.edit(
        "readings.py",
        "class Readings(DatasetSchema):",
        "class Readings(DatasetSchema):\n    extra: Int64 = column('X')",
    )
    done.edit("readings.py", "SELECT DATE", "SELECT 1 AS extra, DATE")
    done.edit("trends.py", "sum(earlier.deciwatts)::BIGINT", "sum(earlier.extra)::BIGINT")
    problems = done.problems(done.run())
    assert problems.keys() == {f"{name} {DAYS[1]}" for name in ("raw_readings", "readings", "trends")}
    assert [row["total_deciwatts"] for row in done.rows("trends", DAYS[2])] == [2, 2, 2]
    assert done.rows("meters_seen")[0] == {"meter": "a", "days": 5}
