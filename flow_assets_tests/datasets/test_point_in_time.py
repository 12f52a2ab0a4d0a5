"""Nothing that became known after a flight's scheduled departure changes its features; and the test can fail."""

import inspect
import sys
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_assets.declaration import Dataset
from flow_assets_tests.datasets.driver import conform, graph, source_lines
from flow_assets_tests.datasets.history import Slice, cut, differ_after, features, seen_of

STORMY_DAY = "2013-12-23"
DAYS = ["2013-03-10", STORMY_DAY, "2013-11-03", "2013-12-31"]

LEAKS = {
    "cancellations are known at once": (
        "airport_congestion",
        "FROM departures\n",
        "FROM departures WHERE NOT is_cancelled OR flight_id IS NULL\n",
    ),
    "the evening's arrivals count at midnight": ("carrier_reliability", " AND d.outcome_known_utc <= w.begins", ""),
    "a delay is known before the departure": (
        "aircraft_rotation",
        "IF(e.departure_known_utc <= now, e.departure_delay_minutes, NULL)",
        "e.departure_delay_minutes",
    ),
    "an arrival is known before it happens": (
        "aircraft_rotation",
        "IF(e.outcome_known_utc <= now, e.arrival_delay_minutes, NULL)",
        "e.arrival_delay_minutes",
    ),
    "an ending is known before it happens": ("aircraft_rotation", "e.outcome_known_utc > now OR", ""),
    "an hour is known when it begins": ("weather_at_departure", 'right_on="known_utc"', 'right_on="hour_utc"'),
    "the flight's own delay is a feature": ("delay_training_set", "p.seats AS", "d.departure_delay_minutes AS"),
}


@cache
def slice_of(day: str) -> Slice:
    names = ("flights", "weather", "planes", "airports", "airlines")
    return cut({f"raw_{n}": conform(graph().get(f"raw_{n}"), source_lines(n)) for n in names}, day)


def leaks(day: str, pick: int, seed: int, variant: Dataset | None = None) -> bool:
    """Whether what is known of a flight changes with what became known after its scheduled departure."""
    cutting = slice_of(day)
    target, departure = cutting.targets[pick % len(cutting.targets)]
    changed = differ_after(cutting, departure, target, seed)
    variants = {variant.name: variant} if variant else {}
    before = features(day, cutting.raw, variants) if variant else cutting.features
    after = features(day, changed, variants)
    return seen_of(before, target) != seen_of(after, target)


def leaks_at_midnight(day: str, seed: int, variant: Dataset | None = None) -> bool:
    """Whether a carrier's reliability on a day changes with what became known after the day began."""
    cutting = slice_of(day)
    changed = differ_after(cutting, cutting.midnight, cutting.targets[0][0], seed)
    variants = {variant.name: variant} if variant else {}
    before = features(day, cutting.raw, variants) if variant else cutting.features
    return not before["carrier_reliability"].equals(features(day, changed, variants)["carrier_reliability"])


@settings(max_examples=20, deadline=None)
@given(day=st.sampled_from(DAYS), pick=st.integers(0, 400), seed=st.integers(0, 2**32 - 1))
def test_features_know_nothing_of_what_came_later(day, pick, seed):
    assert not leaks(day, pick, seed)


@settings(max_examples=5, deadline=None)
@given(day=st.sampled_from(DAYS), seed=st.integers(0, 2**32 - 1))
def test_reliability_knows_nothing_of_what_came_after_midnight(day, seed):
    assert not leaks_at_midnight(day, seed)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_caught(leak):
    name, sound, leaky = LEAKS[leak]
    variant = rewritten(graph().get(name), sound, leaky)
    if name == "carrier_reliability":
        assert any(leaks_at_midnight(STORMY_DAY, seed, variant) for seed in range(8))
    else:
        assert any(leaks(STORMY_DAY, seed, seed, variant) for seed in range(12))


def rewritten(dataset: Dataset, sound: str, leaky: str) -> Dataset:
    """The dataset as it would be declared with one text of its function replaced."""
    code = inspect.getsource(dataset.function)
    assert code.count(sound) == 1
    namespace = dict(vars(sys.modules[dataset.function.__module__]))
    exec(code.replace(sound, leaky), namespace)
    return namespace[dataset.name]
