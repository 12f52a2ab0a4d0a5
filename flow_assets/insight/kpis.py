"""What making the data cost: time, memory, rows and bytes, what went wrong, and what reuse saved.

All of it is counted from the ledger's measurements. What was measured is told apart by how it ended: times in the
middle (median, 95 % quantile) and rows a second are of what was computed; totals are of everything that was tried.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from flow_assets.insight.figures import By, Figures, Kpis, PhaseFigures, RunFigures
from flow_assets.insight.periods import label_of, unit_of
from flow_assets.insight.spans import since_text
from flow_assets.ledger.measurements import Measurement, Measurements, Reuse, RunMeasurement
from flow_assets.materialization.project import Project

_DAY = len("2013-01-01")
_VERSION = 12


def find_kpis(project: Project, name: str | None = None, *, since: str | None = None, by: By = By.DATASET) -> Kpis:
    """The KPIs.

    Args:
        project: whose.
        name: a dataset; all by default.
        since: only what ended since then, and runs that began since: a date in UTC, or a span such as `7d`.
        by: what to tell apart.

    Raises:
        SelectionError: there is no such dataset, or `since` says no time.
    """
    names = None if name is None else [project.graph.get(name).name]
    start = since_text(since) if since is not None else ""
    measurements = Measurements(project.engine, project.settings.environment)
    runs = measurements.runs(start)
    if name is not None:
        runs = [_reusing_only(run, name) for run in runs if name in run.datasets]
    order = {dataset: number for number, dataset in enumerate(project.graph.datasets)}
    attempts = sorted(measurements.attempts(start, names), key=lambda m: order.get(m.dataset, len(order)))
    return sum_up(attempts, runs, by, name)


def _reusing_only(run: RunMeasurement, name: str) -> RunMeasurement:
    return run._replace(reused={of: reuse for of, reuse in run.reused.items() if of == name})


def sum_up(attempts: Sequence[Measurement], runs: Sequence[RunMeasurement], by: By, name: str | None = None) -> Kpis:
    """Count KPIs, of datasets in the order in which they come first.

    Args:
        attempts: what was measured of partitions.
        runs: what was measured of runs.
        by: what to tell apart.
        name: the only dataset that they are of; phases of runs that it shared with others are not its own.
    """
    own = [run for run in runs if name is None or set(run.datasets) == {name}]
    groups: dict[str, list[Measurement]] = defaultdict(list)
    reuse: dict[str, list[Reuse]] = defaultdict(list)
    if by is not By.PHASE:
        for attempt in attempts:
            groups[_GROUPS[by](attempt)].append(attempt)
    for run in runs:
        for dataset, of in run.reused.items():
            reuse[run.started_at[:_DAY] if by is By.DAY else dataset].append(of)
    if by in (By.DATASET, By.DAY):
        groups.update({group: [] for group in reuse if group not in groups})
    names = sorted(groups) if by is By.DAY else list(groups)
    unit, periods, label = _periods(attempts)
    return Kpis(
        by=by,
        groups={group: _figures(groups[group], None if by is By.CODE_VERSION else reuse[group]) for group in names},
        total=_figures(attempts, [of for some in reuse.values() for of in some]),
        phases=_phases(attempts, own),
        runs=_run_figures(runs),
        shared_runs=len(runs) - len(own),
        unit=unit,
        periods=periods,
        over_time={group: _over_time(of, label) for group, of in groups.items()},
    )


_GROUPS: Mapping[By, Callable[[Measurement], str]] = {
    By.DATASET: lambda attempt: attempt.dataset,
    By.DAY: lambda attempt: attempt.at[:_DAY],
    By.CODE_VERSION: lambda attempt: f"{attempt.dataset} {attempt.code_fingerprint[:_VERSION]}",
}


def _figures(attempts: Sequence[Measurement], reuse: Sequence[Reuse] | None) -> Figures:
    counts = Counter(attempt.change for attempt in attempts)
    computed = [attempt for attempt in attempts if attempt.change == "computed"]
    seconds = [attempt.wall_seconds for attempt in computed]
    rows = sum(attempt.rows_out for attempt in computed)
    checked = [attempt.checked for attempt in attempts if attempt.checked]
    errors = Counter(attempt.error for attempt in attempts if attempt.error)
    return Figures(
        computed=counts["computed"],
        restored=counts["restored"],
        blocked=counts["blocked"],
        failed=counts["failed"],
        reused=None if reuse is None else sum(of.partitions for of in reuse),
        saved_seconds=None if reuse is None else sum(of.seconds for of in reuse),
        wall_seconds=sum(attempt.wall_seconds for attempt in attempts),
        median_seconds=_quantile(seconds, 0.5),
        p95_seconds=_quantile(seconds, 0.95),
        cpu_seconds=sum(attempt.cpu_seconds for attempt in attempts),
        rows_per_second=rows / sum(seconds) if sum(seconds) else None,
        rows_in=sum(attempt.rows_in for attempt in attempts),
        rows_out=sum(attempt.rows_out for attempt in attempts),
        bytes_in=sum(attempt.bytes_in for attempt in attempts),
        bytes_out=sum(attempt.bytes_out for attempt in attempts),
        peak_memory_bytes=max((attempt.peak_memory_bytes for attempt in attempts), default=0),
        rules_passed=sum(of.passed or 0 for of in checked),
        rules_warned=sum(of.warned for of in checked),
        rules_failed=sum(of.failed for of in checked),
        rows_quarantined=sum(of.quarantined for of in checked),
        phases={phase: sum(of) for phase, of in _by_phase(attempt.phases for attempt in attempts).items()},
        errors=dict(errors.most_common()),
    )


def _phases(attempts: Sequence[Measurement], runs: Sequence[RunMeasurement]) -> dict[str, PhaseFigures]:
    """Those first that most of the time went into."""
    found = {
        "partition": _by_phase(attempt.phases for attempt in attempts),
        "run": _by_phase(run.phases for run in runs),
    }
    whole = sum(sum(seconds) for phases in found.values() for seconds in phases.values())
    figures = {
        phase: PhaseFigures(
            of=of,
            seconds=sum(seconds),
            share=sum(seconds) / whole if whole else 0.0,
            count=len(seconds),
            median_seconds=_quantile(seconds, 0.5) or 0.0,
            p95_seconds=_quantile(seconds, 0.95) or 0.0,
        )
        for of, phases in found.items()
        for phase, seconds in phases.items()
    }
    return dict(sorted(figures.items(), key=lambda item: -item[1].seconds))


def _by_phase(each: Iterable[Mapping[str, float]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for phases in each:
        for phase, seconds in phases.items():
            found[phase].append(seconds)
    return found


def _run_figures(runs: Sequence[RunMeasurement]) -> RunFigures:
    seconds = [run.seconds for run in runs if run.seconds is not None]
    return RunFigures(
        count=len(runs),
        unended=len(runs) - len(seconds),
        median_seconds=_quantile(seconds, 0.5),
        p95_seconds=_quantile(seconds, 0.95),
        queue_p95_seconds=_quantile([run.phases["queue"] for run in runs if "queue" in run.phases], 0.95),
        errors=dict(Counter(run.error for run in runs if run.error).most_common()),
    )


def _periods(attempts: Sequence[Measurement]) -> tuple[str | None, tuple[str, ...], Callable[[str], str]]:
    """The unit, every period that there is, and what names the one in which a time lies."""
    days = sorted({date.fromisoformat(attempt.at[:_DAY]) for attempt in attempts})
    if not days:
        return None, (), str
    unit = unit_of(days[0], days[-1])
    label = label_of(unit)
    every = (days[0] + timedelta(days=number) for number in range((days[-1] - days[0]).days + 1))
    return unit, tuple(dict.fromkeys(map(label, every))), lambda at: label(date.fromisoformat(at[:_DAY]))


def _over_time(attempts: Sequence[Measurement], label: Callable[[str], str]) -> dict[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for attempt in attempts:
        if attempt.change == "computed":
            found[label(attempt.at)].append(attempt.wall_seconds)
    return {period: float(np.median(seconds)) for period, seconds in sorted(found.items())}


def _quantile(values: Sequence[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None
