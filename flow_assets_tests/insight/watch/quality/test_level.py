"""Whether a level has changed, judged by the series' own unrest."""

from math import isclose
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtr

from flow_assets.insight.watch.quality.level import LevelChange, batches, compare, medians_of

SIZE = 7


def compared(values: list[float], least: float, **options: bool) -> LevelChange | None:
    medians = medians_of(values, SIZE)
    return compare([medians[start] for start in batches(SIZE, len(values))], least, **options)


def change(values: list[float], **options: bool) -> LevelChange:
    found = compared(values, 1e-3, **options)
    assert found
    return found


def noise(seed: int, days: int = 63) -> list[float]:
    random = Random(seed)
    return [random.gauss(0, 1) for _ in range(days)]


@given(st.lists(st.integers(-9, 9), min_size=42, max_size=80), st.integers(-100, 100), st.sampled_from([0.5, 2, 64]))
def test_unit_and_offset_make_no_difference(values: list[float], offset: float, unit: float) -> None:
    first, second = compared(values, 0.5), compared([v * unit + offset for v in values], 0.5 * unit)
    assert first
    assert second
    assert isclose(first.rise, second.rise, rel_tol=1e-4, abs_tol=1e-9)
    assert isclose(first.fall, second.fall, rel_tol=1e-4, abs_tol=1e-9)


@given(st.lists(st.integers(-9, 9), min_size=42, max_size=80))
def test_a_rise_upside_down_is_a_fall(values: list[float]) -> None:
    first, second = compared(values, 0.5), compared([-v for v in values], 0.5)
    assert first
    assert second
    assert isclose(first.rise, second.fall, rel_tol=1e-9)


def test_too_few_points_say_nothing() -> None:
    assert compared(noise(1, 41), 1e-3) is None
    assert compared(noise(1, 42), 1e-3)


@pytest.mark.parametrize("with_trend", [False, True])
def test_chance_is_found_as_often_as_it_says(with_trend: bool) -> None:
    """Of 4000 series without a cause, one in twenty at a rate of 0.05; three standard errors are 41."""
    found = sum(change(noise(seed), with_trend=with_trend).rise <= 0.05 for seed in range(4000))
    assert found <= 200 + 41
    assert found >= (200 - 41 if not with_trend else 60)  # with ranks, which are few, it is less


def test_a_level_that_rose_is_found_and_one_bad_day_or_a_season_is_not() -> None:
    values = noise(3)
    assert change([*values[:56], *(v + 4 for v in values[56:])]).rise < 1e-3
    assert change([*values[:60], 50.0, *values[61:]]).rise > 0.01
    weekend = [v + (20 if day % 7 > 4 else 0) for day, v in enumerate(values)]
    assert change(weekend).rise > 0.01


def test_a_steady_creep_is_found_by_its_ranks() -> None:
    creeping = [v / 3 + day / 10 for day, v in enumerate(noise(5))]
    assert change(creeping).rise < 1e-4
    assert change(creeping, with_trend=False).rise > 1e-4


def test_the_limits_are_where_the_rate_begins() -> None:
    found = change(noise(7), with_trend=False)
    low, high = found.limits(0.01)
    assert low < found.expected < high
    at_limit = LevelChange((*found.medians[:-1], high), found.expected, found.spread, 0, 0)
    score = (at_limit.medians[-1] - found.expected) / (found.spread * (1 + 1 / 8) ** 0.5)
    assert isclose(float(stdtr(7, -score)), 0.005, rel_tol=1e-6)
