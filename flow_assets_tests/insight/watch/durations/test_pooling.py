"""New datasets are judged by what the others say."""

from flow_assets.insight.baseline import DurationBaseline, Priors
from flow_assets.insight.watch.durations.calls import read_calls
from flow_assets.insight.watch.durations.look import durations
from flow_assets.insight.watch.durations.pooling import PooledBaseline, pool, pooled_baseline
from flow_assets.insight.watch.situation import Situation
from flow_assets_tests.insight.watch.durations.noisy_runs import NAMES, Noisy
from flow_assets_tests.insight.watch.ledger_history import DAY, History

OLD, NEW = NAMES[:3], NAMES[3]


def told(history: History, days: int, **options) -> list[str]:
    """What is told when a dataset that is new, beside old ones, takes five times as long."""
    noisy = Noisy(history, seed=4)
    with history.together():
        for number in range(60 + days):
            noisy.add(only=OLD if number < 60 else NAMES)
    now = noisy.add(5.0, slow=NEW)
    return [finding.identity for finding in durations(Situation(history.project, now), **options)]


def test_a_dataset_of_a_week_that_takes_much_longer_is_told(history: History) -> None:
    assert told(history, 7) == [f"slow {NEW}"]


def test_without_the_others_it_would_not_be(history: History) -> None:
    assert told(history, 7, make=DurationBaseline) == []


def test_the_pool_is_of_what_was_before_this_month(history: History) -> None:
    noisy = Noisy(history, seed=4)
    with history.together():
        for _ in range(75):
            noisy.add()
    project, last = history.project, noisy.day - DAY
    pooled = pooled_baseline(project, last)
    assert pooled.priors.scale < 0.2
    assert pooled.priors.scale_runs <= len(NAMES)
    calls = read_calls(project, last)
    assert pooled == pool(calls, last.replace(day=1, hour=0)) != pool(calls, last)
    assert pool(calls, noisy.day - 50 * DAY) == PooledBaseline(Priors())  # too little was known then
    for name in ("trends", "readings"):
        noisy.add(50.0, slow=name)
    assert pooled_baseline(project, noisy.day - DAY) == pooled
