"""A project whose ledger is real and empty, and what writes weeks of runs into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flow_assets.materialization.project import Project
from flow_assets_tests.insight.watch.ledger_history import History
from flow_assets_tests.sandbox import Sandbox


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Sandbox(tmp_path).project() as opened:
        yield opened


@pytest.fixture
def history(project: Project) -> History:
    return History(project)
