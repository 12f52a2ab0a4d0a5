"""The benchmarks work: the smallest one for real, and what they compare and count is right. No test looks at times."""

import gzip
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
import yaml

from benchmarks import merge_states, report
from benchmarks.floor import compare
from benchmarks.measuring import BenchmarkError, Result, Target, run_process
from benchmarks.scan import require_equal_failures
from benchmarks.subjects import pandera_validation, sales, scanned
from benchmarks.subjects.timed_flow import Stopwatch
from benchmarks.workspace import DATASETS, Deployment, Workspace, copy_datasets
from flow_assets.checks.profile import ColumnProfile, Profile
from flow_assets.declaration import find_datasets, partition_keys

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_floor_writes_the_rows_that_flow_run_publishes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--only", "floor", "--quick", "--repeats", "1"]
    done = subprocess.run(
        [*command, "--results", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not done.stdout
    found = json.loads((tmp_path / "floor.json").read_text())
    assert (found["name"], found["repeats"], found["quick"]) == ("floor", 1, True)
    assert {"cpu", "cores", "memory_gib", "os", "python", "packages"} == set(found["machine"])
    figures = {figure["what"]: figure for figure in found["figures"]}
    rows = figures["rows written, all equal to those of `flow run`"]
    assert (rows["note"], rows["unit"]) == ("13 datasets", "rows")
    assert rows["samples"][0] > 50_000
    assert figures["bare DuckDB script"]["median"] > 0
    assert figures["bare DuckDB script: peak memory"]["median"] > 20
    assert "| bare DuckDB script |" in (tmp_path / "README.md").read_text()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE VIEW raw.numbers AS SELECT unnest([1, 2, 2, NULL]) AS number")
    return path


@pytest.mark.parametrize(
    ("values", "is_equal"),
    [
        ("2, NULL, 1, 2", True),
        ("1, 2, 2, 3", False),
        ("1, 1, 2, NULL", False),
        ("1, 2, 2", False),
        ("1, 2, 2, 2, NULL", False),
    ],
)
def test_rows_are_compared_with_their_numbers_and_without_their_order(
    warehouse: Path, tmp_path: Path, values: str, is_equal: bool
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    duckdb.execute(f"COPY (SELECT unnest([{values}]) AS number) TO '{out / 'numbers.parquet'}'")
    if is_equal:
        assert compare(warehouse, out) == {"numbers": 4}
    else:
        with pytest.raises(BenchmarkError, match=r"raw\.numbers"):
            compare(warehouse, out)


def test_a_dataset_that_flow_does_not_have_is_a_difference(warehouse: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("numbers", "letters"):
        duckdb.execute(f"COPY (SELECT unnest([1, 2, 2, NULL]) AS number) TO '{out / name}.parquet'")
    with pytest.raises(BenchmarkError, match="letters"):
        compare(warehouse, out)


def test_the_measured_datasets_are_a_copy_that_can_be_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = Deployment(tmp_path)
    copy_datasets(deployment.code / DATASETS, date(2013, 1, 11))
    edited = deployment.code / DATASETS / "features" / "weather_at_departure.py"
    before = edited.read_text()
    deployment.edit_a_helper()
    assert edited.read_text() != before
    monkeypatch.syspath_prepend(deployment.code)
    graph = find_datasets(DATASETS)
    assert len(graph.datasets) == 13
    assert list(partition_keys(graph.get("departures").partitions))[-1] == "2013-01-10"


def test_a_landed_file_is_edited_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "data" / "landing" / "flights" / "2013-01-01.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(b"dep_delay,origin,arr_delay\nNA,JFK,NA\n5,EWR,-1\n6,EWR,7\n"))
    Deployment(tmp_path).edit_a_landed_line("2013-01-01")
    lines = gzip.decompress(path.read_bytes()).decode()
    assert lines == "dep_delay,origin,arr_delay\nNA,JFK,NA\n6,EWR,0\n6,EWR,7\n"
    assert path.stat().st_mtime < time.time() - 10


def test_the_stock_event_log_is_had_without_the_line_that_names_ours(tmp_path: Path) -> None:
    home = tmp_path / "data" / "dagster"
    home.mkdir(parents=True)
    settings = {"telemetry": {"enabled": False}, "event_log_storage": {"module": "m", "class": "C"}}
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    Deployment(tmp_path).use_stock_event_log()
    assert yaml.safe_load((home / "dagster.yaml").read_text()) == {"telemetry": {"enabled": False}}


class Log:
    def write(self) -> None:
        time.sleep(0.02)
        self.flush()

    def flush(self) -> None:
        time.sleep(0.01)


def test_a_call_within_a_call_is_not_counted_twice() -> None:
    stopwatch, log = Stopwatch(), Log()
    stopwatch.wrap_class(type("Timed", (Log,), {}))
    assert stopwatch.wrapped
    log = stopwatch.wrapped()
    start = time.perf_counter()
    log.write()
    elapsed = time.perf_counter() - start
    assert 0.03 <= stopwatch.seconds <= elapsed
    assert stopwatch.calls == {"write": 1}


def test_memory_is_that_of_the_process_and_its_children() -> None:
    child = "b = bytearray(150 * 2**20); import time; time.sleep(1.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); print('done')"
    sample = run_process([sys.executable, "-c", parent], {})
    assert 150 < sample.peak_mib < 400
    assert sample.seconds > 1.5 > sample.cpu_seconds > 0
    assert sample.output == "done\n"


def test_a_program_that_fails_is_an_error_with_its_words() -> None:
    with pytest.raises(BenchmarkError, match="no such luck"):
        run_process([sys.executable, "-c", "raise SystemExit('no such luck')"], {})


def test_a_target_that_is_missed_is_seen_in_the_table(tmp_path: Path) -> None:
    result = Result(targets=[Target("a", 8, "at most", 8), Target("b", 99, "at least", 100, "times")])
    result.add("c", "ms", [3, 1.23456, 2])
    report.write(tmp_path, report.to_json("one", "One thing", result, repeats=3, quick=False))
    table = (tmp_path / "README.md").read_text()
    assert "| a | 8 | at most 8 | reached |" in table
    assert "| b | 99 times | at least 100 times | **not reached** |" in table
    assert "| c | 2 ms | 1.235 | 3 |  |" in table
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["README.md", "one.json"]


def test_states_are_merged_to_what_all_rows_say(tmp_path: Path) -> None:
    result = merge_states.measure(Workspace(tmp_path, quick=True), repeats=1)
    (target,) = result.targets
    assert (target.side, target.bound, target.unit) == ("at most", 1, "s")
    figures = {figure.what: figure.value for figure in result.figures}
    assert figures["profile of 50 partitions of 8 columns, merged"] == target.value > 0
    assert 1000 < figures["a partition's states"] < 10_000


@pytest.mark.parametrize("change", [{"count": 1}, {"mean": 1.0}, {"approx_distinct": 5000}, {"quantiles": (4.0,)}])
def test_a_profile_that_differs_from_the_rows_is_an_error(change: dict[str, Any]) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE numbers AS SELECT i AS x FROM range(10_000) t(i)")
        made = ColumnProfile(
            name="x", type="int64", partitions=1, rows=10_000, count=10_000, nan=None, infinite=None, trues=None,
            minimum=0, maximum=9999, total=49995000, mean=4999.5, standard_deviation=2886.8956799,
            approx_distinct=10_200, quantiles=(500.0, 2500.0, 5000.0, 7500.0, 9500.0), categories=(),
            uncategorized=None,
        )  # fmt: skip
        merge_states.require_equal(connection, Profile(1, 10_000, (made,)))
        with pytest.raises(BenchmarkError, match="the profile of x differs"):
            merge_states.require_equal(connection, Profile(1, 10_000, (replace(made, **change),)))


def test_an_interrupted_benchmark_leaves_no_process_behind() -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    measure = f"run_process([sys.executable, '-c', {child!r}], {{}})"
    listen = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # a shell's `&` would have it ignored
    imports = "import signal, sys; from benchmarks.measuring import run_process"
    program = [sys.executable, "-c", f"{imports}; {listen}; {measure}"]
    runner = subprocess.Popen(program, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        started = _wait_for(lambda: _running(runner.pid, "time.sleep(60)"))
        time.sleep(1)  # a signal while a process is being started may still leave it behind
        runner.send_signal(signal.SIGINT)
        assert runner.wait(30) != 0
    finally:
        runner.kill()
        runner.wait()
    _wait_for(lambda: not any(process.is_running() for process in started))


def _running(parent: int, text: str) -> list[psutil.Process]:
    """The children that have got as far as running a program with `text` in its arguments."""
    return [child for child in psutil.Process(parent).children() if any(text in word for word in child.cmdline())]


def _wait_for(condition: Callable[[], Any]) -> Any:
    for _ in range(300):
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to pass in 30 seconds")


def test_each_way_of_checking_the_sales_finds_the_same_failures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sales.parquet"
    sales.write(path, 300_000)
    scanned.main(path, "rules")
    scanned.main(path, "quantiles")
    pandera_validation.main(path)
    rules, quantiles, of_pandera = (json.loads(line)["failed"] for line in capsys.readouterr().out.splitlines())
    assert len(rules) == 11
    assert require_equal_failures({"rules": [rules], "quantiles": [quantiles], "pandera": [of_pandera]}) > 1000


@pytest.mark.parametrize(
    ("other", "message"),
    [({"a": 1, "b": 3}, "pandera and rules find other rows that break b"), ({"a": 1}, "that break b")],
)
def test_ways_that_find_other_failures_are_an_error(other: dict[str, int], message: str) -> None:
    with pytest.raises(BenchmarkError, match=message):
        require_equal_failures({"rules": [{"a": 1, "b": 2}], "pandera": [other]})


def test_a_rule_that_no_row_breaks_compares_nothing() -> None:
    with pytest.raises(BenchmarkError, match="No row breaks b"):
        require_equal_failures({"rules": [{"a": 1, "b": 0}], "pandera": [{"a": 1, "b": 0}]})
