from collections import Counter
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets.checks.drift import ColumnDistribution, category_psi, category_shares, ks, merge, null_rate, psi

Floats = npt.NDArray[np.float64]
ONE_CENTROID = 0.016
"""The share of the largest centroid of a thousand rows."""


def exactly(values: Sequence[float] | Floats, nulls: int = 0) -> ColumnDistribution:
    """Each value is a centroid."""
    finite = np.sort(np.array([value for value in values if np.isfinite(value)], dtype=float))
    return ColumnDistribution(len(values) + nulls, nulls, finite, np.ones(len(finite)))


def sketched(parts: Sequence[Floats]) -> list[ColumnDistribution]:
    """What DuckDB keeps of each part."""
    numbers = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    table = pa.table({"part": numbers, "value": np.concatenate(parts)})
    connection = duckdb.connect()
    connection.register("parts", table)
    query = "SELECT approx_quantile(value, 0.5) EXPORT_STATE AS s FROM parts GROUP BY part ORDER BY part"
    states = connection.sql(query).to_arrow_table()["s"].to_pylist()
    pairs = [[(pair["mean"], pair["weight"]) for pair in state["centroids"]] for state in states]
    return [
        ColumnDistribution(len(part), 0, *np.array(pair, dtype=float).T)
        for part, pair in zip(parts, pairs, strict=True)
    ]


def counted(**categories: int) -> ColumnDistribution:
    return ColumnDistribution(sum(categories.values()), 0, categories=categories)


def exact_ks(now: Floats, before: Floats) -> float:
    points = np.union1d(now, before)
    shares = [np.searchsorted(np.sort(values), points, "right") / len(values) for values in (now, before)]
    return float(np.abs(shares[0] - shares[1]).max())


def exact_psi(now: Floats, before: Floats) -> float:
    """By the definition, for values of which none holds more than a tenth."""
    edges = np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf")
    counts = [np.bincount(np.searchsorted(edges, values, "left"), minlength=10) for values in (now, before)]
    p, q = ((count + 0.5) / (count.sum() + 5) for count in counts)
    return float(np.sum((p - q) * np.log(p / q)))


SHAPES: dict[str, Any] = {
    "normal": lambda rng, size: rng.normal(0, 1, size),
    "skewed": lambda rng, size: rng.exponential(30, size) - 10,
    "whole": lambda rng, size: np.floor(rng.exponential(30, size)),
    "few": lambda rng, size: rng.integers(5, 24, size).astype(float),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("shift", [0.0, 0.3, 5.0])
def test_sketches_measure_what_the_values_would(shape: str, shift: float) -> None:
    rng = np.random.default_rng(7)
    days = [SHAPES[shape](rng, 900) for _ in range(28)]
    today = SHAPES[shape](rng, 900) + shift
    now, *past = sketched([today, *days])
    before, values = merge(past), np.concatenate(days)
    assert (before.rows, before.cumulated[-1]) == (28 * 900, 28 * 900)
    assert ks(now, before).value == pytest.approx(exact_ks(today, values), abs=ONE_CENTROID)
    assert psi(now, before).value == pytest.approx(psi(exactly(today), exactly(values)).value, abs=0.02, rel=0.1)


@given(
    st.lists(st.integers(-50, 50).map(float) | st.floats(-1e3, 1e3), min_size=1, max_size=60),
    st.lists(st.integers(-50, 50).map(float) | st.floats(-1e3, 1e3), min_size=1, max_size=60),
)
def test_ks_of_single_values_is_exact(now: list[float], before: list[float]) -> None:
    rounded = [np.round(np.array(values), 6) for values in (now, before)]  # nearer than a part in 10^12 is the same
    assert ks(exactly(rounded[0]), exactly(rounded[1])).value == pytest.approx(exact_ks(*rounded), abs=1e-12)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.floats(-2, 2))
def test_psi_of_single_values_is_that_of_the_definition(seed: int, size: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    now, before = rng.normal(shift, 1, size), rng.normal(0, 1, 500)
    assert psi(exactly(now), exactly(before)).value == pytest.approx(exact_psi(now, before), abs=1e-9)


ANY_FLOATS = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=40)


@given(ANY_FLOATS, ANY_FLOATS)
def test_measures_are_finite_whatever_the_values_are(now: list[float], before: list[float]) -> None:
    for measure in (psi, ks, null_rate):
        found = measure(exactly(now, 1), exactly(before, 2))
        assert 0 <= found.value < 100
        assert 0 <= found.noise < 1000
        same = measure(exactly(now, 2), exactly(now, 2))
        assert same.value == pytest.approx(0, abs=1e-12)


def test_a_value_with_much_of_the_weight_is_a_bin_on_both_of_its_sides() -> None:
    before = exactly([0.0] * 5 + [1.0] * 95)
    assert psi(exactly([0.0] * 30 + [1.0] * 70), before).value > 0.3
    assert psi(exactly([1.0] * 70 + [2.0] * 30), before).value > 0.3
    assert psi(exactly([0.0] * 5 + [1.0] * 95), before).value == 0


def test_equal_values_whose_means_differ_in_the_last_bit_are_equal() -> None:
    now, before = exactly([0.1] * 50 + [0.3] * 50), exactly([np.nextafter(0.1, 1)] * 50 + [np.nextafter(0.3, 0)] * 50)
    assert (psi(now, before).value, ks(now, before).value) == (0, 0)


def test_nan_and_infinity_count_as_values_of_their_own() -> None:
    numbers = list(np.linspace(0, 1, 100))
    before, now = exactly(numbers), exactly([*numbers[:70], *[np.nan] * 20, *[np.inf] * 10])
    assert ks(now, before).value == pytest.approx(0.3)
    assert psi(now, before).value > 1
    assert ks(exactly([np.nan] * 9), before).value == 1
    assert psi(before, exactly([np.nan] * 9)).value > 1


def test_categories_that_were_rare_are_one_bin() -> None:
    before = ColumnDistribution(10_000, 0, categories={"a": 6000, "b": 3900, **{f"c{n}": 5 for n in range(20)}})
    assert category_psi(counted(a=590, b=400, c1=10), before).value < 0.01
    new = category_psi(counted(a=490, b=300, new=210), before)
    assert new.value > 0.5 > new.noise
    assert category_psi(counted(a=3), before).value == 0  # nothing can be said of three rows


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 50)), st.integers(1, 400))
def test_psi_of_categories_is_finite(categories: dict[str, int], others: int) -> None:
    now = ColumnDistribution(sum(categories.values()) + 1, 0, categories=categories)  # one that was not counted
    for first, second in ((now, counted(a=others)), (counted(a=others), now)):
        assert 0 <= category_psi(first, second).value < 50


def test_the_category_that_changed_most_is_named() -> None:
    now, before = counted(a=500, b=300, c=200), counted(a=5000, b=4500, c=500)
    found = category_shares(now, before)
    assert (found.value, found.about) == (pytest.approx(0.15), "c")  # as is b; c is further above its noise
    assert category_shares(now, before, threshold=0.14).about in ("b", "c")
    vanished = category_shares(counted(a=900), counted(a=500, b=500))
    assert (vanished.value, vanished.noise < 0.2) == (0.5, True)


def test_the_null_rate_is_of_all_rows() -> None:
    found = null_rate(ColumnDistribution(100, 30), ColumnDistribution(1000, 100))
    assert (found.value, 0.1 < found.noise < 0.2) == (pytest.approx(0.2), True)
    assert null_rate(ColumnDistribution(1, 1), ColumnDistribution(1000, 0)).noise > 1


def cut(counts: npt.NDArray[np.int64]) -> ColumnDistribution:
    """What is kept of a partition that has more categories than are counted."""
    kept = sorted(enumerate(counts), key=lambda pair: -pair[1])[:50]
    return ColumnDistribution(int(counts.sum()), 0, categories={f"c{n}": int(count) for n, count in kept if count})


@pytest.mark.parametrize(("number", "steepness"), [(60, 0.0), (75, 0.0), (60, 0.3), (100, 0.5), (400, 1.2)])
@pytest.mark.parametrize("size", [300, 100_000])
def test_categories_that_some_partitions_do_not_count_are_no_drift(number: int, steepness: float, size: int) -> None:
    rng = np.random.default_rng(9)
    weights = 1 / np.arange(1, number + 1) ** steepness
    days = [cut(counts) for counts in rng.multinomial(size, weights / weights.sum(), 128)]
    found = [category_psi(days[n], merge(days[n - 28 : n])) for n in range(28, 128)]
    assert sum(each.value > each.noise for each in found) <= 1


def test_a_frequent_category_that_is_gone_has_drifted_though_many_are_not_counted() -> None:
    rng = np.random.default_rng(9)
    weights = 1 / np.arange(1, 401)
    before = merge([cut(counts) for counts in rng.multinomial(5000, weights / weights.sum(), 28)])
    weights[:2] = weights[2]
    now = cut(rng.multinomial(5000, weights / weights.sum()) * (np.arange(400) > 1))
    found = category_psi(now, before)
    assert found.value > max(0.25, found.noise)


def test_merging_adds_up() -> None:
    parts = [exactly([3.0, 1.0], 1), exactly([2.0]), ColumnDistribution(4, 4)]
    whole = merge([*parts, counted(a=2, b=1), counted(a=1)])
    assert (whole.rows, whole.nulls, whole.values) == (12, 5, 7)
    assert (whole.means.tolist(), whole.categories) == ([1, 2, 3], Counter(a=3, b=1))
    assert (merge([]).rows, merge([]).categories) == (0, None)


@pytest.mark.parametrize(("size", "shape"), [(900, "few"), (900, "skewed"), (72, "whole"), (20, "few"), (2, "normal")])
def test_chance_alone_exceeds_the_noise_about_once_in_a_thousand(size: int, shape: str) -> None:
    rng = np.random.default_rng(11)
    days = sketched([SHAPES[shape](rng, size) for _ in range(428)])
    for measure in (psi, ks):
        found = [measure(days[n], merge(days[n - 28 : n])) for n in range(28, 428)]
        assert sum(each.value > each.noise for each in found) <= 3  # 0.8 % of Poisson(0.4) would be more than that


def test_chance_alone_exceeds_the_noise_of_categories_as_rarely() -> None:
    rng = np.random.default_rng(5)
    shares = rng.dirichlet([0.3] * 60)
    for size in (900, 72, 5, 1):
        draws = rng.multinomial(size, shares, 428)
        days = [ColumnDistribution(size, 0, categories={str(n): int(c) for n, c in enumerate(d) if c}) for d in draws]
        for measure in (category_psi, category_shares):
            found = [measure(days[n], merge(days[n - 28 : n])) for n in range(28, 428)]
            assert sum(each.value > each.noise for each in found) <= 3
