"""The main job, as `make run` does it: the real year through the real commands, and what changes afterwards."""

import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest

from flow_assets.declaration import find_datasets
from flow_assets_tests.year import DAY, ROOT, Deployment

pytestmark = pytest.mark.slow

LAYERED_ROWS = {
    "raw_flights": 336_776,
    "raw_weather": 26_115,
    "raw_planes": 3_322,
    "raw_airports": 1_458,
    "raw_airlines": 16,
    "departures": 336_776,
    "hourly_weather": 26_114,
    "carrier_history": 336_776,
    "airport_congestion": 336_776,
    "carrier_reliability": 5_840,
    "aircraft_rotation": 336_776,
    "weather_at_departure": 336_776,
    "delay_training_set": 327_346,
}


@pytest.fixture(scope="module")
def changing(year: tuple[Deployment, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A copy of the year, whose landed files may be changed."""
    copy = tmp_path_factory.mktemp("changing") / "data"
    shutil.copytree(year[0].data, copy)
    return Deployment(copy)


def test_the_year_is_computed_and_two_partitions_wait(year: tuple[Deployment, dict[str, Any]]) -> None:
    _, summary = year
    assert {name: of["rows"] for name, of in summary["datasets"].items()} == LAYERED_ROWS
    counts = {name: summary[name] for name in ("computed", "reused", "restored", "failed", "held", "waiting")}
    assert counts == {"computed": 3_302, "reused": 0, "restored": 0, "failed": 0, "held": 0, "waiting": 2}
    waiting = [(p["dataset"], p["partition"], p["status"]) for p in summary["problems"]]
    assert waiting == [("raw_weather", "2013-12-31", "waiting"), ("hourly_weather", "2013-12-31", "waiting")]


def test_run_again_it_finds_nothing_to_do_and_leaves_dagster_alone(year: tuple[Deployment, dict[str, Any]]) -> None:
    deployment, _ = year
    runs = len(list((deployment.data / "dagster" / "history" / "runs").glob("*.db")))
    done = deployment.flow("run", "--json")
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["computed"], summary["reused"], summary["waiting"]) == (0, 0, 3_302, 2)
    assert " flow_assets.memo.planner" in done.stderr
    assert " dagster\n" not in done.stderr
    assert len(list((deployment.data / "dagster" / "history" / "runs").glob("*.db"))) == runs


def test_the_readme_s_rows_can_be_loaded(year: tuple[Deployment, dict[str, Any]]) -> None:
    (code,) = re.findall(r"```python\n(import flow_assets\n.*?)```", (ROOT / "README.md").read_text(), re.S)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}assert len(frame) > 180_000"],
        env={**os.environ, "FLOW_ASSETS_DATA": str(year[0].data), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"[0-9a-f]{12}\n", done.stdout)


def test_the_warehouse_has_a_view_a_dataset(year: tuple[Deployment, dict[str, Any]]) -> None:
    deployment, _ = year
    layers = {d.name: d.layer for d in find_datasets("flow_assets.datasets").datasets.values()}
    counts = " UNION ALL ".join(
        f"SELECT '{n}' AS name, count(*) AS rows FROM {layer}.{n}" for n, layer in layers.items()
    )
    assert {row["name"]: row["rows"] for row in deployment.json("query", counts)} == LAYERED_ROWS


def test_what_is_dropped_downstream_stops_there(changing: Deployment) -> None:
    changing.swap_lines()  # a line's number goes no further
    computed = [name.rpartition(" #")[0] for name in changing.computed_now()]
    assert computed == [f"departures {DAY}", f"raw_flights {DAY}"]


def an_hour_later(line: dict[str, str]) -> dict[str, str]:
    """A flight that arrived an hour later, by its delay and by the clock."""
    hour, minute = divmod(int(line["arr_time"]), 100)
    arrived = f"{(hour + 1) % 24 or 24}{minute:02}"
    return {**line, "arr_delay": str(int(line["arr_delay"]) + 60), "arr_time": arrived}


def test_a_changed_day_computes_exactly_what_reads_it(changing: Deployment) -> None:
    changing.edit_lines(an_hour_later)
    computed = [name.rpartition(" #")[0].split(" ") for name in changing.computed_now()]
    by_dataset: dict[str, list[str]] = {}
    for name, partition in computed:
        by_dataset.setdefault(name, []).append(partition)
    the_28_days_after = [f"2013-06-{day}" for day in range(16, 31)] + [f"2013-07-{day:02}" for day in range(1, 14)]
    assert by_dataset["raw_flights"] == by_dataset["departures"] == [DAY]
    assert by_dataset["aircraft_rotation"] == [DAY, "2013-06-16"]
    assert by_dataset["carrier_reliability"] == the_28_days_after
    assert len(by_dataset["carrier_history"]) == 16
    assert set(by_dataset["delay_training_set"]) <= {DAY, *the_28_days_after}
    assert set(by_dataset) == {
        "raw_flights",
        "departures",
        "aircraft_rotation",
        "airport_congestion",
        "carrier_history",
        "carrier_reliability",
        "weather_at_departure",
        "delay_training_set",
    }
