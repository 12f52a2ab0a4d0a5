"""Drifts looked for again: which a look would have found after each partition, had each come in its time."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flow_assets.insight.watch.downstream import affected_by
from flow_assets.insight.watch.quality.drift import find_drifts, season_of
from flow_assets.insight.watch.quality.drifting import rate_of_tests, read_series
from flow_assets.insight.watch.quality.series import Series
from flow_assets.materialization.project import Project


@dataclass(frozen=True)
class ReplayedDrifts:
    """The metrics of one dataset, as they would have been tested.

    Attributes:
        tests: how many were made.
        found: how often an alert would have been opened.
        weeks: over how long, by the time of the partitions.
        rate: with which probability each test may find what is not there.
    """

    dataset: str
    tests: int
    found: int
    weeks: float
    rate: float


def replay_drifts(project: Project) -> list[ReplayedDrifts]:
    """Of all datasets with partitions of time; what follows from a drift upstream is not counted."""
    found = read_series(project, whole=True)
    rate = rate_of_tests(project, read_series(project))  # that of now, also if there were more rules once
    tests: Counter[str] = Counter()
    drifting: dict[str, set[tuple[str, str]]] = {}
    for name, some in found.items():
        for series in some:
            for partition, is_drifting in _looks(project, series, rate):
                tests[name] += 1
                if is_drifting:
                    drifting.setdefault(partition, set()).add((name, series.dimension))
    causes = {partition: set(affected_by(project.graph, kinds)) for partition, kinds in drifting.items()}
    return [
        ReplayedDrifts(name, number, _opened(name, found[name], causes), _weeks(project, found[name]), rate)
        for name, number in tests.items()
    ]


def _looks(project: Project, series: Series, rate: float) -> Iterator[tuple[str, bool]]:
    """Each partition after which there is enough to test, and whether the series drifts then."""
    season = season_of(project.graph.get(series.dataset))
    if season:
        ends = range(season.least_partitions, len(series.partitions) + 1)
        for end, drift in zip(ends, find_drifts(series, season.size, rate, ends), strict=True):
            yield series.partitions[end - 1], drift is not None


def _opened(dataset: str, some: Sequence[Series], causes: Mapping[str, set[tuple[str, str]]]) -> int:
    """At how many partitions a dimension drifts that did not at the one before."""
    number, before = 0, set[tuple[str, str]]()
    for partition in some[0].partitions:
        now = {cause for cause in causes.get(partition, ()) if cause[0] == dataset}
        number += len(now - before)
        before = now
    return number


def _weeks(project: Project, some: Sequence[Series]) -> float:
    """Over how long the tests were made, had each partition come in its time."""
    season = season_of(project.graph.get(some[0].dataset))
    return (len(some[0].partitions) - season.least_partitions + 1) / season.partitions_per_week if season else 0.0
