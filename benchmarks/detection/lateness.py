"""Late partitions: daily sources that keep the time of their own clock, and some days on which nothing comes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.detection.simulator import ZONES
from flow_assets.insight.baseline import ArrivalBaseline

EVALUATION_SECONDS = 300
FIRST_DAY = date(2023, 1, 1)
WARM_DAYS = 90


@dataclass
class Lateness:
    """What was found.

    Attributes:
        judgements: arrivals that were judged.
        alarms: how many of them were called late, though none was.
        rest_alarms: how often one was waited for on a day of rest, from the third week on.
        found: of each that did not come, whether the first evaluation after the stated bound said so, and none before.
        delays: by how many times the usual delay each bound lay after the period's end.
    """

    judgements: int = 0
    alarms: int = 0
    rest_alarms: int = 0
    found: list[bool] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)


def try_arrivals(random: np.random.Generator, rate: float, days: int, tally: Lateness) -> None:
    """One source over so many days."""
    zone = str(ZONES[random.integers(len(ZONES))])
    baseline = ArrivalBaseline(rate, zone)
    for number, (at, seconds) in enumerate(_arrivals(random, zone, days)):
        if seconds is None:
            limit = baseline.limit(at=at)
            is_late = limit is not None and baseline.judge(24 * 3600.0, at=at).anomalous
            tally.rest_alarms += is_late and number >= 3 * 7
        else:
            verdict = baseline.judge(seconds, at=at)
            tally.judgements += 1
            tally.alarms += verdict.anomalous
            if number >= WARM_DAYS and random.random() < 0.02:
                _miss(baseline, at, tally)
        baseline.learn(seconds, at=at)


def _miss(baseline: ArrivalBaseline, at: datetime, tally: Lateness) -> None:
    """Were it not to come: evaluate as a sensor would, every five minutes from the period's end."""
    limit = baseline.limit(at=at)
    if limit is None:
        tally.found.append(False)
        return
    number = next(k for k in range(1, 10_000) if baseline.judge(k * EVALUATION_SECONDS, at=at).anomalous)
    tally.found.append((number - 1) * EVALUATION_SECONDS <= limit <= number * EVALUATION_SECONDS)
    expected = baseline.judge(0.0, at=at).expected_seconds
    tally.delays.append(limit / (expected or limit))


def _arrivals(random: np.random.Generator, zone: str, days: int) -> Iterator[tuple[datetime, float | None]]:
    """Each day's period end, by the source's clock or in UTC, and how long after it the partition came."""
    local, ends_in = ZoneInfo(zone), ZoneInfo(zone) if random.random() < 0.7 else UTC
    is_ahead = ends_in is UTC and (datetime(2023, 1, 1, tzinfo=local).utcoffset() or timedelta()) > timedelta()
    usual, noise = timedelta(hours=random.uniform(1, 12)), random.uniform(2, 20)
    rests, is_heavy = random.random() < 0.4, random.random() < 0.3
    later_on_mondays = timedelta(hours=random.choice([0.0, 0.0, 2.0]))
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        at = datetime(day.year, day.month, day.day, tzinfo=ends_in)
        at -= timedelta(days=1) if is_ahead else timedelta()
        jitter = random.standard_t(5) if is_heavy else random.standard_normal()
        came = datetime(day.year, day.month, day.day, tzinfo=local) + usual + timedelta(minutes=noise * jitter)
        came += later_on_mondays if day.weekday() == 0 else timedelta()
        yield at, None if rests and day.weekday() >= 5 else (came.astimezone(UTC) - at.astimezone(UTC)).total_seconds()
