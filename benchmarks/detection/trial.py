"""Baselines on simulated series: how many false alarms, and what of an injected slowdown is found."""

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.detection.rivals import Rival
from benchmarks.detection.simulator import Series
from flow_assets.insight.baseline import DurationBaseline


@dataclass(frozen=True)
class Slowdown:
    """Runs that take `factor` times as long from some run on, to be found within so many runs."""

    factor: float
    runs: int


DOUBLED, SHIFTED = Slowdown(2.0, 3), Slowdown(1.3, 20)
SLOWDOWNS = (DOUBLED, SHIFTED)
FIRST_INJECTION = 600
INJECTIONS = 4


@dataclass
class Tally:
    """What one way to judge did on all series.

    Attributes:
        judgements: how many runs were judged.
        alarms: how many of them were false alarms.
        found: of each slowdown, whether each injected one was found.
        scores: of a rival, every score; its threshold for a budget is found from them afterwards.
        injected: of a rival, the largest score within each injected slowdown.
        seconds: what judging and learning took.
    """

    judgements: int = 0
    alarms: int = 0
    found: dict[Slowdown, list[bool]] = field(default_factory=lambda: {slowdown: [] for slowdown in SLOWDOWNS})
    scores: list[Any] = field(default_factory=list)
    injected: dict[Slowdown, list[float]] = field(default_factory=lambda: {slowdown: [] for slowdown in SLOWDOWNS})
    seconds: float = 0.0

    def recall(self, slowdown: Slowdown) -> float:
        """The share of injected slowdowns that were found."""
        return float(np.mean(self.found[slowdown]))


def injections(random: np.random.Generator, series: Series) -> Sequence[int]:
    """At which runs slowdowns are injected; none into a series that is too short."""
    last = len(series.seconds) - SHIFTED.runs
    return sorted(random.integers(FIRST_INJECTION, last, INJECTIONS).tolist()) if last > FIRST_INJECTION else []


def try_baseline(series: Series, rate: float, starts: Sequence[int], tally: Tally) -> None:
    """Judge and learn every run; at each start, a copy of the baseline sees the slowdowns instead."""
    baseline = DurationBaseline(rate)
    runs = list(_runs(series))
    begin = time.process_time()
    copying = 0.0
    for number, (seconds, told) in enumerate(runs):
        if number in starts:
            before = time.process_time()
            for slowdown in SLOWDOWNS:
                slow = runs[number : number + slowdown.runs]
                tally.found[slowdown].append(_is_found(copy.deepcopy(baseline), slow, slowdown.factor))
            copying += time.process_time() - before
        tally.alarms += baseline.judge(seconds, **told).anomalous
        baseline.learn(seconds, **told)
    tally.judgements += len(runs)
    tally.seconds += time.process_time() - begin - copying


def _runs(series: Series) -> Iterator[tuple[float, dict[str, Any]]]:
    sizes = [None] * len(series.seconds) if series.sizes is None else series.sizes.tolist()
    for seconds, size, regime, at in zip(series.seconds.tolist(), sizes, series.regimes, series.times, strict=True):
        yield seconds, {"size": size, "regime": regime, "at": at}


def _is_found(baseline: DurationBaseline, runs: Sequence[tuple[float, dict[str, Any]]], factor: float) -> bool:
    for seconds, told in runs:
        if baseline.judge(seconds * factor, **told).anomalous:
            return True
        baseline.learn(seconds * factor, **told)
    return False


def try_rival(series: Series, rival: Rival, starts: Sequence[int], tally: Tally) -> None:
    """Score every run by a rival; within a slowdown its idea of what is usual stays that of before: in its favour."""
    usual, unit = rival.expect(series)
    known = ~np.isnan(usual) & (unit > 0)
    scores = np.where(known, (series.seconds - usual) / np.where(known, unit, 1.0), 0.0)
    tally.judgements += len(scores)
    tally.alarms += int((scores > rival.threshold).sum())
    tally.scores.append(scores)
    for start in starts:
        for slowdown in SLOWDOWNS:
            slow = slice(start, start + slowdown.runs)
            offset = usual[slow] if rival.is_forecast else usual[start]
            largest = float(np.max((series.seconds[slow] * slowdown.factor - offset) / unit[start]))
            tally.injected[slowdown].append(largest)
            tally.found[slowdown].append(largest > rival.threshold)


def recall_at_budget(tally: Tally, slowdown: Slowdown, budget: float) -> float:
    """What a rival would find if its threshold were the one that keeps the budget on these very series."""
    scores = np.sort(np.concatenate(tally.scores))[::-1]
    threshold = scores[min(int(budget), len(scores) - 1)]
    return float(np.mean(np.array(tally.injected[slowdown]) > threshold))
