import shutil
from pathlib import Path

import pytest

from flow_assets_tests.sandbox import Sandbox


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A deployment of which everything was computed by the real command, through Dagster; not to be changed."""
    made = Sandbox(tmp_path_factory.mktemp("original"))
    made.land_all()
    assert made.flow_json("run")["computed"] == 16
    return made


@pytest.fixture
def computed(original: Sandbox, tmp_path: Path) -> Sandbox:
    """A copy of `original`, to be changed."""
    root = tmp_path / "deployment"
    shutil.copytree(original.root, root)
    return Sandbox(root)
