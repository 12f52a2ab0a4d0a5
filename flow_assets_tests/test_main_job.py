"""The main job, as `make run` does it: the real year through the real commands, and what changes afterwards."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flow_assets.declaration import find_datasets

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
DAY = "2013-06-15"
LAYERED_ROWS = {
    "raw_flights": 336_776,
    "raw_weather": 26_115,
    "raw_planes": 3_322,
    "raw_airports": 1_458,
    "raw_airlines": 16,
    "departures": 336_776,
    "hourly_weather": 26_115,
    "carrier_history": 336_776,
    "airport_congestion": 336_776,
    "carrier_reliability": 5_840,
    "aircraft_rotation": 336_776,
    "weather_at_departure": 336_776,
    "delay_training_set": 327_346,
}


class Deployment:
    """A data folder, and the real command on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.flights = data / "landing" / "flights" / f"{DAY}.csv.gz"

    def flow(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-X", "importtime", "-c", "from flow_assets.cli import main; main()", *arguments],
            env={**os.environ, "FLOW_ASSETS_DATA": str(self.data), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=900,
        )

    def json(self, *arguments: str) -> Any:
        done = self.flow(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        return json.loads(done.stdout)

    def computed_now(self) -> list[str]:
        """Run, and return what the history has gained, as `dataset partition`."""
        before = self._computed()
        self.json("run")
        return sorted(set(self._computed()) - set(before))

    def _computed(self) -> list[str]:
        with sqlite3.connect(self.data / "ledger.sqlite") as connection:
            rows = connection.execute("SELECT id, dataset, partition FROM history WHERE change = 'computed'")
            return [f"{dataset} {partition} #{number}" for number, dataset, partition in rows]

    def edit_lines(self, edit: Any) -> None:
        """Land the day again with its first line of data changed."""
        lines = gzip.decompress(self.flights.read_bytes()).decode().splitlines()
        lines[1] = ",".join(edit(dict(zip(lines[0].split(","), lines[1].split(","), strict=True))).values())
        self.flights.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Deployment, dict[str, Any]]:
    deployment = Deployment(tmp_path_factory.mktemp("year"))
    deployment.json("land")
    return deployment, deployment.json("run")


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


def test_the_warehouse_has_a_view_a_dataset(year: tuple[Deployment, dict[str, Any]]) -> None:
    deployment, _ = year
    layers = {d.name: d.layer for d in find_datasets("flow_assets.datasets").datasets.values()}
    counts = " UNION ALL ".join(
        f"SELECT '{n}' AS name, count(*) AS rows FROM {layer}.{n}" for n, layer in layers.items()
    )
    assert {row["name"]: row["rows"] for row in deployment.json("query", counts)} == LAYERED_ROWS


def test_a_column_dropped_downstream_stops_there(year: tuple[Deployment, dict[str, Any]]) -> None:
    deployment, _ = year
    deployment.edit_lines(lambda line: {**line, "arr_time": "1234"})
    computed = [name.rpartition(" #")[0] for name in deployment.computed_now()]
    assert computed == [f"departures {DAY}", f"raw_flights {DAY}"]


def test_a_changed_day_computes_exactly_what_reads_it(year: tuple[Deployment, dict[str, Any]]) -> None:
    deployment, _ = year
    deployment.edit_lines(lambda line: {**line, "arr_delay": str(int(line["arr_delay"]) + 60)})
    computed = [name.rpartition(" #")[0].split(" ") for name in deployment.computed_now()]
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
