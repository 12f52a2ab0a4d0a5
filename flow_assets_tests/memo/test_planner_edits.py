import importlib.metadata

import pytest

from flow_assets_tests.sandbox import DAYS, Sandbox

READINGS = {f"readings {day}" for day in DAYS}
TRENDS = {f"trends {day}" for day in DAYS}
SEEN = {"meters_seen"}


@pytest.mark.parametrize(
    ("file", "old", "new", "computed", "said"),
    [
        ("helpers.py", 'f"{column} * {FACTOR}"', 'f"{column} * {FACTOR} + 1"', READINGS, "helpers.scaled changed"),
        ("helpers.py", "FACTOR = 10", "FACTOR = 20", READINGS, "FACTOR changed"),
        ("helpers.py", "* {FACTOR}", "* {FACTOR} + 0", READINGS, "helpers.scaled changed"),
    ],
)
def test_code_that_changed_is_named(
    done: Sandbox, file: str, old: str, new: str, computed: set[str], said: str
) -> None:
    done.edit(file, old, new)
    plan = done.plan()
    assert {n for n in computed if plan[n][0] != "compute" or said not in plan[n][1]} == set()
    assert plan["trends 2024-03-02"] == (
        "compute",
        "input readings 2024-03-01 will be computed (it may come out the same)",
    )
    ended = done.computed()
    comes_out_the_same = new.endswith("+ 0")
    assert ended == (computed if comes_out_the_same else computed | TRENDS | {"meters_seen"})
    assert done.work() == {}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("readings.py", "    day = context", "    # a comment\n    day = context"),
        ("readings.py", "    day = context", '    """A docstring."""\n    day = context'),
        ("helpers.py", '"""Helpers."""', '"""Other words."""'),
        ("helpers.py", "def scaled(column):", "def scaled(column: str) -> str:"),
        ("helpers.py", "def scaled(column):", '\n\n\ndef scaled(column):\n    """Ten times."""'),
        ("readings.py", "context: PartitionContext) -> duckdb.DuckDBPyRelation", "context: PartitionContext)"),
        ("meters_seen.py", "readings: pd.DataFrame", 'readings: "pd.DataFrame"'),
        ("trends.py", "import duckdb\n", "import duckdb\nUNUSED = 1\n"),
        ("trends.py", '"Sum over the window"', '"Sum of three days"'),
    ],
)
def test_what_does_not_change_the_result_computes_nothing(done: Sandbox, file: str, old: str, new: str) -> None:
    done.edit(file, old, new)
    assert done.work() == {}


def test_a_function_moved_within_its_file_computes_nothing(done: Sandbox) -> None:
    head, function = done.files["readings.py"].split("\n\n\n@dataset")
    declared, schema = head.split("\n\n\nclass")
    done.write(
        "readings.py", f"{declared}\n\n\nX = 1\n\n\nclass{schema}\n\n\ndef other():\n    pass\n\n\n@dataset{function}"
    )
    assert done.computed() == set()


@pytest.mark.parametrize(
    ("file", "old", "new", "said", "computed"),
    [
        ("readings.py", "Int64 = column", "Float64 = column", "schema: ", READINGS | TRENDS | SEEN),
        (
            "readings.py",
            'column("Name of the meter")',
            'column("Name of the meter", nullable=True)',
            "schema",
            READINGS | TRENDS | SEEN,
        ),
        ("readings.py", 'sort_by=["meter"]', 'sort_by=["deciwatts", "meter"]', "order of rows", None),
        ("readings.py", '("meter", 4)', '("meter", 8)', 'buckets: ["meter", 4] -> ["meter", 8]', READINGS),
        ("readings.py", '    buckets=hash_buckets("meter", 4),\n', "", "buckets", READINGS),
        ("raw_readings.py", '{date}.csv")', '{date}.csv", null_values=["", "x"])', "how the landed file is read", None),
        ("trends.py", "days=2", "days=1", "is gone", TRENDS),
        ("meters_seen.py", "pd.DataFrame)", "pa.Table)", "kind of frame", {"meters_seen"}),
    ],
)
def test_a_changed_declaration(
    done: Sandbox, file: str, old: str, new: str, said: str, computed: set[str] | None
) -> None:
    if "days=1" in new:
        done.edit(file, "readings.day - 2", "readings.day - 1")
    if "Float64" in new:
        done.edit(file, "Int64", "Float64")
    elif "pa.Table" in new:
        done.edit(file, "import pandas as pd", "import pandas as pd\nimport pyarrow as pa")
        done.edit(
            file, "    return readings.groupby", "    readings = readings.to_pandas()\n    return readings.groupby"
        )
        done.edit(file, old, new)
    else:
        done.edit(file, old, new)
    changed = {f"{file.removesuffix('.py')} {day}".strip() for day in (DAYS[2:] if "trends" in file else DAYS)}
    changed = {"meters_seen"} if "meters_seen" in file else changed
    work = done.work()
    assert {name for name in changed if said not in work[name][1]} == set()
    ended = done.computed()
    assert changed <= ended
    assert computed is None or ended == computed
    assert done.work() == {}


def test_a_layout_that_changed_is_written_anew_but_its_readers_are_not(done: Sandbox) -> None:
    before, rows = done.blobs("readings", DAYS[0]), done.rows("readings", DAYS[0])
    done.edit("readings.py", '("meter", 4)', '("meter", 64)')
    assert done.computed() == READINGS
    assert done.blobs("readings", DAYS[0]) != before
    assert sorted(map(str, done.rows("readings", DAYS[0]))) == sorted(map(str, rows))
    with done.project() as project:
        record = project.store.get_record(project.holdings.current("readings")[DAYS[0]].key)
        assert record
        assert record.components["buckets"] == ["meter", 64]


def test_config_that_changed_is_named(sandbox: Sandbox) -> None:
    take_config(sandbox)
    sandbox.run()
    sandbox.options["config"] = {"readings": {"factor": 3}}
    assert sandbox.plan()["readings 2024-03-01"] == ("compute", "config factor: 10 -> 3")
    assert sandbox.computed() == READINGS | TRENDS | SEEN
    assert [row["deciwatts"] for row in sandbox.rows("readings", DAYS[4])] == [15, 30, None]
    sandbox.options["config"] = {"readings": {"factor": 10}}
    assert {action for action, _ in sandbox.work("readings").values()} == {"restore"}


def take_config(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "import duckdb\n", "import duckdb\nfrom pydantic import BaseModel\n")
    model = "class Scale(BaseModel):\n    factor: int = 10\n\n\n@dataset("
    sandbox.edit("readings.py", "@dataset(", model)
    sandbox.edit("readings.py", "context: PartitionContext)", "context: PartitionContext, scale: Scale)")
    sandbox.edit("readings.py", "{scaled('watts')}", "watts * {scale.factor}")


def test_a_package_that_changed_is_named(done: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.0.1" if name == "pandas" else real(name))
    assert done.work() == {"meters_seen": ("compute", f"package pandas: {real('pandas')} -> 99.0.1")}
    assert done.computed() == {"meters_seen"}


def test_going_back_to_former_code_restores(done: Sandbox) -> None:
    rows = done.rows("trends", DAYS[4])
    done.edit("helpers.py", "FACTOR = 10", "FACTOR = 20")
    assert done.computed() == READINGS | TRENDS | SEEN
    done.edit("helpers.py", "FACTOR = 20", "FACTOR = 10")
    assert done.computed() == set()
    assert done.rows("trends", DAYS[4]) == rows
    with done.project() as project:
        assert [h.change for h in project.holdings.history("trends", DAYS[4])] == ["restored", "computed", "computed"]
