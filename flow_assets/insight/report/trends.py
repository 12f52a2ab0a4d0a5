"""How long a dataset's partitions took and how many rows they hold, beside what was expected of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import pandas as pd

from flow_assets.declaration import DailyPartitions, Dataset, TimePartitions, partition_keys
from flow_assets.ledger import Holding
from flow_assets.ledger.findings import Alert
from flow_assets.ledger.measurements import Measurement

MOST_POINTS = 60
MOST_MEASURED = 500

_FEWEST_BEFORE = 8
_REMEMBERED = 200
_WEEK = 7
_OUTER_SHARE = 0.025
_FAR = 0.5

Range = tuple[float, float]
"""The least and the greatest value that was expected."""

Expect = Callable[[Sequence[Measurement]], Sequence[Range | None]]
"""Measurements of one dataset, the oldest first, to the seconds that were expected of each before it was known."""

_DURATION_WATCHES = ("durations", "resources")
_VOLUME_WATCHES = ("quality",)


@dataclass(frozen=True)
class Point:
    """One partition, or several that are drawn as one.

    Attributes:
        label: the partition, or the first and the last of several.
        value: the median.
        low: least expected value; None where too little is known.
        high: greatest expected value.
        unexpected: the value farthest outside what was expected, by half its width at least; None where there is none.
        alerts: numbers of the alerts that are about it.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    unexpected: float | None = None
    alerts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trend:
    """One series of a dataset.

    Attributes:
        measure: `seconds` or `rows`.
        order: what the points follow: `made` (when they were made) or `partition`.
        values: how many there are.
        median: of all values; None where there are none.
        points: the oldest first.
    """

    dataset: str
    measure: str
    order: str
    values: int
    median: float | None
    points: tuple[Point, ...]


def expect_usual(measurements: Sequence[Measurement]) -> list[Range | None]:
    """The middle 95 % of up to 200 measurements before each; nothing where fewer than 8 are known."""
    return usual_ranges([measurement.wall_seconds for measurement in measurements])


def usual_ranges(values: Sequence[float], season: int = 1) -> list[Range | None]:
    """The middle 95 % of up to 200 values before each; None where fewer than 8 are known.

    Args:
        values: the oldest first.
        season: each is judged by those that lie a multiple of it before.
    """
    ranges: list[Range | None] = [None] * len(values)
    for start in range(season):
        ranges[start::season] = _usual_ranges(values[start::season])
    return ranges


def _usual_ranges(values: Sequence[float]) -> list[Range | None]:
    before = pd.Series(values, dtype=float).rolling(_REMEMBERED, min_periods=_FEWEST_BEFORE)
    lows, highs = (before.quantile(share).shift(1) for share in (_OUTER_SHARE, 1 - _OUTER_SHARE))
    return [None if pd.isna(low) else (low, high) for low, high in zip(lows, highs, strict=True)]


def duration_trend(
    dataset: str, measurements: Sequence[Measurement], since: str, expect: Expect, alerts: Sequence[Alert]
) -> Trend:
    """Wall seconds of what was computed within the window, in the order in which it was made.

    Args:
        dataset: its name.
        measurements: of the dataset, the oldest first; those from before the window are what the first are judged by.
        since: when the window begins, UTC, ISO 8601.
        expect: says what was expected.
        alerts: on any dataset.
    """
    computed = [m for m in measurements if m.change == "computed"][-MOST_MEASURED:]
    pairs = [(m, expected) for m, expected in zip(computed, expect(computed), strict=True) if m.at >= since]
    labels = [m.partition or m.at[:16].replace("T", " ") for m, _ in pairs]
    values = [m.wall_seconds for m, _ in pairs]
    numbers = _numbers(alerts, dataset, _DURATION_WATCHES)
    marks = [numbers.get(m.partition, ()) for m, _ in pairs]
    return _trend(dataset, "seconds", "made", _Series(labels, values, [expected for _, expected in pairs], marks))


def volume_trend(
    dataset: Dataset, held: Mapping[str, Holding], measurements: Sequence[Measurement], alerts: Sequence[Alert]
) -> Trend:
    """Rows of each partition, in order; where partitions are no windows of time, of each version as it was made.

    Args:
        dataset: which.
        held: its published partitions by key, of which the newest 500 are drawn.
        measurements: of the dataset, the oldest first.
        alerts: on any dataset.
    """
    numbers = _numbers(alerts, dataset.name, _VOLUME_WATCHES)
    if isinstance(dataset.partitions, TimePartitions):
        keys = [key for key in partition_keys(dataset.partitions) if key in held][-MOST_MEASURED:]
        values = [float(held[key].rows) for key in keys]
        season = _WEEK if isinstance(dataset.partitions, DailyPartitions) else 1
        marks = [numbers.get(key, ()) for key in keys]
        return _trend(dataset.name, "rows", "partition", _Series(keys, values, usual_ranges(values, season), marks))
    made = measurements[-MOST_MEASURED:]
    labels = [m.partition or m.at[:16].replace("T", " ") for m in made]
    marks = [numbers.get(m.partition, ()) for m in made]
    values = [float(m.rows_out) for m in made]
    is_one_series = dataset.partitions is None  # static partitions differ in size, so that no band holds for all
    expected = usual_ranges(values) if is_one_series else [None] * len(values)
    return _trend(dataset.name, "rows", "made", _Series(labels, values, expected, marks))


def _numbers(alerts: Sequence[Alert], dataset: str, watches: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Partition to the numbers of the alerts on it."""
    found: dict[str, tuple[int, ...]] = {}
    for alert in alerts:
        if alert.finding.dataset == dataset and alert.finding.watch in watches:
            for partition in alert.finding.partitions:
                found[partition] = (*found.get(partition, ()), alert.number)
    return found


@dataclass(frozen=True)
class _Series:
    labels: Sequence[str]
    values: Sequence[float]
    expected: Sequence[Range | None]
    alerts: Sequence[tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.values)

    def part(self, start: int, end: int) -> "_Series":
        fields = (self.labels, self.values, self.expected, self.alerts)
        return _Series(*(field[start:end] for field in fields))  # type: ignore[arg-type]

    def point(self) -> Point:
        """All of it as one point."""
        ranges = [of for of in self.expected if of is not None]
        low, high = (_median([of[n] for of in ranges]) for n in (0, 1))
        outside = [
            (distance, value)
            for value, of in zip(self.values, self.expected, strict=True)
            if of is not None and (distance := max(of[0] - value, value - of[1])) > _FAR * (of[1] - of[0])
        ]
        first, last = self.labels[0], self.labels[-1]
        alerts = dict.fromkeys(number for numbers in self.alerts for number in numbers)
        return Point(
            first if first == last else f"{first} .. {last}",
            _median(self.values) or 0.0,
            low,
            high,
            max(outside)[1] if outside else None,
            tuple(alerts),
        )


def _trend(dataset: str, measure: str, order: str, series: _Series) -> Trend:
    size = max(1, -(-len(series) // MOST_POINTS))
    points = tuple(series.part(start, start + size).point() for start in range(0, len(series), size))
    return Trend(dataset, measure, order, len(series), _median(series.values), points)


def _median(values: Sequence[float]) -> float | None:
    return float(median(values)) if values else None
