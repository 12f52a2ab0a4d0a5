from pathlib import Path

import pytest
from sqlalchemy import Engine

from flow_assets.declaration import DatasetGraph
from flow_assets.ledger import open_database
from flow_assets.ledger.alerts import Alerts
from flow_assets_tests.automation.alerting.webhook import Webhook, webhook
from flow_assets_tests.sandbox import Sandbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def engine(path: Path) -> Engine:
    return open_database(path)


@pytest.fixture
def alerts(engine: Engine) -> Alerts:
    return Alerts(engine, "local", {"readings": ("team:meters",)})


@pytest.fixture
def hook() -> Webhook:
    with webhook() as made:
        yield made


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> DatasetGraph:
    """The sandbox's datasets, of which one has owners and two have a layer of their own."""
    made = Sandbox(tmp_path_factory.mktemp("routed"), package="routed_meters")
    for name, text in list(made.files.items()):
        text = text.replace("from meters.", "from routed_meters.")
        if name == "trends.py":
            text = text.replace("@dataset(", '@dataset(owners=("team:meters", "eve@example.com"), ')
        made.write(name, text)
    with made.project() as project:
        return project.graph
