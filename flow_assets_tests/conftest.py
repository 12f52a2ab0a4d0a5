"""Fixtures for all rooms."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

from flow_assets_tests.sandbox import Sandbox
from flow_assets_tests.year import Deployment

settings.register_profile("unhurried", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("unhurried")


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A small deployment whose five days have landed."""
    made = Sandbox(tmp_path)
    made.land_all()
    return made


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The sandbox after a first run; look at it, and change only copies."""
    made = Sandbox(tmp_path_factory.mktemp("finished"))
    made.land_all()
    made.run()
    return made


@pytest.fixture
def done(finished: Sandbox, tmp_path: Path) -> Sandbox:
    """A sandbox of one's own after a first run."""
    shutil.copytree(finished.data, tmp_path / "data")
    return Sandbox(tmp_path)


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Deployment, dict[str, Any]]:
    """The real year after a first run, and what that run reported; change only copies. Workers share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "year"
    report = folder / "report.json"
    made = Deployment(folder / "data")
    with FileLock(f"{folder}.lock"):
        if not report.exists():
            made.json("land")
            report.write_text(json.dumps(made.json("run")))
    return made, json.loads(report.read_text())
