"""What is wrong with a package of datasets is one clear error with its place, in the shell and in Dagster."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from flow_assets.definitions import build_definitions
from flow_assets.errors import DefinitionError
from flow_assets_tests.forked import flow
from flow_assets_tests.sandbox import DAYS, Sandbox

HOURS = 'from flow_assets import HourlyPartitions\n\nDAILY = HourlyPartitions("2024-03-01-00:00")\n'
AGAIN = """
import duckdb
from flow_assets import DatasetSchema, String, column, dataset

class Again(DatasetSchema):
    meter: String = column("Name of the meter")

@dataset(schema=Again, sort_by=["meter"])
def readings() -> duckdb.DuckDBPyRelation: ...
"""

ERRORS = {
    "a cycle": (
        "readings.py",
        "(raw_readings: ",
        "(trends: duckdb.DuckDBPyRelation, raw_readings: ",
        "These datasets read each other: readings <- trends <- readings",
    ),
    "an unpartitioned reader without a mapping": (
        "meters_seen.py",
        ', ins={"readings": all_partitions()}',
        "",
        "meters_seen.py:13: dataset meters_seen reads readings, whose partitions differ; give both the same",
    ),
    "partitions that are none": (
        "meters_seen.py",
        'ins={"readings": all_partitions()}',
        'ins={"readings": all_partitions()}, partitions="daily"',
        "meters_seen.py:13: `partitions` must be partitions, such as",
    ),
    "an input that is none": (
        "meters_seen.py",
        "all_partitions()}",
        "3}",
        "meters_seen.py:13: `ins` must be inputs by name, such as",
    ),
    "an order that is a text": (
        "meters_seen.py",
        'sort_by=["meter"]',
        'sort_by="meter"',
        "meters_seen.py:13: `sort_by` must be a list of columns",
    ),
    "an owner that is none": (
        "meters_seen.py",
        'sort_by=["meter"]',
        'sort_by=["meter"], owners=("me",)',
        "meters_seen.py:13: `owners` must be e-mail addresses or teams",
    ),
    "a lookback of the wrong unit": (
        "trends.py",
        "lookback(days=2)",
        "lookback(hours=2)",
        "trends.py:15: dataset trends: readings: lookback(hours=2) cannot count DailyPartitions",
    ),
    "a lookback of nothing": (
        "trends.py",
        "lookback(days=2)",
        "lookback(days=0)",
        "trends.py:20: lookback(days=0): must be at least 1",
    ),
    "a wrong annotation": (
        "trends.py",
        "readings: duckdb.DuckDBPyRelation)",
        "readings: list)",
        "trends.py:15: parameter `readings` must be annotated with a frame",
    ),
    "an annotation that does not exist": (
        "trends.py",
        "readings: duckdb.DuckDBPyRelation)",
        "readings: duckdb.Relation)",
        "meters/trends.py:23)",
    ),
    "a column without a description": (
        "readings.py",
        'column("Name of the meter")',
        'column("")',
        "readings.py:16: Readings.meter: say what it means",
    ),
    "a column of no Arrow type": (
        "readings.py",
        "meter: String",
        "meter: str",
        "readings.py:16: Readings.meter: annotate it with an Arrow type",
    ),
    "no bucket": (
        "readings.py",
        'hash_buckets("meter", 4)',
        'hash_buckets("meter", 0)',
        "readings.py:21: hash_buckets('meter', 0): at least one bucket is needed",
    ),
    "a source that cannot be": (
        "raw_readings.py",
        "readings/{date}.csv",
        "s3://bucket/{date}.csv",
        "raw_readings.py:16: landed('s3://bucket/{date}.csv'): s3:// is not supported",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_declaration_is_one_error_with_its_place(sandbox: Sandbox, name: str) -> None:
    file, old, new, said = ERRORS[name]
    sandbox.edit(file, old, new)
    _assert_told(sandbox, said)


def test_a_misspelt_input_is_one_error_with_its_place(sandbox: Sandbox) -> None:
    sandbox.write("meters_seen.py", re.sub(r"(\(|\")readings", r"\1readinks", sandbox.files["meters_seen.py"]))
    _assert_told(
        sandbox,
        "meters_seen.py:13: dataset meters_seen reads 'readinks', which is not there. Did you mean 'readings'?",
    )


def test_a_name_used_twice_is_one_error_with_both_places(sandbox: Sandbox) -> None:
    sandbox.write("again.py", AGAIN)
    _assert_told(sandbox, "readings.py:16: dataset readings is declared already, at ")


def test_partitions_that_cannot_be_are_told_with_their_place(sandbox: Sandbox) -> None:
    sandbox.edit("calendar.py", '"2024-03-01"', '"01.03.2024"')
    _assert_told(sandbox, "calendar.py:5: DailyPartitions: '01.03.2024' is no date")


def test_hourly_readers_of_a_daily_column(sandbox: Sandbox) -> None:
    sandbox.write("calendar.py", HOURS)
    _assert_told(sandbox, "readings.py:16: dataset readings: the partition column day of hourly partitions must be")


def _assert_told(sandbox: Sandbox, said: str) -> None:
    for command in ("plan", "run"):
        done = flow(sandbox, command)
        assert (done.code, done.stdout) == (1, "")
        assert said in done.stderr
        assert done.stderr.startswith("flow: ")
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) <= 3
    with pytest.raises(DefinitionError) as caught, sandbox.project() as project:
        build_definitions(project)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("metres", "metres: there is no such module; set FLOW_ASSETS_DATASETS"),
        ("meters.missing", "meters.missing: there is no such module; set FLOW_ASSETS_DATASETS"),
        ("meters/datasets", "FLOW_ASSETS_DATASETS='meters/datasets' is no module's name"),
        ("", "FLOW_ASSETS_DATASETS='' is no module's name"),
        ("json", "json: no dataset is declared in it"),
    ],
)
def test_a_package_that_is_not_there_is_one_error(sandbox: Sandbox, package: str, said: str) -> None:
    done = flow(sandbox, "plan", FLOW_ASSETS_DATASETS=package)
    assert done.code == 1
    assert done.stderr.startswith(f"flow: {said}")
    assert len(done.stderr.splitlines()) == 1


def test_what_a_function_returns_against_its_schema_names_column_file_and_line(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "AS deciwatts", "AS watts")
    (problem,) = [p for p in flow_json(sandbox, "run", "readings")["problems"] if p["partition"] == DAYS[0]]
    assert problem["reason"].startswith("readings does not return deciwatts; Readings declares ")
    assert problem["reason"].endswith(f"It is declared at {sandbox.root}/meters/readings.py:16.")


def flow_json(sandbox: Sandbox, *arguments: str) -> dict[str, list[dict[str, str]]]:
    return sandbox.flow_json(*arguments, check=False)


@pytest.mark.slow
def test_dagsters_own_check_shows_the_error_first(sandbox: Sandbox) -> None:
    sandbox.edit("trends.py", "lookback(days=2)", "lookback(hours=2)")
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-m", "flow_assets.definitions"],
        env=sandbox.environment(),
        cwd=sandbox.root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    told = (done.stdout + done.stderr).partition("Validation failed for code location flow_assets.definitions:")[2]
    first = told.strip().splitlines()[0]
    assert first.startswith(f"flow_assets.errors.DefinitionError: {sandbox.root}/meters/trends.py:15: dataset trends: ")


def test_a_package_in_the_current_folder_is_found(sandbox: Sandbox) -> None:
    """The installed command has no current folder on its path."""
    command = Path(sys.executable).with_name("flow")
    environment = sandbox.environment()
    del environment["PYTHONPATH"]
    done = subprocess.run(
        [command, "plan", "raw_readings"], env=environment, cwd=sandbox.root, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "raw_readings" in done.stdout


def test_an_installed_package_works_and_its_code_is_followed(sandbox: Sandbox, tmp_path: Path) -> None:
    place = tmp_path / "lib" / "site-packages"
    options = {"PYTHONPATH": f"{place}:{Path(__file__).parents[2]}"}
    install(sandbox, place)
    sandbox.write("helpers.py", "raise AssertionError('the copy in the folder is not the one that is installed')")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def run(*arguments: str) -> str:
        environment = sandbox.environment(**options)
        done = subprocess.run(
            sandbox.command(*arguments), env=environment, cwd=elsewhere, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("run", "readings")
    assert "Nothing to do" in run("plan", "readings")
    installed = place / "meters" / "helpers.py"
    installed.write_text(installed.read_text().replace("10", "100"))
    assert "code meters.helpers.scaled -> FACTOR changed" in run("plan", "readings")


def install(sandbox: Sandbox, place: Path) -> None:
    """Install the sandbox's package with pip, not editable, from a wheel."""
    wheel = sandbox.root / "meters-1.0-py3-none-any.whl"
    sandbox.write("helpers.py", sandbox.files["helpers.py"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in sandbox.files.items():
            archive.writestr(f"meters/{name}", text)
        archive.writestr("meters-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: meters\nVersion: 1.0\n")
        archive.writestr("meters-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("meters-1.0.dist-info/RECORD", "")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(place)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, timeout=120)
    assert (place / "meters-1.0.dist-info").is_dir()
