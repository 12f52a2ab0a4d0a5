"""The real year as `make run` computes it, through the real commands."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DAY = "2013-06-15"


class Deployment:
    """A data folder, and the real command on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.flights = data / "landing" / "flights" / f"{DAY}.csv.gz"

    def flow(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-X", "importtime", Path(sys.executable).with_name("flow"), *arguments],
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
        lines = self._lines()
        lines[1] = ",".join(edit(dict(zip(lines[0].split(","), lines[1].split(","), strict=True))).values())
        self._land(lines)

    def swap_lines(self) -> None:
        """Land the day again with its first two lines of data in the other order."""
        header, first, second, *others = self._lines()
        self._land([header, second, first, *others])

    def _lines(self) -> list[str]:
        return gzip.decompress(self.flights.read_bytes()).decode().splitlines()

    def _land(self, lines: list[str]) -> None:
        self.flights.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
