"""A small, seeded trial on simulated series: false alarms are as rare as was asked for, slowdowns are found."""

from datetime import timedelta

import numpy as np
import pytest
from scipy.stats import poisson

from benchmarks.detection.lateness import Lateness, try_arrivals
from benchmarks.detection.rivals import HOLT_WINTERS, RIVALS, Rival
from benchmarks.detection.simulator import START, Series, simulate
from benchmarks.detection.trial import (
    DOUBLED,
    SHIFTED,
    Tally,
    injections,
    recall_at_budget,
    try_baseline,
    try_rival,
)

RATE = 1e-3
SERIES, HOURS = 8, 1500


def test_false_alarms_keep_their_rate_and_slowdowns_are_found() -> None:
    tally = Tally()
    for number in range(SERIES):
        random = np.random.default_rng([11, number])
        series = simulate(random, HOURS)
        try_baseline(series, RATE, injections(random, series), tally)
    assert tally.judgements > 6000
    assert tally.alarms <= poisson.ppf(0.999, tally.judgements * RATE)
    assert len(tally.found[DOUBLED]) >= 16
    assert tally.recall(DOUBLED) >= 0.8
    assert tally.recall(SHIFTED) >= 0.8


def test_lateness_is_found_at_the_first_evaluation_after_the_stated_bound() -> None:
    tally = Lateness()
    for number in range(4):
        try_arrivals(np.random.default_rng([12, number]), RATE, 250, tally)
    assert tally.judgements > 500
    assert len(tally.found) >= 5
    assert all(tally.found)
    assert tally.rest_alarms == 0
    assert tally.alarms <= poisson.ppf(0.999, tally.judgements * RATE)


@pytest.mark.parametrize(
    "rival", [rival for rival in RIVALS if rival is not HOLT_WINTERS], ids=lambda rival: rival.name
)
def test_rivals_see_a_large_slowdown_of_a_quiet_series(rival: Rival) -> None:
    random = np.random.default_rng(13)
    times = [START + timedelta(hours=number) for number in range(1000)]
    quiet = Series(60 * np.exp(0.05 * random.standard_normal(1000)), None, [(0, "warm")] * 1000, times, 0.05)
    tally = Tally()
    try_rival(quiet, rival, [700, 900], tally)
    assert tally.recall(DOUBLED) == 1.0
    assert recall_at_budget(tally, DOUBLED, 2) == 1.0
    assert tally.alarms < 60
