"""Slack, e-mail, PagerDuty, webhooks and a hundred more, each by an address of apprise's.

apprise says of a delivery only whether it succeeded, and writes why not to its log in words of its own. So the log of
each delivery is read: a status between 400 and 499 is a refusal that will last, apart from those that mean "later", and
so is a mail server's from 500 on.
"""

import functools
import hashlib
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from flow_assets.automation.alerting.charts import png
from flow_assets.automation.alerting.hiding import hide, keep_address
from flow_assets.automation.alerting.notices import Message, Notice, Wording
from flow_assets.errors import DeliveryError
from flow_assets.ledger.findings import AlertSeverity, Chart, Transition

if TYPE_CHECKING:
    from apprise import AppriseResult, NotifyBase, NotifyType

TIMEOUT_SECONDS = 10.0
"""How long one answer may take."""
MOST_SECONDS = 30.0
"""How long a delivery may take in all."""

_STATUS = re.compile(r"\berror=(\d{3})\b")
_MAIL_STATUS = re.compile(r"\((\d{3}), b(['\"])(.*?)\2\)")
_SENT = re.compile(r"Sent (?!.*attachment)", re.IGNORECASE)
_LATER = {408, 409, 421, 423, 425, 429}
_CAUSES = (
    ("timed out", "no answer in time"),
    ("refused", "the connection was refused"),
    ("resolve", "the host's name is not known"),
    ("Name or service not known", "the host's name is not known"),
    ("CERTIFICATE", "its certificate is not trusted"),
)
_REASON_LENGTH = 300


@dataclass(frozen=True)
class AppriseSender:
    """Sends through one address of apprise's.

    Attributes:
        address: as apprise reads it; holds secrets, so it is never shown.
        wording: how an alert is worded.
        most_seconds: how long a delivery may take in all.
    """

    address: str = field(repr=False)
    wording: Wording = field(default_factory=Wording, repr=False)
    most_seconds: float = MOST_SECONDS

    @classmethod
    def of(cls, address: str, wording: Wording) -> Self:
        """A sender to `address`.

        Raises:
            ValueError: apprise cannot read the address; the message does not show it.
        """
        keep_address(address)
        _service(address)
        return cls(address, wording)

    @property
    def kind(self) -> str:
        """The scheme of its address, such as `slack`."""
        return hide(self.address.partition("://")[0])

    @property
    def refresh_seconds(self) -> None:
        """What people were told stays told."""
        return None

    def send(self, notice: Notice) -> None:
        """Send the message, and the chart to a place that takes pictures.

        Raises:
            DeliveryError: the place did not take it.
        """
        from apprise import Apprise

        finding = notice.alert.finding
        service = _service(self.address)
        _name_incident(service, self.address, f"{self.wording.environment} {finding.watch} {finding.identity}")
        _name_request(service, notice.key)
        message = self.wording.message(notice)
        sender = Apprise(asset=service.asset)
        sender.add(service)
        with _picture(finding.chart if service.attachment_support else None) as paths:
            result = sender.notify(
                **_worded(service, message),
                title=message.title,
                notify_type=_kind_of_notice(notice),
                attach=paths,
                timeout=self.most_seconds,
                log_level=logging.DEBUG,
            )
        with result:
            _require_delivered(result, has_one_target=len(service) == service.retry + 1)


def _service(address: str) -> "NotifyBase":
    """What sends to `address`: patient for longer than apprise's four seconds, and shortening what is too long."""
    from apprise import Apprise, AppriseAsset, OverflowMode

    _prepare()
    asset = AppriseAsset(app_id="flow_assets", app_desc="flow_assets", app_url="", secure_logging=True)
    service = Apprise.instantiate(address, asset=asset)
    if service is None:
        raise ValueError(
            f"apprise cannot read this address{_about_scheme(address)}; it is not shown, as it may hold secrets"
        )
    if service.socket_read_timeout == type(service).socket_read_timeout:
        service.socket_read_timeout = TIMEOUT_SECONDS
    if service.overflow_mode == OverflowMode.UPSTREAM:
        service.overflow_mode = OverflowMode.TRUNCATE
    return service


@functools.cache
def _prepare() -> None:
    """Load apprise's plugins, and see to it that its log is read from each delivery's result and goes nowhere else."""
    from apprise.manager_plugins import NotificationManager

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # they try `import imghdr`, for a package that may be there
        NotificationManager().load_modules()  # type: ignore[no-untyped-call]
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.DEBUG)
    log.addHandler(logging.NullHandler())


def _about_scheme(address: str) -> str:
    """Whether what stands before `://` is known to apprise, if it can be shown."""
    from apprise.manager_plugins import NotificationManager

    scheme, separator, _ = address.partition("://")
    if not separator:
        return ", which needs a scheme and `://`, such as slack://..."
    known = NotificationManager()  # type: ignore[no-untyped-call]
    return "" if scheme.lower() in known or hide(scheme) != scheme else f": there is no {scheme[:20]}://"


def _worded(service: "NotifyBase", message: Message) -> dict[str, Any]:
    """The message in the form that the place shows best; apprise makes HTML of Markdown."""
    from apprise import NotifyFormat

    takes: Any = service.notify_format  # one, or several of which the first is preferred
    first = takes[0] if isinstance(takes, tuple | list) else takes
    if first == NotifyFormat.TEXT:
        return {"body": message.text, "body_format": NotifyFormat.TEXT}
    return {"body": message.markdown, "body_format": NotifyFormat.MARKDOWN}


def _name_incident(service: "NotifyBase", address: str, cause: str) -> None:
    """PagerDuty and its like make one incident of what bears one key, and end it by it; an address may say both."""
    pager: Any = service
    if hasattr(pager, "dedup") and "map" in pager.template_args.get("action", {}).get("values", ()):
        pager.dedup = pager.dedup or hashlib.sha256(cause.encode(errors="replace")).hexdigest()
        if not re.search(r"[?&]action=", address):
            pager.action = "map"  # what is resolved ends the incident, all else opens it


def _name_request(service: "NotifyBase", key: str) -> None:
    """A webhook of one's own can tell by the key that it has this notice already."""
    if key and isinstance(headers := getattr(service, "headers", None), dict):
        headers.setdefault("Idempotency-Key", key)


def _kind_of_notice(notice: Notice) -> "NotifyType":
    from apprise import NotifyType

    if notice.transition is Transition.RESOLVED:
        return NotifyType.SUCCESS
    kinds = {AlertSeverity.INFO: NotifyType.INFO, AlertSeverity.WARNING: NotifyType.WARNING}
    return kinds.get(notice.alert.finding.severity, NotifyType.FAILURE)


@contextmanager
def _picture(chart: Chart | None) -> Iterator[list[str] | None]:
    """The chart as a file, for as long as it is being sent; None where there is no room for one on the disk."""
    with ExitStack() as stack:
        paths = None
        if chart is not None and chart.values:
            with suppress(OSError):  # an alert that the disk is full must reach people all the same
                folder = stack.enter_context(
                    TemporaryDirectory(prefix="flow_assets_chart_", ignore_cleanup_errors=True)
                )
                path = Path(folder) / "chart.png"
                path.write_bytes(png(chart))
                paths = [str(path)]
        yield paths


def _require_delivered(result: "AppriseResult", *, has_one_target: bool) -> None:
    """Every attempt's own word counts: an address with `optional=yes` would have a failure called a success.

    Some places take the words first and then the picture. Where only the picture failed, the words are not sent twice.
    """
    entries = [(entry.level, entry.message) for entry in result.logs()]
    words_arrived = has_one_target and any(_SENT.match(message) for level, message in entries if level == "INFO")
    if words_arrived or any(attempt for service in result for attempt in service):
        return
    told = " ".join(message for _, message in entries)
    status = [int(code) for code in _STATUS.findall(told)]
    mail = [(int(code), f"it answered {code} {text}") for code, _, text in _MAIL_STATUS.findall(told)]
    causes = [*(said for _, said in mail), *(cause for mark, cause in _CAUSES if mark in told)]
    lasts = any(400 <= code < 500 and code not in _LATER for code in status) or any(code >= 500 for code, _ in mail)
    loud = [" ".join(message.split()) for level, message in entries if level not in ("DEBUG", "INFO", "TRACE")]
    reason = "; ".join(dict.fromkeys([*causes, *loud])) or "apprise does not say why"
    raise DeliveryError(hide(reason)[:_REASON_LENGTH], is_permanent=lasts)
