import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flow_assets.automation.alerting import alertmanager_sender
from flow_assets.automation.alerting.alertmanager_sender import AlertmanagerSender, Credentials, address_problem
from flow_assets.automation.alerting.notices import Wording
from flow_assets.errors import DeliveryError
from flow_assets.ledger.findings import AlertSeverity, Transition
from flow_assets_tests.automation.alerting.alertmanager import Alertmanager, alertmanager
from flow_assets_tests.automation.alerting.alerts import notice
from flow_assets_tests.automation.alerting.webhook import Webhook, webhook

WORDING = Wording("staging", "http://dagster.example:3000", {"readings": ["team:meters"]})


@pytest.fixture(scope="module")
def told() -> Iterator[Webhook]:
    """Whom Alertmanager tells."""
    with webhook() as made:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, told: Webhook) -> Iterator[Alertmanager]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager"), told.port) as made:
        yield made


def test_an_alert_opens_once_and_resolves(server: Alertmanager, told: Webhook) -> None:
    sender = AlertmanagerSender(server.address, WORDING)
    now = time.time()
    sender.send(notice(at=now, identity="a"))
    sender.send(notice(Transition.REPEATED, at=now + 1, identity="a"))
    (active,) = [one for one in server.alerts() if one["labels"]["identity"] == "a"]
    assert active["status"]["state"] == "active"
    assert active["labels"] == {
        "alertname": "flow_assets_durations",
        "watch": "durations",
        "identity": "a",
        "dataset": "readings",
        "environment": "staging",
        "owner": "team:meters",
        "severity": "warning",
    }
    assert active["annotations"]["acknowledge"] == "To take care of it: flow alerts ack 12"
    assert active["annotations"]["evidence"].startswith("seen seconds: 131.2; expected seconds: 48 to 74")
    assert active["generatorURL"] == "http://dagster.example:3000/runs/abc"
    assert active["startsAt"] == "2024-03-04T08:00:00.000Z"
    assert "flow_assets_durations" in server.amtool("alert", "query", "identity=a")
    told.wait_for()
    sender.send(notice(Transition.RESOLVED, at=now + 2, identity="a", resolved_at=now))
    assert [one for one in server.alerts() if one["labels"]["identity"] == "a"] == []
    told.wait_for()
    assert [body["status"] for body in told.bodies] == ["firing", "resolved"]


def test_an_alert_that_becomes_worse_is_one_alert(server: Alertmanager) -> None:
    sender = AlertmanagerSender(server.address, WORDING)
    for severity in (AlertSeverity.WARNING, AlertSeverity.CRITICAL, AlertSeverity.WARNING):
        sender.send(notice(at=time.time(), identity="b", severity=severity))
        severities = [one["labels"]["severity"] for one in server.alerts() if one["labels"]["identity"] == "b"]
        assert severities == [severity]


def test_an_alert_that_comes_back_is_active_again(server: Alertmanager) -> None:
    sender = AlertmanagerSender(server.address, WORDING)
    now = time.time()
    for transition, active in ((Transition.OPENED, 1), (Transition.RESOLVED, 0), (Transition.OPENED, 1)):
        sender.send(notice(transition, at=now, identity="c"))
        assert len([one for one in server.alerts() if one["labels"]["identity"] == "c"]) == active


def test_an_alert_stays_open_for_longer_than_it_takes_to_post_it_again(server: Alertmanager) -> None:
    sender = AlertmanagerSender(server.address, WORDING)
    now = time.time()
    sender.send(notice(at=now, identity="d"))
    sender.send(replace(notice(at=now, identity="e"), expires_at=now + 60))
    ends = {one["labels"]["identity"]: one["endsAt"] for one in server.alerts()}
    assert ends["d"] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now + 86_400)) + ends["d"][19:]
    assert ends["e"] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now + 60)) + ends["e"][19:]
    assert sender.refresh_seconds < 600


def test_an_alert_in_any_script_about_nothing_in_particular(server: Alertmanager) -> None:
    sender = AlertmanagerSender(server.address, Wording("staging"))
    strange = 'f "x"\\ ñ 日本\n<b>'
    sender.send(notice(at=time.time(), identity=strange, title=strange, dataset="", partitions=(), link=""))
    (active,) = [one for one in server.alerts() if one["labels"]["identity"] == strange]
    assert active["annotations"]["summary"] == strange
    assert "dataset" not in active["labels"]


def test_one_that_was_restarted_knows_the_alert_once_it_is_posted_again(tmp_path: Path, hook: Webhook) -> None:
    given = notice(at=time.time())
    for _ in range(2):
        with alertmanager(tmp_path, hook.port) as made:
            assert made.alerts() == []
            AlertmanagerSender(made.address, WORDING).send(given)
            assert len(made.alerts()) == 1


@pytest.mark.parametrize(
    ("credentials", "shown"),
    [
        (Credentials(token="t0k3n-of-mine"), "Bearer t0k3n-of-mine"),
        (Credentials("eve", "pässword"), "Basic ZXZlOnDDpHNzd29yZA=="),
        (Credentials(), None),
    ],
)
def test_it_is_shown_who_posts(
    hook: Webhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, credentials: Credentials, shown: str | None
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login stranger password unasked\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    AlertmanagerSender(f"http://127.0.0.1:{hook.port}/prefix/", WORDING, credentials).send(notice())
    ((path, headers, _),) = hook.requests
    assert (path, headers.get("Authorization")) == ("/prefix/api/v2/alerts", shown)
    assert "t0k3n" not in repr(credentials)
    assert "ssword'" not in repr(credentials)


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [(301, True), (400, True), (401, True), (404, True), (429, False), (500, False), (503, False)],
)
def test_what_it_answers_instead(hook: Webhook, status: int, is_permanent: bool) -> None:
    hook.statuses, hook.answer, hook.headers = [status], b"no\n such thing", {"Location": "http://127.0.0.1:1/"}
    with pytest.raises(DeliveryError, match=rf"\(HTTP {status}\)") as failed:
        AlertmanagerSender(f"http://127.0.0.1:{hook.port}", WORDING).send(notice())
    assert failed.value.is_permanent is is_permanent
    assert len(hook.requests) == 1


def test_an_answer_that_does_not_come_is_not_waited_for(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alertmanager_sender, "READ_SECONDS", 0.2)
    hook.open.clear()
    with pytest.raises(DeliveryError, match="no answer in time") as failed:
        AlertmanagerSender(f"http://127.0.0.1:{hook.port}", WORDING).send(notice())
    assert not failed.value.is_permanent


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DeliveryError, match="cannot be reached") as failed:
            AlertmanagerSender(address, WORDING).send(notice())
    assert not failed.value.is_permanent


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:9093",
        "ftp://127.0.0.1",
        "http://",
        "http://h:99999",
        "http://[bad",
        "http://user:secret@h:9093",
        "http://h:9093/api/v2",
        "http://h/?x=1",
    ],
)
def test_an_address_that_cannot_be_one(address: str) -> None:
    said = address_problem(address)
    assert said
    assert "secret" not in said


@pytest.mark.parametrize("address", ["http://127.0.0.1:9093", "https://am.example.com/prefix/"])
def test_an_address(address: str) -> None:
    assert address_problem(address) == ""
