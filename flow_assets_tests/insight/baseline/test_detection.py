"""A small, seeded trial on simulated series: false alarms are as rare as was asked for, slowdowns are found."""

import numpy as np
from scipy.stats import poisson

from benchmarks.detection.simulator import simulate
from benchmarks.detection.trial import DOUBLED, SHIFTED, Tally, injections, try_baseline

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
