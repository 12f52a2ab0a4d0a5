"""A drip that goes on, and real places that are told of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flow_assets_tests.automation.alerting.alertmanager import Alertmanager, alertmanager
from flow_assets_tests.automation.alerting.webhook import Webhook, webhook
from flow_assets_tests.lived.life import Life, begin, roomy_machine


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, hook: Webhook) -> Iterator[Alertmanager]:
    with alertmanager(tmp_path, hook.port) as made:
        yield made


@pytest.fixture(scope="session")
def dripping(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Change only copies."""
    return begin(tmp_path_factory.mktemp("dripping"))


@pytest.fixture
def life(dripping: Life, tmp_path: Path, hook: Webhook, server: Alertmanager) -> Iterator[Life]:
    """One of one's own, of which nothing was ever told."""
    with roomy_machine():
        yield dripping.copied(tmp_path, hook, server)
