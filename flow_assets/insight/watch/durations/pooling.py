"""The baselines that durations are judged by: of datasets that are new, what is usual for the others is assumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flow_assets.insight.baseline import DurationBaseline, Noise, Priors, pooled_priors
from flow_assets.insight.watch.durations.calls import Call, Calls, recent_calls
from flow_assets.insight.watch.durations.judged import learn_call
from flow_assets.insight.watch.memory import place_of, remembered
from flow_assets.materialization.project import Project

LEAST_CALLS = 40
"""The noise of a dataset with fewer says little."""

MOST_CALLS, MOST_DATASETS = 150, 30
"""More of them, or of datasets, would take long and change nothing."""


@dataclass(frozen=True)
class PooledBaseline:
    """Makes baselines that know how noisy other datasets are."""

    priors: Priors

    def __call__(self, rate: float) -> DurationBaseline:
        """One that has learned nothing, given the rate of false alarms of a judgement."""
        return DurationBaseline(rate, priors=self.priors)


def pooled_baseline(project: Project, now: datetime) -> PooledBaseline:
    """What the calls of all datasets before this month (UTC) say; a new call must not change what was judged."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return remembered(("pool", *place_of(project)), month, lambda: pool(recent_calls(project, now), month))


def pool(calls: Calls, until: datetime) -> PooledBaseline:
    """What those before a moment say."""
    earlier = ([call for call in of if call.at < until] for of in calls.values())
    known = sorted((of for of in earlier if len(of) >= LEAST_CALLS), key=len, reverse=True)
    return PooledBaseline(pooled_priors([_noise(of[-MOST_CALLS:]) for of in known[:MOST_DATASETS]], Priors()))


def _noise(calls: Sequence[Call]) -> Noise:
    baseline = DurationBaseline()
    for call in calls:
        learn_call(baseline, call)
    return baseline.noise
