"""E-mail, by a real mail server on this machine."""

import email
import email.policy
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from flow_assets.automation.alerting.apprise_sender import AppriseSender
from flow_assets.automation.alerting.notices import Wording
from flow_assets.errors import DeliveryError
from flow_assets_tests.automation.alerting.alerts import notice


@dataclass
class Mailbox:
    """What the server took."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, *arguments: Any) -> str:  # noqa: N802  aiosmtpd's word
        _, _, envelope, address, _ = arguments
        if address.startswith("nobody"):
            return "550 there is no nobody"
        envelope.rcpt_tos.append(address)
        return "451 try again later" if address.startswith("busy") else "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def sender(self, *, password: str = "right", to: str = "data@example.com") -> AppriseSender:
        address = f"mailto://alerts:{password}@127.0.0.1:{self.port}?mode=insecure&from=flow@example.com&to={to}"
        return AppriseSender.of(address, Wording("staging", "http://dagster.example:3000"))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        made.port = free.getsockname()[1]

    def admit(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    server = Controller(made, hostname="127.0.0.1", port=made.port, authenticator=admit, auth_require_tls=False)
    server.start()
    yield made
    server.stop()


def test_a_letter_has_the_words_twice_and_the_picture(mailbox: Mailbox) -> None:
    mailbox.sender().send(notice())
    (letter,) = mailbox.letters
    assert letter["subject"] == "WARNING: readings took 131 seconds, more than twice what was expected (alert 12)"
    assert letter["to"] == "data@example.com"
    text, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "<li>seen seconds: <strong>131.2</strong></li>" in html
    assert '<a href="http://dagster.example:3000/runs/abc">' in html
    assert "- seen seconds: 131.2" in text
    assert "http://dagster.example:3000/runs/abc" in text
    (picture,) = letter.iter_attachments()
    assert (picture.get_filename(), picture.get_content_type()) == ("chart.png", "image/png")
    assert picture.get_content().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("given", "said", "is_permanent"),
    [
        ({"password": "wrong"}, "535 5.7.8 Authentication credentials invalid", True),
        ({"to": "nobody@example.com"}, "550 there is no nobody", True),
        ({"to": "busy@example.com"}, "451 try again later", False),
    ],
)
def test_a_letter_that_is_not_taken(mailbox: Mailbox, given: dict[str, str], said: str, is_permanent: bool) -> None:
    with pytest.raises(DeliveryError, match=said) as failed:
        mailbox.sender(**given).send(notice())
    assert failed.value.is_permanent is is_permanent
    assert mailbox.letters == []
