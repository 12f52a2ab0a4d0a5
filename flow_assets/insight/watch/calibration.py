"""Is the budget of false alarms kept? The history is judged again from its beginning, as the watches would have done.

What is counted are alarms: times at which an alert would have been opened. Nobody knows which of them had a cause, so
that all count against the budget; the rate of false alarms is at most what is shown here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flow_assets.insight.baseline import ArrivalBaseline, DurationBaseline
from flow_assets.insight.watch.budget import Budget, read_budget
from flow_assets.insight.watch.durations.calls import read_calls
from flow_assets.insight.watch.durations.episodes import find_episodes
from flow_assets.insight.watch.durations.expectations import MakeExpectation
from flow_assets.insight.watch.durations.judged import judge
from flow_assets.insight.watch.freshness.replay import replay_late_partitions
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
        began: when the history begins; None without any.
    """

    watch: str
    dataset: str
    judgements: int
    alarms: int
    lasting: int
    began: datetime | None


Replay = Callable[[Project, datetime, Budget], Sequence[Replayed]]
"""Judges the history of the ledger until a moment, at the budget's rate."""


@dataclass(frozen=True)
class Calibrated:
    """How one watch keeps to its share of the budget about one dataset.

    Attributes:
        weeks: of history.
        alarms_per_week: what it came to.
        low: least rate of alarms a week that is likely, given how many there were (95 %).
        high: greatest.
        budget: false alarms a week that its judgements may come to.
    """

    replayed: Replayed
    weeks: float
    alarms_per_week: float
    low: float
    high: float
    budget: float

    @property
    def is_within(self) -> bool:
        """Whether the alarms are no proof that there are more than the budget allows."""
        return self.low <= self.budget


@dataclass(frozen=True)
class Calibration:
    """The achieved rate of alarms, by watch and dataset and of all together.

    Attributes:
        rate: with which probability each judgement may be a false alarm.
    """

    rate: float
    parts: tuple[Calibrated, ...]
    total: Calibrated


def replay_durations(
    project: Project, now: datetime, budget: Budget, make: MakeExpectation = DurationBaseline
) -> list[Replayed]:
    """All calls of all datasets in order, judged by those before them and then learned from."""
    replayed = []
    for name, calls in read_calls(project, now).items():
        episodes = find_episodes(judge(calls, make(budget.rate)))
        lasting = sum(episode.is_lasting or len(episode.calls) > 1 for episode in episodes)
        replayed.append(Replayed("durations", name, len(calls), len(episodes), lasting, calls[0].at))
    return replayed


def replay_arrivals(project: Project, now: datetime, budget: Budget) -> list[Replayed]:
    """All arrivals that are judged by what was learned, in order; a partition that came late is an alarm."""

    def new_model(timezone: str) -> ArrivalBaseline:
        return ArrivalBaseline(false_alarm_rate=budget.rate, timezone=timezone)

    found = replay_late_partitions(project, now, new_model)
    return [Replayed("freshness", one.dataset, one.judged, len(one.late), 0, one.began) for one in found]


REPLAYS: Mapping[str, Replay] = {"durations": replay_durations, "freshness": replay_arrivals}
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
    parts = tuple(_calibrated(one, budget.share(one.watch, one.dataset), now) for one in replayed)
    whole = Replayed(
        watch="all",
        dataset="",
        judgements=sum(one.judgements for one in replayed),
        alarms=sum(one.alarms for one in replayed),
        lasting=sum(one.lasting for one in replayed),
        began=min((one.began for one in replayed if one.began), default=None),
    )
    return Calibration(budget.rate, parts, _calibrated(whole, budget.false_alarms_per_week, now))


def rate_interval(count: int, weeks: float) -> tuple[float, float]:
    """The 95 % interval of a rate a week, of which `count` were seen in `weeks`.

    The exact one for counts of Poisson (F. Garwood, "Fiducial limits for the Poisson distribution", 1936).
    """
    from scipy.stats import chi2  # takes long to import, and is rarely needed

    beyond = (1 - _CONFIDENCE) / 2
    low = float(chi2.ppf(beyond, 2 * count)) / 2 if count else 0.0
    return low / weeks, float(chi2.ppf(1 - beyond, 2 * count + 2)) / 2 / weeks


def _calibrated(replayed: Replayed, budget: float, now: datetime) -> Calibrated:
    weeks = max((now - replayed.began) / _WEEK, 1.0) if replayed.began else 1.0
    low, high = rate_interval(replayed.alarms, weeks)
    return Calibrated(replayed, weeks, replayed.alarms / weeks, low, high, budget)
