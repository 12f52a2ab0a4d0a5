"""Whose an alert is, as those are told to whom it is delivered."""

import json
import time

import pytest

from flow_assets.ledger import open_database
from flow_assets.ledger.alerts import Alerts
from flow_assets_tests.forked import flow
from flow_assets_tests.ledger.found import finding
from flow_assets_tests.sandbox import Sandbox

OWNER = "team:meters, ann@example.org"


@pytest.fixture
def owned(sandbox: Sandbox) -> Sandbox:
    """Somebody owns `readings`, and nobody the deployment; something is off with both."""
    owners = 'owners=("team:meters", "ann@example.org"), sort_by='
    sandbox.write("readings.py", sandbox.files["readings.py"].replace("sort_by=", owners, 1))
    found = [finding(watch="durations"), finding("", key="", watch="durations")]
    Alerts(open_database(sandbox.settings.ledger), "local").observe("durations", found, time.time())
    return sandbox


def owners(sandbox: Sandbox, *command: str) -> list[str | None]:
    done = flow(sandbox, "alerts", *command, "--json")
    assert (done.code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    return [alert["owner"] for alert in told.get("alerts", [told])]


def test_whatever_watch_found_it(owned: Sandbox) -> None:
    assert owners(owned, "list") == [None, OWNER]
    assert owners(owned, "show", "1") == owners(owned, "ack", "1") == [OWNER]
    assert f"  readings  {OWNER}  " in flow(owned, "alerts").stdout
    assert f"\ndataset: readings\nowner: {OWNER}\n" in flow(owned, "alerts", "show", "1").stdout
    assert "owner:" not in flow(owned, "alerts", "show", "2").stdout


@pytest.mark.parametrize("text", ["def broken(:", "1 / 0", "raise SystemExit(3)"])
def test_alerts_are_seen_while_the_code_does_not_load(owned: Sandbox, text: str) -> None:
    owned.write("trends.py", text)
    assert owners(owned, "list") == [None, None]
    assert owners(owned, "show", "1") == [None]
    for command in ("list", "show 1", "ack 1 --json", "silence 1 --for 1h --json"):
        assert flow(owned, "alerts", *command.split()).code == 0
