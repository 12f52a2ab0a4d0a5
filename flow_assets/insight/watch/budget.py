"""The budget of false alarms, shared out: how rare a judgement must be to be told to somebody.

With `false_alarms_per_week` put up with and so many judgements a week, each may be wrong with the probability that
makes the sum come out. Every judgement gets the same share, so that a dataset that is judged often causes more of the
false alarms than one that is judged rarely, but none is watched less closely than another.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flow_assets.declaration import TimePartitions
from flow_assets.insight.watch.durations.calls import recent_calls
from flow_assets.insight.watch.durations.ended_runs import recent_ended_runs
from flow_assets.insight.watch.memory import place_of, remembered, stamp
from flow_assets.materialization.project import Project

GREATEST_RATE = 0.05
"""Where few judgements are made, none is told to somebody that is not at least so rare."""

LEAST_RATE = 1e-6

SHARE_OF_DRIFTS = 0.2
"""What part of the budget is for metrics of quality that drift, which are tested and not judged one by one."""

_WEEK = timedelta(days=7)
_WINDOW = 4 * _WEEK
_STEPS = (5, 2, 1)


@dataclass(frozen=True)
class Budget:
    """How many judgements are made, and what each may cost.

    Attributes:
        false_alarms_per_week: what is put up with, from durations and arrivals together.
        judgements_per_week: (watch, dataset) to how many; the dataset is empty where it is about runs.
    """

    false_alarms_per_week: float
    judgements_per_week: Mapping[tuple[str, str], float]

    @property
    def rate(self) -> float:
        """With which probability one judgement may be a false alarm."""
        return rate_per_judgement(self.false_alarms_per_week, sum(self.judgements_per_week.values()))

    def share(self, watch: str, dataset: str = "") -> float:
        """How many false alarms a week the judgements of one watch about one dataset may come to."""
        return self.rate * self.judgements_per_week.get((watch, dataset), 0.0)


def rate_per_judgement(false_alarms_per_week: float, judgements_per_week: float) -> float:
    """The probability of a false alarm that each of so many judgements may have.

    It is rounded down to 1, 2 or 5 times a power of ten: thresholds must not move whenever a judgement more was made.
    """
    rate = false_alarms_per_week / max(judgements_per_week, 1.0)
    rate = min(max(rate, LEAST_RATE), GREATEST_RATE)
    power = 10.0 ** math.floor(math.log10(rate) + 1e-9)
    step = next(step for step in _STEPS if step * power <= rate * (1 + 1e-9))
    return step * power


def read_budget(project: Project, now: datetime) -> Budget:
    """The budget as the settings and the history of the last four weeks make it; read only if there is news.

    Durations are judged once for each dataset that a run computes, and once for each run; arrivals once for each
    period of a dataset that ends.
    """
    question = (stamp(project, now), now.date(), project.settings.false_alarms_per_week)
    return remembered(("budget", *place_of(project)), question, lambda: _count(project, now))


def _count(project: Project, now: datetime) -> Budget:
    calls = recent_calls(project, now)
    since = now - _WINDOW
    began = [of[0].at for of in calls.values()]
    weeks = min(max((now - min(began)) / _WEEK, 1.0), _WINDOW / _WEEK) if began else 1.0
    counts: Counter[tuple[str, str]] = Counter()
    for name, of in calls.items():
        counts["durations", name] = sum(call.at >= since for call in of)
    counts["durations", ""] = sum(run.is_usual and run.started_at >= since for run in recent_ended_runs(project, now))
    judged = {place: count / weeks for place, count in counts.items() if count}
    arrivals = {("freshness", name): ended for name in calls if (ended := periods_per_week(project, name, now))}
    budget = project.settings.false_alarms_per_week * (1 - SHARE_OF_DRIFTS)
    return Budget(budget, {**judged, **arrivals})


def periods_per_week(project: Project, dataset: str, now: datetime) -> float:
    """How many partitions of `dataset` ended in each of the last four weeks; 0 unless they are windows of time."""
    partitions = project.graph.get(dataset).partitions
    if not isinstance(partitions, TimePartitions):
        return 0.0
    most = int(_WINDOW / timedelta(hours=1)) + 1
    ended = sum(partitions.window(key)[1] >= now - _WINDOW for key in partitions.keys(now)[-most:])
    return ended / (_WINDOW / _WEEK)
