import re

import pytest

from flow_assets_tests.materialization.ruled import declare
from flow_assets_tests.sandbox import DAYS, Sandbox

HEAD = """import duckdb
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel

from meters.calendar import DAILY
from flow_assets import DatasetSchema, Date, Int64, PartitionContext, String, column, dataset, lookback


class Counts(DatasetSchema):
    day: Date = column("Day")
    number: Int64 = column("A number", nullable=True)


class Scale(BaseModel):
    factor: int = 3


"""
CALENDAR = 'from flow_assets import DailyPartitions\n\nDAILY = DailyPartitions("2024-03-01", end_date="2024-03-06")\n'
DAY_TABLE = 'pa.table({"day": pa.array(days, pa.string()).cast(pa.date32()), "number": pa.array(numbers, pa.int64())})'


def write(sandbox: Sandbox, declared: str, body: str) -> None:
    """A package of one dataset, `counts`; its function has the lines of `body`."""
    for path in (sandbox.root / sandbox.package).glob("*.py"):
        path.unlink()
    table = f"def table(days, numbers):\n    return {DAY_TABLE}\n\n\n"
    sandbox.write("__init__.py", "")
    sandbox.write("calendar.py", CALENDAR)
    decorator = f"@dataset(schema=Counts, sort_by=['day', 'number'], {declared})"
    sandbox.write("counts.py", f"{HEAD}{table}{decorator}\n{body}\n")


SET_BASED = "partitions=DAILY, partition_column='day', set_based=True"
DAILY = "partitions=DAILY, partition_column='day'"


@pytest.mark.parametrize(
    ("declared", "body", "rows"),
    [
        (
            DAILY,
            "def counts(context: PartitionContext, scale: Scale) -> pa.Table:\n"
            "    return table([context.partition_key], [scale.factor])",
            [3],
        ),
        (
            SET_BASED,
            "def counts(context: PartitionContext) -> pa.Table:\n"
            "    keys = context.partition_keys\n    return table(keys, [int(key[-2:]) for key in keys])",
            [2],
        ),
        (
            DAILY,
            "def counts(context: PartitionContext) -> pd.DataFrame:\n"
            "    days = [pd.Timestamp(context.partition_key).date()] * 3\n"
            "    numbers = pd.array([2**53 + 1, None, -5], dtype='Int64')\n"
            "    return pd.DataFrame({'number': numbers, 'day': days})",
            [-5, 2**53 + 1, None],
        ),
        (DAILY, "def counts() -> pd.DataFrame:\n    return pd.DataFrame({'day': [], 'number': []})", []),
        (
            SET_BASED,
            "def counts() -> duckdb.DuckDBPyRelation:\n"
            "    return duckdb.sql(\"SELECT DATE '2024-03-03' AS day, 1 AS number WHERE false\")",
            [],
        ),
        (
            SET_BASED,
            "def counts(context: PartitionContext) -> pa.Table:\n"
            "    return table(['2024-03-02', '2024-03-02', '2024-03-04'], [None, 1, 2])",
            [1, None],
        ),
    ],
)
def test_what_a_function_returns_is_published(
    sandbox: Sandbox, declared: str, body: str, rows: list[int | None]
) -> None:
    write(sandbox, declared, body)
    summary = sandbox.run()
    assert sandbox.problems(summary) == {}
    assert [row["number"] for row in sandbox.rows("counts", DAYS[1])] == rows
    assert sandbox.work() == {}


@pytest.mark.parametrize(
    ("declared", "body", "said"),
    [
        (DAILY, "def counts():\n    return None", "counts: its function returned NoneType; return one of duckdb"),
        (DAILY, "def counts():\n    return [1]", "its function returned list"),
        (
            DAILY,
            "def counts():\n    x = {}\n    return x['nothing']",
            r"counts: KeyError at .*/meters/counts.py:LINE: 'nothing'",
        ),
        (
            DAILY,
            "def counts():\n    return duckdb.sql('SELECT 1 / day FROM nothing')",
            r"counts: CatalogException at .*counts.py:LINE: .*nothing does not exist",
        ),
        (
            DAILY,
            "def counts():\n    return duckdb.sql(\"SELECT '2024-03-01'::DATE AS day, 'x'::BIGINT AS number\")",
            r"counts: ConversionException: .*'x'",
        ),
        (DAILY, "def counts():\n    raise ValueError", r"counts: ValueError at .*:LINE: no message"),
        (DAILY, "def counts():\n    return pa.table({'day': ['2024-03-01']})", "counts does not return number"),
        (
            DAILY,
            "def counts():\n    return pa.table({'day': ['2024-03-01'], 'number': ['many']})",
            "counts: column number is declared int64, but row 1 holds 'many'",
        ),
        (DAILY, "def counts():\n    return table(['2024-03-09'], [1])", "holds '2024-03-09' in partition 2024-03-01"),
        (DAILY, "def counts():\n    return table([None], [1])", "column day must not be null, but 1 of 1 rows are"),
        (
            SET_BASED,
            "def counts(context: PartitionContext):\n    return table([context.partition_key, '2024-04-01'], [1, 1])",
            "column day holds '2024-04-01', which no partition declares; add it to the partitions",
        ),
        (
            SET_BASED,
            "def counts(context: PartitionContext):\n    return table([None], [1])",
            "column day must not be null",
        ),
    ],
)
def test_what_a_function_does_wrong_is_told(sandbox: Sandbox, declared: str, body: str, said: str) -> None:
    write(sandbox, declared, body)
    problems = sandbox.problems(sandbox.run("counts", partitions="2024-03-01"))
    status, reason = problems["counts 2024-03-01"]
    assert status == "failed"
    last_line = len(sandbox.files["counts.py"].splitlines())
    assert re.search(said.replace("LINE", str(last_line)), reason), reason


def test_the_one_key_of_a_call_for_many_is_refused_and_each_is_computed_alone(sandbox: Sandbox) -> None:
    write(
        sandbox,
        SET_BASED,
        "def counts(context: PartitionContext):\n"
        "    return table([context.partition_key], [len(context.partition_keys)])",
    )
    assert len(sandbox.computed()) == 5
    assert sandbox.rows("counts", DAYS[4])[0]["number"] == 1


def test_a_call_for_many_that_fails_leaves_only_the_bad_one_failed(sandbox: Sandbox) -> None:
    write(
        sandbox,
        SET_BASED,
        "def counts(context: PartitionContext):\n"
        "    keys = context.partition_keys\n"
        "    return pa.table({'day': keys, 'number': ['x' if key == '2024-03-04' else '1' for key in keys]})",
    )
    sandbox.edit("counts.py", "'day': keys", "'day': pa.array(keys).cast(pa.date32())")
    problems = sandbox.problems(sandbox.run())
    assert problems.keys() == {"counts 2024-03-04"}
    assert "row 1 holds 'x'" in problems["counts 2024-03-04"][1]


def test_rows_of_a_partition_nobody_declares_fail_and_are_not_dropped(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", '    partition_column="day",\n', "")
    sandbox.edit("readings.py", "DATE '{day}'", "DATE '{day}' + 10")
    problems = sandbox.problems(sandbox.run("trends"))
    assert {name for name, (status, _) in problems.items() if status == "failed"} == {f"trends {d}" for d in DAYS}
    assert "column day holds '2024-03-11', which no partition declares" in problems["trends 2024-03-01"][1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "earlier.day BETWEEN readings.day - 2 AND readings.day",
            "true",
            r"row 1, total_deciwatts is \d+ alone and \d+ together",
        ),
        ('FROM readings\n        """', 'FROM readings WHERE day <> DATE \'2024-03-01\'\n        """', None),
    ],
)
def test_a_query_that_looks_beyond_its_window_is_caught(sandbox: Sandbox, old: str, new: str, said: str | None) -> None:
    sandbox.edit("trends.py", old, new)
    problems = sandbox.problems(sandbox.run("trends"))
    if said is None:
        assert problems == {}
        return
    assert problems.keys() == {f"trends {day}" for day in DAYS}
    reason = problems["trends 2024-03-01"][1]
    assert re.search(said, reason), reason
    assert re.search(
        r"trends is declared set_based, but partition 2024-03-0\d differs when it is computed alone", reason
    )
    assert sandbox.work("trends")["trends 2024-03-01"][0] == "hold"


@pytest.mark.parametrize("is_wrong", [True, False])
def test_a_partition_that_repeats_a_key_is_audited_too(sandbox: Sandbox, is_wrong: bool) -> None:
    declare(sandbox, "fa.unique('meter', name='meter_is_unique', quarantine=True)", dataset="trends")
    window = "+ (SELECT count(*) FROM readings)" if is_wrong else ""
    sandbox.edit(
        "trends.py",
        "AS total_deciwatts\n        FROM readings\n",
        f"{window} + n AS total_deciwatts FROM readings, unnest([0, 1]) AS twice(n) ORDER BY random()\n",
    )
    problems = sandbox.problems(sandbox.run("trends"))
    assert problems.keys() == ({f"trends {day}" for day in DAYS} if is_wrong else set())
    assert all("differs when it is computed alone" in reason for _, reason in problems.values())


def test_landed_rows_that_a_function_cannot_take_are_told_with_their_file(sandbox: Sandbox) -> None:
    sandbox.edit("raw_readings.py", "    return lines", "    assert lines.num_rows < 3\n    return lines")
    sandbox.land(DAYS[1], "meter,watts,note\na,1,x\n")
    problems = sandbox.problems(sandbox.run("raw_readings"))
    assert problems.keys() == {f"raw_readings {day}" for day in DAYS if day != DAYS[1]}
    reason = problems["raw_readings 2024-03-01"][1]
    assert re.search(r"AssertionError at .*raw_readings.py:\d+", reason)
    assert "readings/2024-03-01.csv" in reason


def test_a_file_on_which_a_parser_stumbles_fails_its_own_day(sandbox: Sandbox) -> None:
    sandbox.edit("raw_readings.py", '.csv")', '.csv", encoding="punycode")')
    sandbox.land(DAYS[0], "meter,watts,note\na-!\n")
    for day in DAYS[1:]:
        sandbox.land(day, "meter,watts,note\na,1,x\n-")
    problems = sandbox.problems(sandbox.run("raw_readings"))
    assert problems.keys() == {f"raw_readings {DAYS[0]}"}
    assert re.search(r"2024-03-01\.csv cannot be read \(UnicodeError: .*\)\. Land it again", str(problems))


def test_a_line_nested_too_deep_fails_its_own_day(sandbox: Sandbox) -> None:
    sandbox.edit("raw_readings.py", "{date}.csv", "{date}.jsonl")
    for day, note in zip(DAYS, ["[" * 800 + "]" * 800, *["[1]"] * 4], strict=True):
        sandbox.land(day, f'{{"meter": "a", "watts": 1, "note": {note}}}\n').rename(
            sandbox.data / "landing" / "readings" / f"{day}.jsonl"
        )
    problems = sandbox.problems(sandbox.run("raw_readings"))
    assert problems.keys() == {f"raw_readings {DAYS[0]}"}
    assert "2024-03-01.jsonl is damaged: line 1 is nested too deep" in str(problems)
