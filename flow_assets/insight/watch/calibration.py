"""Is the budget of false alarms kept? The history is judged again from its beginning, as the watches would have done.

What is counted are alarms: times at which an alert would have been opened. Nobody knows which of them had a cause, so
that all count against the budget; the rate of false alarms is at most what is shown here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flow_assets.insight.baseline import ArrivalBaseline
from flow_assets.insight.watch.budget import Budget, read_budget
from flow_assets.insight.watch.durations.calls import read_calls
from flow_assets.insight.watch.durations.episodes import find_episodes
from flow_assets.insight.watch.durations.expectations import MakeExpectation
from flow_assets.insight.watch.durations.judged import judge
from flow_assets.insight.watch.durations.pooling import pooled_baseline
from flow_assets.insight.watch.freshness.replay import replay_late_partitions
from flow_assets.insight.watch.quality.replay import replay_drifts
from flow_assets.materialization.project import Project

_WEEK = timedelta(days=7)
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Replayed:
    """What one watch would have told about one dataset.

    Attributes:
        judgements: how often it was judged.
        alarms: how often an alert would have been opened.
        lasting: alarms that the next judgement confirmed: those that hardly were false.
        weeks: over how long.
        budget: false alarms a week that so many judgements may come to.
    """

    watch: str
    dataset: str
    judgements: int
    alarms: int
    lasting: int
    weeks: float
    budget: float


Replay = Callable[[Project, datetime, Budget], Sequence[Replayed]]
"""Judges the history of the ledger until a moment, at the budget's rate."""


@dataclass(frozen=True)
class Calibrated:
    """How one watch keeps to its share of the budget about one dataset, or all together to the whole.

    Attributes:
        alarms_per_week: what it came to.
        low: least rate of alarms a week that is likely, given how many there were (95 %).
        high: greatest.
    """

    replayed: Replayed
    alarms_per_week: float
    low: float
    high: float

    @property
    def is_within(self) -> bool:
        """Whether the alarms are no proof that there are more than the budget allows."""
        return self.low <= self.replayed.budget


@dataclass(frozen=True)
class Calibration:
    """The achieved rate of alarms, by watch and dataset and of all together.

    Attributes:
        rate: with which probability each judgement of a duration or an arrival may be a false alarm.
        parts: by watch and dataset.
        total: all of them; its weeks are those of the longest.
    """

    rate: float
    parts: tuple[Calibrated, ...]
    total: Calibrated


def replay_durations(
    project: Project, now: datetime, budget: Budget, make: MakeExpectation | None = None
) -> list[Replayed]:
    """All calls of all datasets in order, judged by those before them and then learned from."""
    make = make or pooled_baseline(project, now)
    replayed = []
    for name, calls in read_calls(project, now).items():
        episodes = find_episodes(judge(calls, make(budget.rate)))
        lasting = sum(episode.is_lasting or len(episode.calls) > 1 for episode in episodes)
        share = budget.share("durations", name)
        weeks = _weeks(calls[0].at, now)
        replayed.append(Replayed("durations", name, len(calls), len(episodes), lasting, weeks, share))
    return replayed


def replay_arrivals(project: Project, now: datetime, budget: Budget) -> list[Replayed]:
    """All arrivals that are judged by what was learned, in order; a partition that came late is an alarm."""

    def new_model(timezone: str) -> ArrivalBaseline:
        return ArrivalBaseline(false_alarm_rate=budget.rate, timezone=timezone)

    found = replay_late_partitions(project, now, new_model)
    return [
        Replayed(
            "freshness",
            one.dataset,
            one.judged,
            len(one.late),
            0,
            _weeks(one.began, now),
            budget.share("freshness", one.dataset),
        )
        for one in found
    ]


def replay_quality(project: Project, now: datetime, budget: Budget) -> list[Replayed]:
    """All metrics of quality, tested for drifts after each partition as if each had come in its time."""
    return [
        Replayed("quality", one.dataset, one.tests, one.found, 0, one.weeks, one.rate * one.tests / one.weeks)
        for one in replay_drifts(project)
    ]


REPLAYS: Mapping[str, Replay] = {
    "durations": replay_durations,
    "freshness": replay_arrivals,
    "quality": replay_quality,
}
"""Watch to how its history is judged again; rules, deadlines and limits of resources have no rate."""


def calibrate(project: Project, now: datetime, replays: Mapping[str, Replay] = REPLAYS) -> Calibration:
    """Judge the history of the ledger until `now` again, and compare what would have been told with the budget.

    Args:
        project: whose ledger.
        now: until when.
        replays: watch to how its history is judged again.
    """
    budget = read_budget(project, now)
    replayed = [one for replay in replays.values() for one in replay(project, now, budget)]
    whole = Replayed(
        watch="all",
        dataset="",
        judgements=sum(one.judgements for one in replayed),
        alarms=sum(one.alarms for one in replayed),
        lasting=sum(one.lasting for one in replayed),
        weeks=max((one.weeks for one in replayed), default=1.0),
        budget=project.settings.false_alarms_per_week,
    )
    parts = tuple(_calibrated(one, [one]) for one in replayed)
    return Calibration(budget.rate, parts, _calibrated(whole, replayed))


def rate_interval(counts: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """The 95 % interval of a sum of rates a week, of each of which so many were seen in so many weeks.

    For one rate it is the exact one of Poisson's distribution (F. Garwood, "Fiducial limits for the Poisson
    distribution", 1936), for several its extension by M. P. Fay and E. J. Feuer ("Confidence intervals for directly
    standardized rates", Statistics in Medicine 16, 1997).
    """
    from scipy.stats import chi2  # takes long to import, and is rarely needed

    beyond = (1 - _CONFIDENCE) / 2
    rate = sum(count / weeks for count, weeks in counts)
    variance = sum(count / weeks**2 for count, weeks in counts)
    low = variance / rate / 2 * float(chi2.ppf(beyond, 2 * rate**2 / variance)) if rate else 0.0
    one_more = max((1 / weeks for _, weeks in counts), default=1.0)
    rate, variance = rate + one_more, variance + one_more**2
    return low, variance / rate / 2 * float(chi2.ppf(1 - beyond, 2 * rate**2 / variance))


def _calibrated(replayed: Replayed, parts: Sequence[Replayed]) -> Calibrated:
    counts = [(part.alarms, part.weeks) for part in parts]
    return Calibrated(replayed, sum(count / weeks for count, weeks in counts), *rate_interval(counts))


def _weeks(began: datetime, now: datetime) -> float:
    return max((now - began) / _WEEK, 1.0)
