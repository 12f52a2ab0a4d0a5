"""What watching finds, and the alerts that become of it: values that can be printed, compared and stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AlertSeverity(StrEnum):
    """How soon somebody should look, in Prometheus' words."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertState(StrEnum):
    """Where an alert is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


class Transition(StrEnum):
    """What people are told of an alert."""

    OPENED = "opened"
    REPEATED = "repeated"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Chart:
    """A small picture of a series and where it was expected.

    Attributes:
        title: what is drawn, with its unit.
        labels: of the points, such as partitions or times, the oldest first.
        values: the points; the last is what the alert is about.
        low: least expected value at each point; empty where nothing is known.
        high: greatest expected value at each point.
    """

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Something is off, as one look saw it. As long as it is found, its alert is open; when it no longer is, resolved.

    Attributes:
        watch: which watch found it: `freshness`, `durations`, `quality`, `failures` or `resources`.
        identity: one for one cause within the watch, the same at each look: `late raw_flights 2013-06-15`.
        severity: how soon somebody should look.
        title: one line that says what is off and of what.
        text: what is known of it and what to do, a sentence a line.
        dataset: the one it is about; empty if it is about the deployment.
        partitions: those it is about.
        affected: datasets downstream that suffer from it; they get no alerts of their own.
        evidence: name to number or text: what was seen and what was expected, with units in the names.
        since: when it began, Unix time in seconds.
        run_id: Dagster's run that shows it.
        link: path within Dagster's UI, such as `/runs/<id>` or `/assets/<name>`.
        chart: what it looks like.
    """

    watch: str
    identity: str
    severity: AlertSeverity
    title: str
    since: float
    text: str = ""
    dataset: str = ""
    partitions: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()
    evidence: Mapping[str, float | str] = field(default_factory=dict)
    run_id: str | None = None
    link: str = ""
    chart: Chart | None = None

    def page(self, dagster_url: str) -> str:
        """The page of the Dagster UI at `dagster_url` that shows it; empty if there is none."""
        return f"{dagster_url.rstrip('/')}/{self.link.lstrip('/')}" if dagster_url and self.link else ""


@dataclass(frozen=True)
class Alert:
    """What became of a finding.

    Attributes:
        number: what people call it by; counted up in each environment.
        finding: as it was last seen.
        state: where it is in its life.
        opened_at: Unix time in seconds, as all others here.
        seen_at: when it was last found.
        resolved_at: when it no longer was; None before.
        acknowledged_by: who takes care of it; empty if nobody has said so.
        note: what they said.
        silenced_until: until when it is not delivered; None if it is.
        former: number of the last alert before it with the same identity; None if it is the first.
    """

    number: int
    finding: Finding
    state: AlertState
    opened_at: float
    seen_at: float
    resolved_at: float | None = None
    acknowledged_by: str = ""
    note: str = ""
    silenced_until: float | None = None
    former: int | None = None
