from pathlib import Path

import pytest
from sqlalchemy import Engine

from flow_assets.ledger import open_database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def engine(path: Path) -> Engine:
    return open_database(path)
