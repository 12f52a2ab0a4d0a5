"""Alerts to tell of."""

from typing import Any

from flow_assets.automation.alerting.notices import Notice
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState, Chart, Finding, Transition

SINCE = 1_709_539_200.0  # 2024-03-04 08:00 UTC
CHART = Chart("Seconds", ("a", "b", "c"), (1.0, 2.0, 9.0), (0.5, 0.5, 0.5), (3.0, 3.0, 3.0))


def finding(**given: Any) -> Finding:
    usual = {
        "watch": "durations",
        "identity": "slow readings",
        "severity": AlertSeverity.WARNING,
        "title": "readings took 131 seconds, more than twice what was expected",
        "text": "It usually takes a minute.\nLook at what changed since.",
        "dataset": "readings",
        "partitions": ("2024-03-04",),
        "evidence": {"seen_seconds": 131.25, "expected_seconds": "48 to 74", "rows": 12345.0},
        "since": SINCE,
        "link": "/runs/abc",
        "chart": CHART,
    }
    return Finding(**{**usual, **given})


def alert(number: int = 12, **given: Any) -> Alert:
    of = {name: given.pop(name) for name in ("resolved_at", "acknowledged_by", "note") if name in given}
    return Alert(number, finding(**given), AlertState.OPEN, SINCE + 60, SINCE + 90, **of)


def notice(transition: Transition = Transition.OPENED, at: float = SINCE + 90, **given: Any) -> Notice:
    return Notice(alert(**given), transition, at)
