"""Gathers what the page shows, from the plan and the ledger; no data is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flow_assets.declaration import Dataset, partition_keys
from flow_assets.errors import SelectionError
from flow_assets.insight.quality import find_quality
from flow_assets.insight.report.calendars import Calendar, count_all, lay_out
from flow_assets.insight.report.costs import PhaseCosts, Savings, find_phases, find_savings, median_costs
from flow_assets.insight.report.states import Known, PartitionState, cell_of, late_partitions
from flow_assets.insight.report.trends import Expect, Trend, duration_trend, expect_usual, volume_trend
from flow_assets.insight.report.troubles import Trouble, Troubled, Troubles, by_cause, one_by_one
from flow_assets.insight.spans import since_text
from flow_assets.ledger.findings import Alert, AlertSeverity, AlertState
from flow_assets.ledger.measurements import Measurement, Measurements
from flow_assets.ledger.times import ledger_time
from flow_assets.materialization.project import Project
from flow_assets.memo.explain import Explainer
from flow_assets.memo.planner import Planner

DEFAULT_SINCE = "30d"
MOST_ATTENTION = 40
MOST_ALERTS = 100

_SEVERITIES = list(AlertSeverity)


@dataclass(frozen=True)
class QualityRow:
    """How good one dataset is, or all are; scores from 0 to 1, those left out where nothing was checked."""

    name: str
    score: float | None
    dimensions: Mapping[str, float]


@dataclass(frozen=True)
class Report:
    """What the page shows.

    Attributes:
        title: the package of the datasets.
        environment: the deployment's name in the ledger.
        made_at: UTC, ISO 8601.
        since: when the window begins, UTC, ISO 8601.
        states: every state to how many partitions are in it.
        attention: partitions that are not up to date, the worst first, at most 40.
        troubles: all of them, those of one cause together.
        trends: two of each dataset: seconds and rows.
        phases: what took longest first.
        quality: of each dataset that was checked; the first row is about all.
        alerts: those that are not resolved, the most severe first, at most 100.
        alerts_open: how many those are.
        alerts_resolved: how many were, within the window.
        dagster_url: where Dagster's UI is.
    """

    title: str
    environment: str
    made_at: str
    since: str
    states: Mapping[PartitionState, int]
    calendars: tuple[Calendar, ...]
    attention: tuple[Trouble, ...]
    troubles: tuple[Troubles, ...]
    trends: tuple[Trend, ...]
    savings: Savings
    phases: tuple[PhaseCosts, ...]
    quality: tuple[QualityRow, ...]
    alerts: tuple[Alert, ...]
    alerts_open: int
    alerts_resolved: int
    dagster_url: str

    @property
    def partitions(self) -> int:
        """How many there are of all datasets."""
        return sum(self.states.values())

    @property
    def up_to_date(self) -> int:
        """How many are what they should be now."""
        return sum(count for state, count in self.states.items() if state.is_up_to_date)


def find_report(
    project: Project,
    since: str = DEFAULT_SINCE,
    *,
    alerts: Sequence[Alert] = (),
    expect: Expect = expect_usual,
    now: datetime | None = None,
) -> Report:
    """Gather what the page shows.

    Args:
        project: of which deployment.
        since: when the window begins: a date, `YYYY-MM-DD` in UTC, or a span such as `12h`, `30d` or `4w`. It is about
            when things happened, not about the dates of partitions: the calendar shows partitions of any date.
        alerts: those of the ledger; what of them is late, or is about a partition of a trend, is marked as such.
        expect: what durations were expected; the middle 95 % of those before by default.
        now: the moment; the present by default.

    Raises:
        SelectionError: `since` says no time, or one to come.
    """
    now = now or datetime.now(UTC)
    beginning = since_text(since, now)
    start = datetime.fromisoformat(beginning)
    if start > now:
        raise SelectionError(
            f"since {since!r} lies in the future; write a date that has been, or how long ago: 12h, 7d, 4w."
        )
    known = Measurements(project.engine, project.settings.environment)
    measurements = known.materializations(_as_long_before(start, now))
    made = [measurement for measurement in measurements if measurement.at >= beginning]
    planner = project.planner(project.graph.datasets.values(), may_wait=False)
    laid_out = _lay_out(project, planner, beginning, alerts)
    calendars = tuple(of.calendar for of in laid_out.values())
    troubled, explainer = [one for of in laid_out.values() for one in of.troubles], Explainer(planner)
    unresolved = [alert for alert in alerts if alert.state is not AlertState.RESOLVED]
    unresolved.sort(key=lambda alert: (-_SEVERITIES.index(alert.finding.severity), -alert.opened_at))
    return Report(
        title=project.settings.datasets,
        environment=project.settings.environment,
        made_at=now.isoformat(timespec="seconds"),
        since=beginning,
        states=count_all(calendars),
        calendars=calendars,
        attention=one_by_one(troubled, explainer, MOST_ATTENTION),
        troubles=by_cause(troubled, explainer),
        trends=_trends(laid_out, project, measurements, _Judging(beginning, expect, alerts)),
        savings=_savings(known, calendars, measurements, beginning),
        phases=tuple(find_phases(made, known.runs(beginning))),
        quality=_quality(project),
        alerts=tuple(unresolved[:MOST_ALERTS]),
        alerts_open=len(unresolved),
        alerts_resolved=sum(1 for a in alerts if a.resolved_at is not None and a.resolved_at >= start.timestamp()),
        dagster_url=project.settings.dagster_url,
    )


def _as_long_before(start: datetime, now: datetime) -> str:
    """As far before `start` as that is before `now`: the first in the window are judged by what happened since then."""
    try:
        return ledger_time(start - (now - start))
    except OverflowError:
        return ""


@dataclass(frozen=True)
class _LaidOut:
    calendar: Calendar
    known: Known
    troubles: list[Troubled]


def _lay_out(project: Project, planner: Planner, since: str, alerts: Sequence[Alert]) -> dict[str, _LaidOut]:
    late = late_partitions(alerts)
    found = {}
    for dataset in project.graph.datasets.values():
        known = _known(project, planner, dataset, late)
        entries = planner.plan(dataset, partition_keys(dataset.partitions))
        cells = [cell_of(entry, known, since) for entry in entries]
        troubles = [(entry, cell) for entry, cell in zip(entries, cells, strict=True) if cell.troubled]
        found[dataset.name] = _LaidOut(lay_out(dataset, cells), known, troubles)
    return found


def _known(project: Project, planner: Planner, dataset: Dataset, late: Mapping[str, Mapping[str, str]]) -> Known:
    name, holdings = dataset.name, project.holdings
    blocked = holdings.judgements.blocked(name)
    return Known(planner.held(name), holdings.failures(name), blocked, late.get(name, {}))


@dataclass(frozen=True)
class _Judging:
    since: str
    expect: Expect
    alerts: Sequence[Alert]


def _trends(
    laid_out: Mapping[str, _LaidOut], project: Project, measurements: Sequence[Measurement], judging: _Judging
) -> tuple[Trend, ...]:
    by_dataset: dict[str, list[Measurement]] = {name: [] for name in laid_out}
    for measurement in measurements:
        if measurement.dataset in by_dataset:
            by_dataset[measurement.dataset].append(measurement)
    trends = []
    for name, of in laid_out.items():
        mine = by_dataset[name]
        trends.append(duration_trend(name, mine, judging.since, judging.expect, judging.alerts))
        trends.append(volume_trend(project.graph.get(name), of.known.held, mine, judging.alerts))
    return tuple(trends)


def _savings(
    known: Measurements, calendars: Sequence[Calendar], measurements: Sequence[Measurement], since: str
) -> Savings:
    left = {of.dataset: of.counts.get(PartitionState.REUSED, 0) for of in calendars}
    costs = median_costs(measurements)
    unknown = [name for name, count in left.items() if count and name not in costs]
    if unknown:  # they were computed so long ago that they were not read yet
        costs.update(median_costs(known.materializations(datasets=unknown)))
    made = [measurement for measurement in measurements if measurement.at >= since]
    return find_savings(made, known.runs(since), left, costs)


def _quality(project: Project) -> tuple[QualityRow, ...]:
    found = find_quality(project)
    if found.score is None:
        return ()
    rows = [QualityRow(name, of.score, of.dimensions) for name, of in found.datasets.items() if of.partitions]
    return (QualityRow("all", found.score, found.dimensions), *rows)
