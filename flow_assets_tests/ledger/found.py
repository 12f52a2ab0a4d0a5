"""Findings for tests, in one line."""

from typing import Any

from flow_assets.ledger.findings import AlertSeverity, Chart, Finding

HOUR, DAY = 3600.0, 86400.0
NOW = 1_760_000_000.0


def finding(dataset: str = "readings", key: str = "2024-03-01", watch: str = "freshness", **values: Any) -> Finding:
    made = {
        "watch": watch,
        "identity": f"{watch} {dataset} {key}",
        "severity": AlertSeverity.WARNING,
        "title": f"{dataset} {key} is off",
        "since": NOW,
        "dataset": dataset,
        "partitions": (key,) if key else (),
    }
    return Finding(**made | values)


FULL = finding(
    text="It should have come by six.\nLook at the source.",
    affected=("trends",),
    evidence={"late_minutes": 12.5, "expected": "06:00", "never": float("inf")},
    run_id="1234",
    link="/assets/readings?partition=2024-03-01",
    chart=Chart("minutes", ("a", "b"), (1.0, float("nan")), low=(0.5, 0.5), high=(2.0, 2.0)),
)
CRITICAL = AlertSeverity.CRITICAL
