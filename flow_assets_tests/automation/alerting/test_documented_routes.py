import re
from pathlib import Path

import pytest

from flow_assets.automation.alerting.hiding import variables
from flow_assets.automation.alerting.route_file import DestinationEntry, RouteEntry
from flow_assets.automation.alerting.routes import WATCHES, Routes
from flow_assets.declaration import find_datasets
from flow_assets.ledger.findings import AlertSeverity
from flow_assets_tests.automation.alerting.alerts import alert

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "alert-routes.yaml"
PAGE = (ROOT / "docs" / "alert-routes.md").read_text()
ENVIRONMENT = {
    "SLACK_TOKEN": "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "SMTP_PASSWORD": "p@ss/word",
    "PAGERDUTY_KEY": "an-integration-key",
    "PAGERDUTY_TOKEN": "an-api-token",
    "ALERTMANAGER_PASSWORD": "another",
}


@pytest.fixture(scope="module")
def routes() -> Routes:
    return Routes.load(EXAMPLE, find_datasets("flow_assets.datasets"), environment=ENVIRONMENT)


def test_the_page_shows_the_example() -> None:
    assert re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) == [EXAMPLE.read_text()]
    assert set(variables(EXAMPLE.read_text())) == set(ENVIRONMENT)


@pytest.mark.parametrize(
    ("dataset", "watch", "severity", "names"),
    [
        ("delay_training_set", "quality", AlertSeverity.CRITICAL, ["operations", "pager", "team"]),
        ("delay_training_set", "quality", AlertSeverity.WARNING, ["operations", "team"]),
        ("raw_flights", "freshness", AlertSeverity.WARNING, ["operations", "mail"]),
        ("raw_flights", "durations", AlertSeverity.INFO, ["operations"]),
        ("", "resources", AlertSeverity.CRITICAL, ["operations", "team"]),
    ],
)
def test_the_example_does_what_it_says(
    routes: Routes, dataset: str, watch: str, severity: AlertSeverity, names: list[str]
) -> None:
    found = routes.destinations(alert(dataset=dataset, watch=watch, severity=severity))
    assert [place.name for place in found] == names


def test_every_key_is_on_the_page() -> None:
    keys = [field.alias or name for part in (DestinationEntry, RouteEntry) for name, field in part.model_fields.items()]
    assert not [key for key in keys if f"`{key}`" not in PAGE]
    assert not [watch for watch in WATCHES if f"`{watch}`" not in PAGE]
