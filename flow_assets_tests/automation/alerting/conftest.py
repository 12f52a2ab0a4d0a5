from pathlib import Path

import pytest
from sqlalchemy import Engine

from flow_assets.ledger import open_database
from flow_assets.ledger.alerts import Alerts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def engine(path: Path) -> Engine:
    return open_database(path)


@pytest.fixture
def alerts(engine: Engine) -> Alerts:
    return Alerts(engine, "local", {"readings": ("team:meters",)})
