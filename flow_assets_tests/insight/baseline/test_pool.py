"""What other series say of one that is new."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.baseline import DurationBaseline, Noise, Priors, pooled_priors

RATE = 0.01


def drawn(scale: float, runs: float, number: int, freedom: float, seed: int) -> list[Noise]:
    """Series whose variances are drawn as the method supposes, each measured by so many runs."""
    random = np.random.default_rng(seed)
    variances = scale**2 * runs / random.chisquare(runs, number)
    measured = variances * random.chisquare(freedom, number) / freedom
    return [Noise(math.sqrt(variance), freedom) for variance in measured]


@pytest.mark.parametrize(("scale", "runs"), [(0.1, 4.0), (0.3, 10.0), (0.05, 25.0)])
def test_what_the_variances_were_drawn_from_is_found_again(scale: float, runs: float) -> None:
    found = pooled_priors(drawn(scale, runs, 2000, 40.0, seed=3), Priors())
    assert found.scale == pytest.approx(scale, rel=0.05)
    assert found.scale_runs == pytest.approx(runs, rel=0.2)


def test_a_few_series_are_no_pool_and_count_for_no_more_than_they_are() -> None:
    alike = [Noise(0.1, 50.0)] * 20
    assert pooled_priors(alike[:2], Priors()) == Priors()
    assert pooled_priors(alike[:3], Priors()).scale_runs == 3
    assert pooled_priors(alike, Priors()).scale_runs == 20
    assert pooled_priors(alike * 10, Priors()).scale_runs == 30
    assert pooled_priors([Noise(math.inf, 0.0), *alike[:2]], Priors()) == Priors()  # nothing was measured of one


@given(st.lists(st.builds(Noise, st.floats(0, 5), st.floats(10, 200)), min_size=3, max_size=40))
def test_it_lies_within_what_was_seen(noises: list[Noise]) -> None:
    found = pooled_priors(noises, Priors())
    assert 0 < found.scale_runs <= 30
    assert Priors().least_scale <= found.scale <= 1.1 * max(*(noise.spread for noise in noises), 0.02)
    assert (found.least_scale, found.unseen_mean) == (Priors().least_scale, Priors().unseen_mean)


def noisy(number: int, seed: int, noise: float = 0.1) -> list[float]:
    return (60 * np.exp(noise * np.random.default_rng(seed).standard_normal(number))).tolist()


def taught(seconds: list[float], priors: Priors | None = None) -> DurationBaseline:
    baseline = DurationBaseline(RATE, priors=priors)
    for one in seconds:
        baseline.learn(one)
    return baseline


def test_a_new_series_is_judged_by_the_noise_of_the_others() -> None:
    priors = pooled_priors([taught(noisy(100, seed)).noise for seed in range(8)], Priors())
    assert priors.scale == pytest.approx(0.1, rel=0.2)
    alone, pooled = taught(noisy(6, seed=99)), taught(noisy(6, seed=99), priors)
    assert not alone.judge(60 * 3).anomalous
    assert pooled.judge(60 * 3).anomalous
    assert not pooled.judge(60 * 1.3).anomalous


def test_the_rate_is_kept_by_new_series_that_are_like_the_others() -> None:
    priors = pooled_priors([taught(noisy(100, seed)).noise for seed in range(8)], Priors())
    alarms = judgements = 0
    for seed in range(100, 160):
        baseline = DurationBaseline(RATE, priors=priors)
        for seconds in noisy(40, seed):
            alarms += baseline.judge(seconds).anomalous
            baseline.learn(seconds)
            judgements += 1
    assert alarms <= judgements * RATE
