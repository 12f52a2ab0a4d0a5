"""Prometheus' Alertmanager, by version 2 of its API.

Alertmanager knows an alert by its labels, so posting one again changes nothing; and it forgets what has ended, or what
it held when it was restarted, so one that is still open has to be posted again every few minutes. The severity is a
label too, because routes ask for it. An alert whose severity has changed is another one there: whatever is posted, the
same alert is ended at the other severities. (API: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml)
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from flow_assets.automation.alerting.hiding import hide
from flow_assets.automation.alerting.notices import Notice, Wording, evidence_rows, how_to_acknowledge, names
from flow_assets.errors import DeliveryError
from flow_assets.ledger.findings import AlertSeverity, Transition

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
REFRESH_SECONDS = 300.0
OPEN_SECONDS = 86_400.0
"""So long an open alert stays there if nobody posts it again."""

_LATER = {408, 409, 421, 423, 425, 429}
_ANSWER_LENGTH = 200


@dataclass(frozen=True)
class Credentials(AuthBase):
    """What Alertmanager, or what stands before it, is shown; never shown to anybody else.

    Attributes:
        token: for `Authorization: Bearer`.
    """

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Show it; also where there is nothing to show, so that no `.netrc` is asked."""
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        elif self.username:
            HTTPBasicAuth(self.username.encode(), self.password.encode())(request)
        return request


@dataclass(frozen=True)
class AlertmanagerSender:
    """Posts to one Alertmanager.

    Attributes:
        address: where it is, with the path under which it is served.
    """

    address: str = field(repr=False)
    wording: Wording = field(default_factory=Wording, repr=False)
    credentials: Credentials = field(default_factory=Credentials, repr=False)

    @property
    def kind(self) -> str:
        """What people call it."""
        return "alertmanager"

    @property
    def refresh_seconds(self) -> float:
        """What it held is gone when it was restarted."""
        return REFRESH_SECONDS

    def send(self, notice: Notice) -> None:
        """Post the alert.

        Raises:
            DeliveryError: it was not taken.
        """
        url = f"{self.address.rstrip('/')}/api/v2/alerts"
        try:
            with requests.post(
                url,
                json=list(self._alerts(notice)),
                auth=self.credentials,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as answer:
                _require_taken(answer)
        except requests.RequestException as error:
            raise DeliveryError(_unreachable(error), is_permanent=False) from None  # its text holds the address

    def _alerts(self, notice: Notice) -> Iterator[dict[str, Any]]:
        """The alert, and its end at the severities that it does not have."""
        alert, finding = notice.alert, notice.alert.finding
        message = self.wording.message(notice)
        annotations = {
            "summary": finding.title,
            "description": finding.text,
            "evidence": "; ".join(f"{name}: {value}" for name, value in evidence_rows(finding)),
            "partitions": names(finding.partitions),
            "affected": names(finding.affected),
            "acknowledged_by": alert.acknowledged_by,
            "acknowledge": how_to_acknowledge(notice),
        }
        start = min(finding.since, alert.opened_at, notice.at)
        for severity in AlertSeverity:
            yield {
                "labels": {**self._labels(notice), "severity": severity.value},
                "annotations": {name: text for name, text in annotations.items() if text},
                "startsAt": _moment(start),
                # An end that is long past is past on any clock.
                "endsAt": _moment(max(start, _end(notice)) if severity is finding.severity else start),
                **({"generatorURL": message.link} if message.link else {}),
            }

    def _labels(self, notice: Notice) -> dict[str, str]:
        finding = notice.alert.finding
        labels = {
            "alertname": f"flow_assets_{finding.watch}",
            "watch": finding.watch,
            "identity": finding.identity,
            "dataset": finding.dataset,
            "environment": self.wording.environment,
            "owner": self.wording.owner(finding),
        }
        return {name: text for name, text in labels.items() if text}


def address_problem(address: str) -> str:
    """What is wrong with Alertmanager's address; empty if nothing is. It shows nothing of the address."""
    try:
        parts = urlsplit(address)
        port_is_read = parts.port is None or parts.port > 0
    except ValueError:
        return "this is no address; write one such as http://127.0.0.1:9093"
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_read:
        return "this is no address of an Alertmanager; write one such as http://127.0.0.1:9093"
    if parts.username or parts.password:
        return "a user does not belong in the address; write `username: ...` and `password: ${NAME}` below it"
    if parts.query or parts.fragment or parts.path.rstrip("/").endswith("/api/v2"):
        return "give only where Alertmanager is, such as http://127.0.0.1:9093; /api/v2/alerts is added"
    return ""


def _end(notice: Notice) -> float:
    """When it ended, or until when it stays open if it is not posted again."""
    if notice.transition is Transition.RESOLVED:
        resolved_at = notice.alert.resolved_at
        return notice.at if resolved_at is None else min(resolved_at, notice.at)
    return notice.at + OPEN_SECONDS if notice.expires_at is None else notice.expires_at


def _require_taken(answer: requests.Response) -> None:
    code = answer.status_code
    if 200 <= code < 300:
        return
    said = next(answer.iter_content(_ANSWER_LENGTH), b"").decode(errors="replace")
    what = "leads elsewhere; give the address it leads to" if code < 400 else f"answered {' '.join(said.split())}"
    lasts = 300 <= code < 500 and code not in _LATER
    raise DeliveryError(hide(f"Alertmanager {what} (HTTP {code})"), is_permanent=lasts)


def _unreachable(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "Alertmanager gave no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "Alertmanager's certificate is not trusted"
    if isinstance(error, requests.ConnectionError):
        return "Alertmanager cannot be reached: the connection was refused or broke, or its host is not known"
    return f"Alertmanager cannot be asked ({type(error).__name__})"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
