"""Baselines over simulated years of 200 hourly datasets: false alarms, slow runs found, late partitions found.

The simulator is in `simulator`, beside what is compared in `rivals`. Other seeds were used while the method was made.
It is measured once, however often it is asked for: what varies is the seed. So there are several years, each with 200
datasets of its own; the interval says by how much their sum may vary. The rivals see the first of them.
"""

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
from scipy.stats import poisson

from benchmarks.detection.lateness import Lateness, try_arrivals
from benchmarks.detection.rivals import HOLT_WINTERS, RIVALS, Rival
from benchmarks.detection.simulator import HOURS_OF_A_YEAR, Series, simulate
from benchmarks.detection.trial import DOUBLED, SHIFTED, Tally, injections, recall_at_budget, try_baseline, try_rival
from benchmarks.measuring import Result, Target
from benchmarks.workspace import Workspace

SEEDS = (20_260, 20_261, 20_262)
"""One a year."""

DATASETS, QUICK_DATASETS = 200, 6
QUICK_HOURS = 2000
RATE = 1 / (DATASETS * 168)
ARRIVAL_RATE = 0.001
WANTED_RECALL = 0.9


def measure(workspace: Workspace, repeats: int) -> Result:
    """Simulate, judge and count."""
    datasets, hours = (QUICK_DATASETS, QUICK_HOURS) if workspace.quick else (DATASETS, HOURS_OF_A_YEAR)
    result = Result()
    rivals = [rival for rival in RIVALS if rival is not HOLT_WINTERS or find_spec("statsmodels")]
    own, others = [Tally() for _ in SEEDS], {rival.name: Tally() for rival in rivals}
    for year, seed in enumerate(SEEDS):
        for number in range(datasets):
            random = np.random.default_rng([seed, number])
            series = simulate(random, hours)
            starts = injections(random, series)
            try_baseline(series, RATE, starts, own[year])
            seen_by = [rival for rival in rivals if year == 0 and number < rival.most_series]
            _try_rivals(series, starts, seen_by, others)
    _report(result, own)
    for rival in rivals:
        _report_rival(result, rival, others[rival.name])
    _measure_lateness(result, datasets, hours // 24 * 2)
    return result


def _try_rivals(series: Series, starts: object, rivals: list[Rival], tallies: dict[str, Tally]) -> None:
    for rival in rivals:
        try_rival(series, rival, starts, tallies[rival.name])  # type: ignore[arg-type]


def _report(result: Result, years: Sequence[Tally]) -> None:
    judgements, alarms = sum(tally.judgements for tally in years), sum(tally.alarms for tally in years)
    low, high = _interval(judgements)
    by_year = "; ".join(f"{tally.alarms} ({_interval_text(tally.judgements)})" for tally in years)
    note = f"{judgements:,} judgements, {judgements * RATE:.1f} allowed, 95 % interval {_interval_text(judgements)}"
    result.add("false alarms", "alarms", [alarms], f"{note}; by year: {by_year}")
    seconds = sum(tally.seconds for tally in years)
    result.add("judging and learning a run", "µs", [seconds / judgements * 1e6], f"{seconds:.0f} s CPU")
    result.targets.append(Target("false alarms, upper end of the interval", alarms, "at most", high, "alarms"))
    result.targets.append(Target("false alarms, lower end of the interval", alarms, "at least", low, "alarms"))
    for slowdown in (DOUBLED, SHIFTED):
        what = f"recall of runs {slowdown.factor} times as long within {slowdown.runs} runs"
        found = [is_found for tally in years for is_found in tally.found[slowdown]]
        recall = float(np.mean(found))
        by_year = "; by year: " + "; ".join(f"{tally.recall(slowdown):.3f}" for tally in years)
        result.add(what, "share", [recall], f"of {len(found):,}{by_year}")
        result.targets.append(Target(what, recall, "at least", WANTED_RECALL))


def _interval(judgements: int) -> tuple[float, float]:
    low, high = map(float, poisson.interval(0.95, judgements * RATE))
    return low, high


def _interval_text(judgements: int) -> str:
    low, high = _interval(judgements)
    return f"{low:.0f} to {high:.0f}"


def _report_rival(result: Result, rival: Rival, tally: Tally) -> None:
    weekly = tally.alarms / (tally.judgements * RATE)
    note = "its usual threshold; for the whole deployment"
    result.add(f"{rival.name}: false alarms a week", "alarms", [weekly], note)
    for slowdown in (DOUBLED, SHIFTED):
        at_budget = recall_at_budget(tally, slowdown, tally.judgements * RATE)
        note = f"{tally.recall(slowdown):.3f} at its usual threshold"
        what = f"{rival.name}: recall of {slowdown.factor} within {slowdown.runs} runs, threshold fitted to the budget"
        result.add(what, "share", [at_budget], note)


def _measure_lateness(result: Result, sources: int, days: int) -> None:
    tally = Lateness()
    for number in range(sources):
        try_arrivals(np.random.default_rng([SEEDS[0], 1, number]), ARRIVAL_RATE, days, tally)
    allowed = tally.judgements * ARRIVAL_RATE
    high = float(poisson.interval(0.95, allowed)[1])
    note = f"{tally.judgements:,} arrivals, {allowed:.0f} allowed"
    result.add("arrivals in time called late", "alarms", [tally.alarms], note)
    result.add("days of rest called late", "alarms", [tally.rest_alarms], "from the third week on")
    result.targets.append(Target("arrivals in time called late", tally.alarms, "at most", high, "alarms"))
    result.targets.append(Target("days of rest called late", tally.rest_alarms, "at most", 0, "alarms"))
    found = float(np.mean(tally.found))
    result.add(
        "late partitions found at the first evaluation after the stated bound",
        "share",
        [found],
        f"of {len(tally.found)}; the bound is {np.median(tally.delays):.2f} times the usual delay",
    )
    result.targets.append(Target("lateness found within one evaluation of the stated bound", found, "at least", 1.0))
