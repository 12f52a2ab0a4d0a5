"""Sums of scores: how rare they are, since when, and how far scores that clump are discounted."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from flow_assets.insight.baseline.charts import Chart, CumulativeSum, MovingSum, clumping


def charts() -> list[Chart]:
    return [MovingSum(3), CumulativeSum(0.5, 16)]


def taught(chart: Chart, *scores: float) -> Chart:
    for score in scores:
        chart.take(score)
    return chart


@pytest.mark.parametrize("chart", charts())
def test_a_lone_score_is_no_change_however_large(chart: Chart) -> None:
    assert chart.chance_after(40.0) == 1.0
    assert taught(chart, 40.0).chance == 1.0
    assert chart.chance_after(4.0) < 1e-3
    chart.reset()
    assert chart.chance_after(4.0) == 1.0


@pytest.mark.parametrize("chart", charts())
def test_what_would_be_after_a_score_is_what_is_once_it_was_taken(chart: Chart) -> None:
    for score in np.random.default_rng(2).normal(0.5, 1, 50).tolist():
        length, chance = chart.length_after(score), chart.chance_after(score)
        chart.take(score)
        if chart.length > 1:
            assert (chart.length, chart.chance) == (length, chance)


def test_a_moving_sum_is_as_rare_as_the_normal_distribution_has_it() -> None:
    chart = taught(MovingSum(3), -9.0, 1.0, 2.0)
    assert chart.chance_after(3.0) == pytest.approx(norm.sf(6 / math.sqrt(3)))  # the first has left
    assert chart.chance_after(40.0) == pytest.approx(norm.sf(7 / math.sqrt(3)))  # no score counts for more than 4
    chart.fit([], runs=50)
    assert chart.chance_after(3.0) > norm.sf(6 / math.sqrt(3))


@pytest.mark.parametrize(
    ("scores", "length"), [((3.0, 3.0, 3.0), 3), ((-1.0, 3.0, 3.0), 2), ((0.0, 0.5, 3.0), 2), ((3.0, 3.0), 2)]
)
def test_since_when_the_level_is_another(scores: tuple[float, ...], length: int) -> None:
    assert taught(MovingSum(3), *scores).length == length


@pytest.mark.parametrize(("chart", "most"), [(MovingSum(3), 1.0), (CumulativeSum(0.5, 16), 1.1)])
def test_without_a_change_it_is_so_rare_as_it_says(chart: Chart, most: float) -> None:
    rate, alarms, runs = 0.002, 0, 200_000
    for score in np.random.default_rng(5).standard_normal(runs).tolist():
        chart.take(score)
        if chart.chance <= rate:
            alarms += 1
            chart.reset()
    assert 0.6 * rate * runs <= alarms <= most * rate * runs


def test_scores_that_clump_count_less() -> None:
    random = np.random.default_rng(3)
    alone = random.standard_normal(500)
    together = np.convolve(random.standard_normal(502), np.ones(3) / math.sqrt(3), "valid")
    assert clumping(alone.tolist(), 3, 500) == pytest.approx(1.1, abs=0.2)
    assert clumping(together.tolist(), 3, 500) > 2
    assert clumping([1.0] * 6, 3, 6) > 1.5  # too few to say: twice, to begin with
