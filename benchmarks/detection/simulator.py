"""A year of an invented deployment: hourly datasets whose runs take what real ones take.

Each dataset draws its own habits: how much work an hour of the day and a weekend bring, how that grows over the year,
what of a run is a fixed cost, how noisy durations are and how heavy the tail of the noise. It is started cold now and
then, and at every release of its code; some hours are reused from a cache and so are no runs; some datasets rest on
weekends or at night; outages leave gaps, after which the first run has all that was missed to do; releases that make
it faster are among those that change nothing. Nothing in it becomes slower than its size, its regime and its season
explain: any alarm is a false one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

START = datetime(2024, 1, 1, tzinfo=UTC)
HOURS_OF_A_YEAR = 8760
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney")
FREEDOM = (np.inf, np.inf, 8.0, 4.0)
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """The runs of one dataset, in the order of time.

    Attributes:
        seconds: how long each took.
        sizes: rows of each; None where the dataset does not tell them.
        regimes: version of the code, and whether it was started cold.
        times: when, in the dataset's own time zone.
        noise: standard deviation of the logarithm of its noise, without stalls.
    """

    seconds: Floats
    sizes: Floats | None
    regimes: Sequence[tuple[int, str]]
    times: Sequence[datetime]
    noise: float


def simulate(random: np.random.Generator, hours: int) -> Series:
    """A dataset with habits of its own, over so many hours."""
    zone = ZONES[random.integers(len(ZONES))]
    local = _local_times(zone, hours)
    hour = np.array([time.hour for time in local])
    weekday = np.array([time.weekday() for time in local])
    is_run = _is_run(random, hour, weekday)
    chosen = np.flatnonzero(is_run)
    sizes, is_told = _sizes(random, hour, weekday, hours)
    missed = np.diff(chosen, prepend=chosen[0] - 1)
    after_outage = missed > 72
    done = sizes[chosen] * np.where(after_outage, np.minimum(missed, 48), 1)
    version, levels = _releases(random, len(chosen))
    cold = (random.random(len(chosen)) < random.choice([0.0, 0.01, 0.04])) | (np.diff(version, prepend=0) > 0)
    logs = _work(random, done, sizes, is_told) + levels + cold * random.uniform(0.3, 1.2)
    logs += _load(random, hour[chosen], weekday[chosen])
    noise = float(np.exp(random.uniform(np.log(0.05), np.log(0.2))))
    logs += noise * _noise(random, len(chosen))
    starts = ["cold" if is_cold else "warm" for is_cold in cold.tolist()]
    return Series(
        seconds=np.exp(logs),
        sizes=np.round(done) if is_told else None,
        regimes=list(zip(version.tolist(), starts, strict=True)),
        times=[local[index] for index in chosen.tolist()],
        noise=noise,
    )


@lru_cache
def _local_times(zone: str, hours: int) -> list[datetime]:
    return [(START + timedelta(hours=number)).astimezone(ZoneInfo(zone)) for number in range(hours)]


def _is_run(random: np.random.Generator, hour: Integers, weekday: Integers) -> NDArray[np.bool_]:
    """Which hours are runs: not those of rest, of outages, or reused from a cache."""
    is_run = random.random(len(hour)) >= random.choice([0.0, 0.0, 0.1, 0.3])
    rest = random.choice(["never", "never", "never", "weekends", "nights"])
    if rest == "weekends":
        is_run &= weekday < 5
    elif rest == "nights":
        is_run &= (hour >= 6) & (hour < 22)
    for _ in range(random.poisson(3 * len(hour) / HOURS_OF_A_YEAR)):
        start = random.integers(len(hour))
        is_run[start : start + random.integers(3, 120)] = False
    return is_run


def _sizes(random: np.random.Generator, hour: Integers, weekday: Integers, hours: int) -> tuple[Floats, bool]:
    """Rows of every hour, and whether the dataset tells them; one that does not has about the same every hour."""
    usual = np.exp(random.uniform(np.log(1e3), np.log(1e7)))
    if random.random() < 0.2:
        return np.full(hours, usual), False
    phase, swing = random.uniform(0, 24), random.uniform(0, 0.8)
    logs = swing * np.cos((hour - phase) * np.pi / 12) + np.where(weekday >= 5, random.uniform(-1.0, 0.1), 0.0)
    logs += random.uniform(0, 0.7) * np.arange(hours) / HOURS_OF_A_YEAR
    logs += random.uniform(0.02, 0.3) * random.standard_normal(hours)
    return usual * np.exp(logs), True


def _work(random: np.random.Generator, done: Floats, sizes: Floats, is_told: bool) -> Floats:
    """The logarithm of seconds for so many rows: a fixed cost, and one that grows with them, or faster than they."""
    seconds = np.exp(random.uniform(np.log(2), np.log(2000)))
    fixed = random.choice([0.0, 0.1, 0.5, 2.0, 10.0])
    power = random.choice([1.0, 1.0, 1.0, 1.1, 1.5])
    work = (done if is_told else sizes[: len(done)]) / np.median(sizes)
    return np.asarray(np.log(seconds * (fixed + work**power)))


def _releases(random: np.random.Generator, runs: int) -> tuple[Integers, Floats]:
    """The version of the code of each run, and what it adds: nothing, or, one in six, it is faster from then on."""
    every = random.choice([300, 700, 1500, 100_000])
    is_release = random.random(runs) < 1 / every
    is_release[0] = False
    effects = np.where(random.random(runs) < 1 / 6, -random.uniform(0.1, 0.6, runs), random.normal(0, 0.01, runs))
    return np.cumsum(is_release), np.cumsum(np.where(is_release, effects, 0.0))


def _load(random: np.random.Generator, hour: Integers, weekday: Integers) -> Floats:
    """What a busy machine adds by hour and on weekends."""
    swing, phase = random.choice([0.0, 0.05, 0.15]), random.uniform(0, 24)
    return np.asarray(swing * np.cos((hour - phase) * np.pi / 12) - swing * (weekday >= 5))


def _noise(random: np.random.Generator, runs: int) -> Floats:
    """Normal or Student's t, and for one dataset in four with stalls: one run in two hundred takes much longer."""
    freedom = FREEDOM[random.integers(len(FREEDOM))]
    noise = random.standard_normal(runs)
    if freedom < np.inf:
        noise = random.standard_t(freedom, runs) * np.sqrt((freedom - 2) / freedom)
    if random.random() < 0.25:
        noise += (random.random(runs) < 0.005) * random.exponential(5.0, runs)
    return np.asarray(noise)
