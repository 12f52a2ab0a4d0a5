"""Plain Dagster: the same datasets as `@asset`s, `dagster asset materialize` a day at a time, extrapolated to the year.

The assets are `subjects/plain_assets.py`: the default IO manager, the default executor, and the floor's queries, the
fastest form of them that we know. Five days in June are measured, once each; the datasets without partitions once; and
one of the sixteen carriers. What these days read of earlier ones is laid where the IO manager looks for it, taken from
the floor's files: so the windows are as long as they are in the year. What plain Dagster stored of these days is
compared with the floor's rows. The year is 365 times the median day, 16 times the carrier and once the rest: it is
computed, not measured. A cold `flow run` is measured beside it, at most twice.
"""

import pickle
import sys
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.measuring import BenchmarkError, Result, Sample, Target, run_process
from benchmarks.workspace import Workspace

CARRIERS = 16
MEASURED = [f"2013-06-{day}" for day in range(10, 15)]
MEASURED_WHEN_QUICK = ["2013-01-09"]
COMPARED = ("departures", "aircraft_rotation", "carrier_reliability", "weather_at_departure", "delay_training_set")
_SEEDED = {"departures": "flight_date", "hourly_weather": "weather_date"}
_CARRIER = "UA"


def measure(workspace: Workspace, repeats: int) -> Result:
    """Measure each day once; `repeats` are those of the cold `flow run`, at most two."""
    _, out = workspace.floor()
    home = workspace.new_folder()
    days = MEASURED_WHEN_QUICK if workspace.quick else MEASURED
    plain = _Plain(home, workspace)
    _seed(home / "storage", out, workspace.days, days)
    unpartitioned = plain.materialize("group:once")
    samples = [plain.materialize("group:daily", day) for day in days]
    _compare(home / "storage", out, days)
    _seed(home / "storage", out, workspace.days, [])
    carrier = plain.materialize("group:carriers", _CARRIER)
    flows = [workspace.fresh().flow("run") for _ in range(min(repeats, 2))]
    return _result(len(workspace.days), samples, (unpartitioned, carrier), flows)


class _Plain:
    """The plain project in a home of its own."""

    def __init__(self, home: Path, workspace: Workspace) -> None:
        landing, end = str(workspace.landing), str(workspace.end)
        self._env = {"DAGSTER_HOME": str(home), "PLAIN_LANDING": landing, "PLAIN_END": end}
        (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")

    def materialize(self, selection: str, partition: str | None = None) -> Sample:
        command = [str(Path(sys.executable).with_name("dagster")), "asset", "materialize", "--select", selection]
        command += ["-m", "benchmarks.subjects.plain_assets", *(["--partition", partition] if partition else [])]
        return run_process(command, self._env)


def _seed(storage: Path, out: Path, days: list[str], left_out: list[str]) -> None:
    """Lay the partitions of all other days where the default IO manager would have stored them."""
    for name, key in _SEEDED.items():
        (storage / name).mkdir(parents=True, exist_ok=True)
        for day in days:
            path = storage / name / day
            if day not in left_out and not path.exists():
                path.write_bytes(pickle.dumps(_floor_table(out, name, key, day)))


def _floor_table(out: Path, name: str, key: str, day: str) -> pa.Table:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        files = out / name / f"{key}={day}" / "*.parquet"
        if not list(files.parent.glob(files.name)):
            files = out / name / "*" / "*.parquet"
        where = f"WHERE {key} = DATE '{day}'"
        return connection.sql(f"FROM read_parquet('{files}', hive_partitioning = false) {where}").to_arrow_table()


def _compare(storage: Path, out: Path, days: list[str]) -> None:
    """The rows that plain Dagster stored must be the floor's.

    Raises:
        BenchmarkError: they differ.
    """
    for name in COMPARED:
        for day in days:
            stored = pickle.loads((storage / name / day).read_bytes())
            differing = _differing(stored, _floor_table(out, name, "flight_date", day))
            if differing or not len(stored):
                raise BenchmarkError(f"{name} {day}: {differing} of {len(stored)} rows of plain Dagster differ.")


def _differing(stored: pa.Table, floor: pa.Table) -> int:
    with duckdb.connect() as connection:
        connection.register("stored", stored)
        connection.register("floor", floor.select(stored.column_names))
        either = "(FROM stored EXCEPT ALL FROM floor) UNION ALL (FROM floor EXCEPT ALL FROM stored)"
        return int(connection.execute(f"SELECT count(*) FROM ({either})").fetchall()[0][0])


def _result(days: int, samples: list[Sample], others: tuple[Sample, Sample], flows: list[Sample]) -> Result:
    result = Result()
    unpartitioned, carrier = others
    day = result.add_runs("plain Dagster, a day", samples, "nine datasets; each day once")
    result.add_runs("plain Dagster, the three without partitions", [unpartitioned])
    result.add_runs("plain Dagster, a carrier", [carrier], "reads all days of `departures`")
    year = days * day.value + CARRIERS * carrier.seconds + unpartitioned.seconds
    note = f"not measured but computed: {days} times a day, {CARRIERS} times a carrier, and the three"
    result.add("plain Dagster, the year", "s", [year], note)
    flow = result.add_runs("cold `flow run`", flows)
    ratio = result.add("plain Dagster over cold `flow run`, the year", "times", [year / flow.value])
    result.targets.append(Target("the year, faster than plain Dagster", ratio.value, "at least", 100, "times"))
    return result
