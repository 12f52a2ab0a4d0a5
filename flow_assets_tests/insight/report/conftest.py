from pathlib import Path

import pytest

from flow_assets.insight.report.gather import Report, find_report
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState, Chart
from flow_assets_tests.insight.report.reported import alert
from flow_assets_tests.ruled import EXCESSIVE, GAPPY, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox

HOSTILE = "</script><script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"


@pytest.fixture(scope="session")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Five days, of which one is blocked, one cannot be read, and the last has not landed; look, and change nothing."""
    made = ruled(tmp_path_factory.mktemp("troubled"))
    for day in DAYS[:4]:
        made.land(day)
    made.run()
    for day, lines in zip(DAYS[:3], (STRANGE, EXCESSIVE, GAPPY), strict=True):
        made.land(day, lines)
    made.land(DAYS[3], b"")
    made.run()
    return made


@pytest.fixture(scope="session")
def alerts() -> list[Alert]:
    """Three that are open, of which one is acknowledged and says what could be code, and one that is resolved."""
    chart = Chart(f"seconds {HOSTILE}", ("1", "2", "3"), (1.0, 1.1, 4.0), (0.5,) * 3, (2.0,) * 3)
    text = f"one line {HOSTILE}\nanother"
    return [
        alert(3, title="readings are slow", partitions=(DAYS[0],), chart=chart, link="/assets/readings"),
        alert(4, AlertState.ACKNOWLEDGED, watch="failures", title=HOSTILE, text=text, link="javascript:alert(1)"),
        alert(
            5,
            watch="freshness",
            dataset="raw_readings",
            severity=AlertSeverity.CRITICAL,
            title="raw_readings 2024-03-05 is late",
            partitions=(DAYS[4],),
        ),
        alert(6, AlertState.RESOLVED, resolved_at=4e9, title="over"),
    ]


@pytest.fixture(scope="session")
def report(troubled: Sandbox, alerts: list[Alert]) -> Report:
    with troubled.project() as project:
        return find_report(project, alerts=alerts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a browser keeps what it must."""
    return tmp_path / "profile"
