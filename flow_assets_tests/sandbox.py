"""A small deployment of its own: a package of datasets as text, a landing folder, a store, a ledger.

The datasets are few and their days short, so that a test can say what must happen to each partition. `run` carries a
plan out in this process and without Dagster; `flow` is the real command in a process of its own, with it.
"""

import functools
import importlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from flow_assets import load
from flow_assets.lake import Blob
from flow_assets.materialization.loaded import LoadedDataset
from flow_assets.materialization.materializer import Materializer
from flow_assets.materialization.outcomes import Outcome
from flow_assets.materialization.project import Project
from flow_assets.materialization.requests import Request, plan_scope
from flow_assets.materialization.run import Run
from flow_assets.materialization.selection import select
from flow_assets.materialization.summary import RunSummary
from flow_assets.memo.explain import Explainer
from flow_assets.memo.planner import Wishes
from flow_assets.settings import Settings

MAIN = "from flow_assets.cli import main; main()"
DAYS = ("2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04", "2024-03-05")

METERS = Path(__file__).parent / "meters"
DATASETS = {path.name: path.read_text() for path in sorted(METERS.glob("*.py"))}
"""The package `meters`: raw_readings -> readings -> trends (three days), meters_seen (all days)."""


@dataclass
class Sandbox:
    """One deployment under a temporary folder; see the module."""

    root: Path
    package: str = "meters"
    files: dict[str, str] = field(default_factory=lambda: dict(DATASETS))
    options: dict[str, Any] = field(default_factory=dict)
    launches: int = 0
    run_id: str = "test"
    on_launch: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        for name, text in self.files.items():
            self.write(name, text)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def settings(self) -> Settings:
        return Settings(**{"data": self.data, "datasets": self.package, "settle_seconds": 0, **self.options})

    def write(self, name: str, text: str) -> None:
        """Write a module of the package."""
        path = self.root / self.package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        # Bytecode counts as current if its source has the same size and was written in the same second.
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        self.files[name] = text

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text of a module, which must be there."""
        assert old in self.files[name], f"{old!r} is not in {name}"
        self.write(name, self.files[name].replace(old, new))

    def land(self, day: str, lines: str | bytes | None = None) -> Path:
        """Land a file for `day`: three meters by default."""
        number = int(day[-2:])
        text = lines if lines is not None else f"meter,watts,note\na,{number},x\nb,{number * 2},\nc,,y\n"
        path = self.data / "landing" / "readings" / f"{day}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def land_all(self) -> None:
        for day in DAYS:
            self.land(day)

    @contextmanager
    def project(self) -> Iterator[Project]:
        """The project, with its modules imported anew."""
        with self._importable():
            yield Project.open(self.settings)

    @contextmanager
    def _importable(self) -> Iterator[None]:
        self._forget_modules()
        sys.path.insert(0, str(self.root))
        try:
            yield
        finally:
            sys.path.remove(str(self.root))
            self._forget_modules()

    def run(
        self, *names: str, partitions: str | None = None, force: Sequence[str] = (), retry: bool = False
    ) -> RunSummary:
        """Carry out the plan in this process, without Dagster; `force` names datasets."""
        with self.project() as project:
            scope = select(project.graph, names, partitions)
            forced = frozenset((name, p) for name in force for p in scope[name])
            run = Run(project, scope, Wishes(forced, retry=retry))

            def launcher(request: Request, forced_names: Sequence[str]) -> None:
                self.launches += 1
                self.on_launch()
                wishes = Wishes(frozenset((n, p) for n in forced_names for p in request.partitions), retry=retry)
                for outcome in materialize(project, request, wishes, self.run_id):
                    run.listen(outcome)

            summary = run.carry_out(launcher, lambda entries: None)
            self.last_outcomes = dict(run.outcomes)
            return summary

    def computed(self, *names: str, **options: Any) -> set[str]:
        """Run, and return what was computed, each as `dataset partition`."""
        self.run(*names, **options)
        return {f"{d} {p}".strip() for (d, p), o in self.last_outcomes.items() if o.status.value == "computed"}

    def plan(self, *names: str, partitions: str | None = None, retry: bool = False) -> dict[str, tuple[str, str]]:
        """`dataset partition` to action and reason."""
        with self.project() as project:
            scope = select(project.graph, names, partitions)
            planner = project.planner([project.graph.get(name) for name in scope], Wishes(retry=retry))
            entries, explainer = plan_scope(planner, scope), Explainer(planner)
            return {f"{e.dataset} {e.partition}".strip(): (e.action.value, explainer.reason(e)) for e in entries}

    def work(self, *names: str, **options: Any) -> dict[str, tuple[str, str]]:
        """The plan without what is reused."""
        return {name: said for name, said in self.plan(*names, **options).items() if said[0] != "reuse"}

    def blobs(self, dataset: str, partition: str = "") -> list[Path]:
        """The published files of one partition."""
        with self.project() as project:
            held = project.holdings.current(dataset, [partition])[partition]
            return [project.store.local_path(blob.split(" ")[0]) for blob in held.blobs.split(";")]

    def problems(self, summary: RunSummary) -> dict[str, tuple[str, str]]:
        """`dataset partition` to how it ended and why, for what is not what it should be."""
        return {f"{p.dataset} {p.partition}".strip(): (p.status.value, p.reason) for p in summary.problems}

    def rows(self, dataset: str, partition: str = "") -> list[dict[str, Any]]:
        """The published rows of one partition, in the order they are stored."""
        with self.project() as project:
            held = project.holdings.current(dataset, [partition])[partition]
            paths = [str(project.store.local_path(Blob.parse(blob).hash)) for blob in held.blobs.split(";")]
        with _duckdb().cursor() as connection:
            return connection.read_parquet(paths).to_arrow_table().to_pylist()

    def load(self, name: str = "readings", **options: Any) -> LoadedDataset:
        """What the public loader gives, here."""
        with self._importable():
            return load(name, **{"settings": self.settings, "quiet": True, **options})

    def flow(
        self, *arguments: str, check: bool = True, python: str = MAIN, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The real command, in a process of its own that runs the statements `python`."""
        done = subprocess.run(
            [sys.executable, "-c", python, *arguments],
            env=self.environment(**environment),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert not check or done.returncode == 0, f"{done.returncode}: {done.stdout}\n{done.stderr}"
        return done

    def flow_json(self, *arguments: str, check: bool = True) -> Any:
        return json.loads(self.flow(*arguments, "--json", check=check).stdout)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", MAIN, *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        paths = os.pathsep.join([str(self.root), str(Path(__file__).parents[1])])
        return {
            **os.environ,
            "PYTHONPATH": paths,
            "FLOW_ASSETS_DATA": str(self.data),
            "FLOW_ASSETS_DATASETS": self.package,
            "FLOW_ASSETS_SETTLE_SECONDS": "0",
            **more,
        }

    def _forget_modules(self) -> None:
        for name in [m for m in sys.modules if m == self.package or m.startswith(f"{self.package}.")]:
            del sys.modules[name]
        importlib.invalidate_caches()


def materialize(project: Project, request: Request, wishes: Wishes, run_id: str = "test") -> Iterator[Outcome]:
    """Carry out one request in this process, as a Dagster run does."""
    with _duckdb().cursor() as connection, project.claims() as claims:
        planner = project.planner([project.graph.get(name) for name in request.datasets], wishes)
        materializer = Materializer(project, planner, connection, claims, run_id)
        for name in request.datasets:
            yield from materializer.materialize(project.graph.get(name), request.partitions)


@functools.cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """One database for all runs: opening and closing one takes as long as computing five days."""
    return duckdb.connect()
