"""Daily runs with noise, as the ledger keeps them."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from flow_assets.insight.watch.durations.look import durations
from flow_assets.insight.watch.situation import Situation
from flow_assets_tests.insight.watch.ledger_history import DAY, START, History

NAMES = ("raw_readings", "readings", "trends", "meters_seen")


class Noisy:
    """Daily runs with log-normal noise, driven by their size."""

    def __init__(self, history: History, seed: int) -> None:
        self.history = history
        self.random = np.random.default_rng(seed)
        self.day = START

    def run(self, factor: float = 1.0, **options) -> list[str]:
        """A run whose `trends` takes `factor` times as long as usual; what is told afterwards."""
        return self.told(self.add(factor, **options))

    def add(self, factor: float = 1.0, *, slow: str = "trends", only: Sequence[str] = NAMES, **options) -> datetime:
        rows = int(self.random.lognormal(7, 0.3))
        noise = self.random.lognormal(0, 0.15, len(NAMES))
        seconds = dict(zip(NAMES, (noise * (10 + rows / 100)).tolist(), strict=True))
        seconds[slow] *= factor
        now, self.day = self.day, self.day + DAY
        self.history.add(now, {name: seconds[name] for name in only}, rows=rows, **options)
        return now

    def told(self, now: datetime) -> list[str]:
        return [finding.identity for finding in durations(Situation(self.history.project, now))]
