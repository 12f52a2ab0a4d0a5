"""Metrics that change although they stay within their limits: the share of rows that fail a rule, and the row count.

Each partition of time adds one point to the series of each rule. That a series is found without a cause is kept within
the budget of false alarms: the rate of one test is the budget's part divided by the tests in a week. Tests that follow
each other see mostly the same points, so that less is found by chance than is allowed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from flow_assets.declaration import Dataset
from flow_assets.insight.watch.budget import SHARE_OF_DRIFTS
from flow_assets.insight.watch.downstream import without_consequences
from flow_assets.insight.watch.quality.level import BATCHES, LevelChange, compare
from flow_assets.insight.watch.quality.series import Series, read_series
from flow_assets.insight.watch.situation import Situation
from flow_assets.insight.watch.words import paragraph, titled
from flow_assets.ledger.findings import AlertSeverity, Chart, Finding
from flow_assets.ledger.times import unix_time

WATCH = "quality"

_SEASONS = {"hours": (24, 168.0), "days": (7, 7.0), "months": (3, 0.25)}
"""Unit of partitions to how many make a batch, and how many end in a week."""

_LEAST_RATE = 1e-7
_LEAST_SHARE, _LEAST_RATIO = 0.5, 1.25
"""In percent; and how many times what was expected. Less is no trouble, however sure it is."""

_LEAST_CHANGE_OF_ROWS = log(1.2)


@dataclass(frozen=True)
class Drift:
    """A series whose level has changed.

    Attributes:
        size: partitions in a batch.
        change: as it is now.
        chance: how probable the clearest of the last tests is if nothing is wrong.
        first: the first partition of the batch in which that was found, and `since` when it was checked.
    """

    series: Series
    size: int
    change: LevelChange
    chance: float
    first: str
    since: str


def find_drifting(situation: Situation) -> list[Finding]:
    """A finding for each dataset and dimension that drifts; what is downstream of it in the same dimension is in it."""
    graph = situation.project.graph
    found = _series(situation)
    tests = sum(len(some) * _season(graph.get(name))[1] for name, some in found.items())
    budget = situation.project.settings.false_alarms_per_week * SHARE_OF_DRIFTS
    rate = max(budget / tests, _LEAST_RATE) if tests else 0.0
    groups: dict[tuple[str, str], list[Drift]] = {}
    for name, some in found.items():
        for series in some:
            if drift := find_drift(series, _season(graph.get(name))[0], rate):
                groups.setdefault((name, series.dimension), []).append(drift)
    findings = {cause: _finding(drifts, rate) for cause, drifts in groups.items()}
    return list(without_consequences(graph, findings))


def newest_partitions(dataset: Dataset) -> int:
    """How many of the last partitions the series of a dataset are made of; none if it has no partitions of time."""
    size = _season(dataset)[0]
    return size * (BATCHES + 2) if size else 0


def find_drift(series: Series, size: int, rate: float) -> Drift | None:
    """Whether the level of a series has changed within its last `size` partitions, and still is not as it was.

    A test is made as of each of these partitions, so that an alert does not come and go with each of them.
    """
    values, least = series.values(), series.least_spread(size)
    now = compare(values, size, least, with_trend=series.is_share)
    if now is None or any(series.are_broken[-size:]) or not _matters(series, now):
        return None
    best: tuple[float, int] | None = None
    for offset in range(size):
        change = compare(values[: len(values) - offset], size, least, with_trend=series.is_share)
        if change and _matters(series, change):
            chance = change.rise if series.is_share else min(1.0, 2 * min(change.rise, change.fall))
            best = min(best or (chance, offset), (chance, offset))
    if best is None or best[0] > rate:
        return None
    start = len(values) - best[1] - size
    return Drift(series, size, now, best[0], series.partitions[start], series.checked_at[start])


def _matters(series: Series, change: LevelChange) -> bool:
    if not series.is_share:
        return abs(change.medians[-1] - change.expected) >= _LEAST_CHANGE_OF_ROWS
    seen, expected = series.shown(change.medians[-1]), series.shown(change.expected)
    return seen >= max(expected + _LEAST_SHARE, expected * _LEAST_RATIO)


def _series(situation: Situation) -> dict[str, list[Series]]:
    """Of each dataset with partitions of time, what its series are."""
    project = situation.project
    judgements = project.holdings.judgements
    checks = {
        name: judgements.newest_checks(name, most)
        for name, dataset in project.graph.datasets.items()
        if (most := newest_partitions(dataset))
    }
    rule_sets = judgements.rule_sets(sorted({check.rules for some in checks.values() for check in some}))
    return {name: read_series(name, some, rule_sets) for name, some in checks.items()}


def _season(dataset: Dataset) -> tuple[int, float]:
    return _SEASONS.get(getattr(dataset.partitions, "unit", ""), (0, 0.0))


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
            f"Also: {', '.join(others)}." if others else "",
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
