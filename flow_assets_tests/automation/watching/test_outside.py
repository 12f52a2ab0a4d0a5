"""A look from outside: at what no sensor can tell."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from dagster._daemon.types import DaemonHeartbeat

from flow_assets.automation.watching import looking
from flow_assets.automation.watching.looking import Look
from flow_assets.automation.watching.outside import look_from_outside
from flow_assets.errors import StoreError
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin import open_instance
from flow_assets.settings import Settings
from flow_assets_tests.automation.watching.kept import Kept
from flow_assets_tests.sandbox import DAYS, Sandbox

NOW = datetime.now(UTC)
CODE = ("watching", "code does not load")


def looks(sandbox: Sandbox, kept: Kept | None = None, load: Callable[[Settings], Project] = Project.open) -> list[Look]:
    def opened(engine: Any, environment: str, owners: object) -> Kept:
        assert engine.url.database == str(sandbox.settings.ledger)
        assert environment == "local"
        assert kept is not None
        return kept

    with sandbox._importable():
        return look_from_outside(sandbox.settings, load, NOW, opened if kept else None)


def test_before_dagster_was_ever_started_all_watches_look(sandbox: Sandbox) -> None:
    kept = Kept()
    assert [look.findings for look in looks(sandbox, kept)] == [[]] * (1 + len(looking.WATCHES))
    assert set(kept.looks) == {"watching", *looking.WATCHES}
    assert not sandbox.settings.dagster_home.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def broken(:", "SyntaxError"),
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ("1 / 0", "division by zero"),
    ],
)
def test_code_that_does_not_load_is_an_alert_and_ends_none_of_the_others(
    sandbox: Sandbox, text: str, told: str
) -> None:
    kept = Kept()
    sandbox.land(DAYS[0], "meter,watts,note\na,many,x\n")
    sandbox.run()
    looks(sandbox, kept)
    ((_, identity),) = kept.open
    assert identity.startswith("failed raw_readings")
    good = sandbox.files["trends.py"]
    sandbox.write("trends.py", text)
    (look,) = looks(sandbox, kept)
    (finding,) = look.findings
    assert (finding.severity, (finding.watch, finding.identity)) == ("critical", CODE)
    assert finding.title.startswith("The code does not load: ")
    assert told in finding.text
    assert kept.open == [("failures", identity), CODE]
    sandbox.write("trends.py", good)
    looks(sandbox, kept)
    assert kept.open == [("failures", identity)]


def test_whatever_dagster_makes_of_the_code_counts(sandbox: Sandbox) -> None:
    def load(settings: Settings) -> Project:
        raise RuntimeError("two sensors of one name")

    (look,) = looks(sandbox, Kept(), load)
    assert [finding.title for finding in look.findings] == [
        "The code does not load: RuntimeError: two sensors of one name"
    ]


def test_a_daemon_that_died_is_an_alert_until_it_runs(sandbox: Sandbox) -> None:
    kept = Kept()
    with open_instance(sandbox.settings.dagster_home) as instance:
        looks(sandbox, kept)
        assert kept.open == []
        for seconds, expected in ((600, [("failures", "daemon is down")]), (10, [])):
            instance.add_daemon_heartbeat(DaemonHeartbeat(NOW.timestamp() - seconds, "SENSOR", "a"))
            looks(sandbox, kept)
            assert kept.open == expected


def test_a_watch_that_raises_is_an_alert_and_keeps_no_other_from_looking(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept()
    with monkeypatch.context() as patch:
        patch.setitem(looking.WATCHES, "quality", lambda situation: 1 / 0)  # type: ignore[index]
        looks(sandbox, kept)
    assert kept.open == [("watching", "quality cannot look")]
    assert set(kept.looks) == {"watching", *looking.WATCHES} - {"quality"}
    looks(sandbox, kept)
    assert kept.open == []


def test_dagster_s_records_that_cannot_be_read_end_no_alert(sandbox: Sandbox) -> None:
    kept = Kept()
    with open_instance(sandbox.settings.dagster_home) as instance:
        instance.add_daemon_heartbeat(DaemonHeartbeat(NOW.timestamp() - 600, "SENSOR", "a"))
    looks(sandbox, kept)
    assert kept.open == [("failures", "daemon is down")]
    for path in sandbox.settings.dagster_home.rglob("*.db"):
        path.write_bytes(b"no database " * 1000)
    looked = looks(sandbox, kept)
    assert kept.open == [("failures", "daemon is down"), ("watching", "dagster cannot be asked")]
    assert [look.watch for look in looked] == ["watching", "freshness", "quality", "resources"]


def test_without_a_ledger_there_is_no_look(sandbox: Sandbox) -> None:
    sandbox.settings.ledger.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreError):
        looks(sandbox, Kept())


def test_without_alerts_findings_are_only_returned(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[0], "meter,watts,note\na,many,x\n")
    sandbox.run()
    found = {look.watch: look for look in looks(sandbox)}
    assert found["failures"].summary == "1 finding"
    assert (found["failures"].opened, found["failures"].resolved) == ((), ())
