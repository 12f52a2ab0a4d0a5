"""What somebody sees who tries the routes, by the commands' own functions; `flow alerts` is made of them."""

import calendar
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from flow_assets.automation.alerting.rehearsal import LASTS_SECONDS
from flow_assets.cli import alerts_routes, alerts_test
from flow_assets_tests.automation.alerting.alertmanager import Alertmanager, alertmanager
from flow_assets_tests.automation.alerting.webhook import Webhook
from flow_assets_tests.sandbox import Sandbox

ROUTES = """\
destinations:
  good: {{apprise: "json://127.0.0.1:{port}/${{TOKEN}}"}}
  bad: {{apprise: "json://127.0.0.1:{port}/${{TOKEN}}"}}
  unused: {{alertmanager: "http://127.0.0.1:{manager}"}}
routes:
  - {{to: bad, datasets: readings, watches: quality}}
  - {{to: good, severity_at_least: warning}}
"""


@pytest.fixture
def commands() -> typer.Typer:
    app = typer.Typer()
    for command in (alerts_test, alerts_routes):
        app.command(name=command.NAME, help=command.__doc__)(command.command)
    return app


@pytest.fixture
def routed(tmp_path: Path, hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A deployment whose routes lead to `hook`."""
    sandbox = Sandbox(tmp_path, package="rehearsed")
    for name, text in list(sandbox.files.items()):
        sandbox.write(name, text.replace("from meters.", "from rehearsed."))
    path = tmp_path / "routes.yaml"
    path.write_text(ROUTES.format(port=hook.port, manager=1))
    monkeypatch.setenv("FLOW_ASSETS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FLOW_ASSETS_DATASETS", "rehearsed")
    monkeypatch.setenv("FLOW_ASSETS_ALERT_ROUTES", str(path))
    monkeypatch.setenv("TOKEN", "s3cr3t-Token")
    with sandbox.project():
        yield path


def run(commands: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)


def test_each_destination_says_how_it_went(commands: typer.Typer, routed: Path, hook: Webhook) -> None:
    hook.statuses = [200, 404]
    done = run(commands, "test", "--to", "good", "--to", "bad", "--severity", "critical")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "good (json): ok",
        "bad (json): failed, and will again: Failed to send JSON POST notification: Page not found., error=404.",
    ]
    first, second = hook.bodies
    assert first == second
    assert first["title"] == "CRITICAL: Test message: nothing is wrong"
    assert first["attachments"]
    assert "s3cr3t" not in done.output


def test_all_of_them_by_default(commands: typer.Typer, routed: Path, hook: Webhook) -> None:
    done = run(commands, "test")
    assert done.exit_code == 1
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        "good (json)",
        "bad (json)",
        "unused (alertmanager)",
    ]
    assert "failed: Alertmanager cannot be reached" in done.stdout


def test_where_all_took_it_all_is_well(commands: typer.Typer, routed: Path) -> None:
    assert run(commands, "test", "--to", "good").exit_code == 0


def test_a_dry_run_sends_nothing(commands: typer.Typer, routed: Path, hook: Webhook) -> None:
    done = run(commands, "test", "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.startswith(
        "WARNING: Test message: nothing is wrong\n\nSomebody tries whether alerts arrive here."
    )
    assert done.stdout.endswith("would go to good (json)\nwould go to bad (json)\nwould go to unused (alertmanager)\n")
    assert hook.requests == []


def test_scripts_are_told_the_message_and_who_took_it(commands: typer.Typer, routed: Path, hook: Webhook) -> None:
    hook.statuses = [200, 404]
    done = run(commands, "test", "--to", "good", "--to", "bad", "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["message"]["title"] == "WARNING: Test message: nothing is wrong"
    good, bad = told["destinations"]
    assert good == {"name": "good", "kind": "json", "is_sent": True, "is_permanent": False, "error": None}
    assert (bad["name"], bad["is_sent"], bad["is_permanent"]) == ("bad", False, True)
    assert bad["error"].endswith("error=404.")
    dry = run(commands, "test", "--to", "bad", "--dry-run", "--json")
    assert dry.exit_code == 0
    assert json.loads(dry.stdout)["destinations"] == [
        {"name": "bad", "kind": "json", "is_sent": None, "is_permanent": None, "error": None}
    ]
    assert len(hook.requests) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "nobody"), "There is no destination nobody; there are good, bad, unused."),
        (("--severity", "bad"), "--severity bad: there are info, warning, critical."),
    ],
)
def test_what_there_is_not(commands: typer.Typer, routed: Path, arguments: tuple[str, ...], said: str) -> None:
    assert str(run(commands, "test", *arguments).exception) == said


def test_without_a_file_there_is_nobody_to_tell(
    commands: typer.Typer, routed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLOW_ASSETS_ALERT_ROUTES")
    assert str(run(commands, "test").exception).startswith("There is no destination yet: name a file of routes")
    assert "only kept in the ledger" in run(commands, "routes").stdout


def test_which_alert_would_go_where(commands: typer.Typer, routed: Path) -> None:
    done = run(commands, "routes")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["Where", "alerts", "go"],
        ["dataset", "watches", "info", "warning", "critical"],
        ["raw_readings", "all", "·", "good", "good"],
        ["readings", "freshness,", "durations,", "failures,", "resources,", "watching", "·", "good", "good"],
        ["readings", "quality", "bad", "bad", "bad"],
        ["meters_seen", "all", "·", "good", "good"],
        ["trends", "all", "·", "good", "good"],
        ["(none)", "all", "·", "good", "good"],
        [],
        [
            "Destinations:",
            "good",
            "(json),",
            "bad",
            "(json),",
            "unused",
            "(alertmanager).",
            "Try",
            "them:",
            "flow",
            "alerts",
            "test",
        ],
        ["No", "route", "leads", "to", "unused."],
    ]


def test_of_one_dataset_as_json(commands: typer.Typer, routed: Path) -> None:
    said = json.loads(run(commands, "routes", "trends", "--json").stdout)
    assert said["destinations"]["unused"] == {"kind": "alertmanager"}
    (only,) = said["alerts"]
    assert (only["dataset"], only["to"]) == ("trends", {"info": [], "warning": ["good"], "critical": ["good"]})
    assert str(run(commands, "routes", "trend").exception).startswith("There is no dataset 'trend'.")


def test_a_real_alertmanager_takes_it_and_lets_it_go(
    commands: typer.Typer, routed: Path, hook: Webhook, tmp_path: Path
) -> None:
    with alertmanager(tmp_path, hook.port) as server:
        routed.write_text(ROUTES.format(port=hook.port, manager=server.port))
        done = run(commands, "test", "--to", "unused")
        assert done.stdout == "unused (alertmanager): ok\n"
        assert _seconds_left(server) <= LASTS_SECONDS


def _seconds_left(server: Alertmanager) -> float:
    (active,) = server.alerts()
    assert active["annotations"]["summary"] == "Test message: nothing is wrong"
    ends = time.strptime(active["endsAt"][:19], "%Y-%m-%dT%H:%M:%S")
    return calendar.timegm(ends) - time.time()
