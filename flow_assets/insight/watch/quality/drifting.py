"""Metrics that change although they stay within their limits: the share of rows that fail a rule, and the row count.

Each partition of time adds one point to the series of each rule. That a series is found without a cause is kept within
the budget of false alarms: the rate of one test is the budget's part divided by the tests in a week. Tests that follow
each other see mostly the same points, so that less is found by chance than is allowed.
"""

from collections.abc import Mapping, Sequence

from flow_assets.insight.watch.budget import SHARE_OF_DRIFTS
from flow_assets.insight.watch.downstream import without_consequences
from flow_assets.insight.watch.quality.drift import Drift, find_drift, season_of
from flow_assets.insight.watch.quality.series import Series, series_of
from flow_assets.insight.watch.situation import Situation
from flow_assets.insight.watch.words import paragraph
from flow_assets.ledger.findings import AlertSeverity, Chart, Finding
from flow_assets.ledger.times import unix_time
from flow_assets.materialization.project import Project
from flow_assets.texts import listed, titled

WATCH = "quality"

_LEAST_RATE = 1e-7


def find_drifting(situation: Situation) -> list[Finding]:
    """A finding for each dataset and dimension that drifts; what is downstream of it in the same dimension is in it."""
    graph = situation.project.graph
    found = read_series(situation.project)
    rate = rate_of_tests(situation.project, found)
    groups: dict[tuple[str, str], list[Drift]] = {}
    for name, some in found.items():
        season = season_of(graph.get(name))
        drifts = (find_drift(series, season.size, rate) for series in some) if season else ()
        for drift in filter(None, drifts):
            groups.setdefault((name, drift.series.dimension), []).append(drift)
    findings = {cause: _finding(drifts, rate) for cause, drifts in groups.items()}
    return list(without_consequences(graph, findings))


def rate_of_tests(project: Project, found: Mapping[str, Sequence[Series]]) -> float:
    """With which probability one test of one of these series may find what is not there."""
    seasons = {name: season_of(project.graph.get(name)) for name in found}
    tests = sum(len(found[name]) * season.partitions_per_week for name, season in seasons.items() if season)
    budget = project.settings.false_alarms_per_week * SHARE_OF_DRIFTS
    return max(budget / tests, _LEAST_RATE) if tests else 0.0


def read_series(project: Project, *, whole: bool = False) -> dict[str, list[Series]]:
    """Of each dataset with partitions of time, what its series are: as far back as a look needs, or whole."""
    judgements = project.holdings.judgements
    checks = {
        name: judgements.newest_checks(name, None if whole else season.most_partitions)
        for name, dataset in project.graph.datasets.items()
        if (season := season_of(dataset))
    }
    rule_sets = judgements.rule_sets(sorted({check.rules for some in checks.values() for check in some}))
    return {name: series_of(name, some, rule_sets) for name, some in checks.items() if some}


def _finding(drifts: Sequence[Drift], rate: float) -> Finding:
    worst = min(drifts, key=lambda drift: drift.chance)
    series = worst.series
    what = f"rows of {series.dataset}" if not series.is_share else f"share that fails {series.metric}"
    seen, expected = series.shown(worst.change.medians[-1]), series.shown(worst.change.expected)
    unit = "%" if series.is_share else "rows"
    low, high = (series.shown(value) for value in worst.change.limits(rate))
    others = [drift.series.metric for drift in drifts if drift is not worst]
    return Finding(
        watch=WATCH,
        identity=f"drifting {series.dataset} {series.dimension}",
        severity=AlertSeverity.WARNING,
        title=titled(f"{series.dataset}: the {what} went from {_number(expected)} to {_number(seen)} {unit}"),
        text=paragraph(
            f"Since {worst.first} or before, as the median of each {worst.size} partitions has it.",
            f"Between {_number(low)} and {_number(high)} {unit} was expected.",
            "No limit is broken by it." if series.is_share else "",
            f"Also: {listed(others)}." if others else "",
            f"Look at it: flow quality {series.dataset}. If it is right so, it is what is usual after some weeks.",
        ),
        since=unix_time(worst.since),
        dataset=series.dataset,
        partitions=(worst.first,),
        evidence={
            "metric": series.metric,
            "unit": unit,
            "seen": seen,
            "expected": expected,
            "expected_from": low,
            "expected_to": high,
            "chance": worst.chance,
        },
        link=f"/assets/{series.dataset}",
        chart=_chart(worst, (low, high)),
    )


def _chart(drift: Drift, limits: tuple[float, float]) -> Chart:
    """The medians of the batches; each but the last is one of those that the limits follow from."""
    series, number = drift.series, len(drift.change.medians)
    start = len(series.partitions) - number * drift.size
    what = f"{series.dataset}: share that fails {series.metric}, %" if series.is_share else f"{series.dataset}: rows"
    return Chart(
        title=f"{what}, median of each {drift.size} partitions",
        labels=tuple(series.partitions[start + n * drift.size] for n in range(number)),
        values=tuple(series.shown(value) for value in drift.change.medians),
        low=(limits[0],) * number,
        high=(limits[1],) * number,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
