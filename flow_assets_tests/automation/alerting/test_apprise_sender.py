import asyncio
import base64
import socket
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import apprise
import pytest

from flow_assets.automation.alerting.apprise_sender import AppriseSender
from flow_assets.automation.alerting.notices import Wording
from flow_assets.errors import DeliveryError
from flow_assets.ledger.findings import AlertSeverity, Transition
from flow_assets_tests.automation.alerting.alerts import notice
from flow_assets_tests.automation.alerting.webhook import Webhook

WORDING = Wording("staging", "http://dagster.example:3000")


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def sender(hook: Webhook, more: str = "") -> AppriseSender:
    return AppriseSender.of(f"json://127.0.0.1:{hook.port}/alerts{more}", WORDING)


def test_a_webhook_gets_the_words_and_the_picture(hook: Webhook, scratch: Path) -> None:
    sender(hook).send(notice())
    (body,) = hook.bodies
    assert body["title"].startswith("WARNING: readings took 131 seconds")
    assert "seen seconds      131.2" in body["message"]
    assert "http://dagster.example:3000/runs/abc" in body["message"]
    assert body["type"] == "warning"
    (picture,) = body["attachments"]
    assert (picture["filename"], picture["mimetype"]) == ("chart.png", "image/png")
    assert base64.b64decode(picture["base64"]).startswith(b"\x89PNG")
    assert list(scratch.iterdir()) == []


def test_a_webhook_can_tell_that_it_has_a_notice_already(hook: Webhook) -> None:
    for key in ("12 opened 1", "12 opened 1", ""):
        sender(hook).send(replace(notice(), key=key))
    assert [headers.get("Idempotency-Key") for _, headers, _ in hook.requests] == ["12 opened 1", "12 opened 1", None]


def test_without_a_chart_there_is_no_picture(hook: Webhook) -> None:
    sender(hook).send(notice(chart=None))
    assert hook.bodies[0]["attachments"] == []


def test_where_the_disk_is_full_the_words_arrive(hook: Webhook, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    sender(hook).send(notice())
    assert hook.bodies[0]["attachments"] == []
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("severity", "transition", "kind"),
    [
        (AlertSeverity.INFO, Transition.OPENED, "info"),
        (AlertSeverity.WARNING, Transition.REPEATED, "warning"),
        (AlertSeverity.CRITICAL, Transition.OPENED, "failure"),
        (AlertSeverity.CRITICAL, Transition.RESOLVED, "success"),
    ],
)
def test_a_place_is_told_how_bad_it_is(
    hook: Webhook, severity: AlertSeverity, transition: Transition, kind: str
) -> None:
    sender(hook).send(notice(transition, severity=severity))
    assert hook.bodies[0]["type"] == kind


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422])
def test_what_it_refuses_it_will_refuse_again(hook: Webhook, status: int) -> None:
    hook.statuses = [status]
    with pytest.raises(DeliveryError, match=f"error={status}") as failed:
        sender(hook).send(notice())
    assert failed.value.is_permanent


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_it_cannot_do_now_it_may_do_later(hook: Webhook, status: int) -> None:
    hook.statuses = [status]
    with pytest.raises(DeliveryError, match=f"error={status}") as failed:
        sender(hook).send(notice())
    assert not failed.value.is_permanent
    sender(hook).send(notice())
    assert len(hook.bodies) == 2


def test_a_failure_counts_although_the_address_calls_itself_optional(hook: Webhook) -> None:
    hook.statuses = [500]
    with pytest.raises(DeliveryError):
        sender(hook, "?optional=yes").send(notice())


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(DeliveryError, match="the connection was refused") as failed:
            AppriseSender.of(f"json://127.0.0.1:{port}", WORDING).send(notice())
    assert not failed.value.is_permanent


def test_an_answer_that_does_not_come_is_not_waited_for(hook: Webhook, scratch: Path) -> None:
    hook.open.clear()
    with pytest.raises(DeliveryError, match="no answer in time") as failed:
        sender(hook, "?rto=0.2").send(notice())
    assert not failed.value.is_permanent
    assert list(scratch.iterdir()) == []


def test_a_delivery_is_bounded_however_patient_its_address_is(hook: Webhook) -> None:
    hook.open.clear()
    patient = AppriseSender(f"json://127.0.0.1:{hook.port}/?rto=30", WORDING, most_seconds=0.3)
    with pytest.raises(DeliveryError, match="did not finish within") as failed:
        patient.send(notice())
    assert not failed.value.is_permanent


@pytest.mark.parametrize(
    "address",
    [
        "pagerduty://key@token",
        "goalert://token@127.0.0.1",
        "ilert://integration-key",
        "squadcast://webhook-token",
        "firehydrant://api-token",
    ],
)
def test_every_pager_of_apprise_is_asked_the_same_way(address: str) -> None:
    """Characterization: `dedup` names an incident, and `action` `map` ends it with a success."""
    service = apprise.Apprise.instantiate(address)
    assert service.dedup is None
    assert "map" in service.template_args["action"]["values"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("slackk://a/b/c", "there is no slackk://"),
        ("slack://too-short", "cannot read this address"),
        ("nothing at all", "needs a scheme"),
        ("", "needs a scheme"),
    ],
)
def test_an_address_that_apprise_cannot_read(address: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        AppriseSender.of(address, WORDING)


def test_a_chat_gets_markdown(hook: Webhook) -> None:
    """Mattermost shows Markdown; apprise reaches it without a picture."""
    AppriseSender.of(f"mmost://127.0.0.1:{hook.port}/{'k' * 26}?format=markdown", WORDING).send(notice())
    assert "- **Dataset:** readings (2024-03-04)" in str(hook.bodies[0])


def test_a_message_too_long_for_a_place_is_cut_off_and_not_refused(hook: Webhook) -> None:
    many = {f"measure_{number}": "x" * 200 for number in range(30)}
    sender(hook).send(notice(text="word " * 9999, evidence=many, affected=tuple(f"reader_{n}" for n in range(400))))
    assert len(hook.bodies[0]["message"]) < 4000


@pytest.mark.parametrize("of_picture", [200, 500])
def test_where_only_the_picture_fails_the_words_are_not_sent_again(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch, of_picture: int
) -> None:
    """Discord takes the words first, and the picture in a message of its own."""
    place = discord(hook, monkeypatch)
    hook.statuses = [200, of_picture]
    place.send(notice())
    words, picture = hook.bodies
    assert words["content"].startswith("WARNING: readings took")
    assert b"PNG" in picture


def test_where_the_words_fail_no_picture_counts(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    place = discord(hook, monkeypatch)
    hook.statuses = [500]
    with pytest.raises(DeliveryError, match="error=500"):
        place.send(notice())


def discord(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> AppriseSender:
    place = AppriseSender.of(f"discord://{'4' * 18}/{'J' * 60}", WORDING)
    service = apprise.Apprise.instantiate(place.address)
    monkeypatch.setattr(type(service), "notify_url", f"http://127.0.0.1:{hook.port}")
    return place


def test_a_pager_has_one_incident_for_one_cause_and_ends_it(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    place = AppriseSender.of("pagerduty://an-integration-key@an-api-token", WORDING)
    module = sys.modules[type(apprise.Apprise.instantiate(place.address)).__module__]
    monkeypatch.setattr(module, "PAGERDUTY_API_LOOKUP", dict.fromkeys(module.PAGERDUTY_API_LOOKUP, hook_url(hook)))
    for transition in Transition:
        place.send(notice(transition, title=f"It {transition}"))
    place.send(notice(identity="another"))
    assert [body["event_action"] for body in hook.bodies] == ["trigger", "trigger", "resolve", "trigger"]
    *same, other = (body["dedup_key"] for body in hook.bodies)
    assert len(set(same)) == 1
    assert other not in same


def hook_url(hook: Webhook) -> str:
    return f"http://127.0.0.1:{hook.port}/"


def test_it_sends_from_any_thread_and_from_a_running_event_loop(hook: Webhook) -> None:
    """Dagster evaluates sensors in threads of a server."""

    async def send() -> None:
        sender(hook).send(notice())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sender(hook).send(notice()), range(8)))
    asyncio.run(send())
    assert [len(body["attachments"]) for body in hook.bodies] == [1] * 9
