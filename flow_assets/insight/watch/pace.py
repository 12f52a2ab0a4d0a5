"""When the next partition of a series is to be expected: by its declared deadline, or as its partitions use to come.

Where partitions come soon after their periods end, what is learned is how long after. Where they come years later,
because somebody plays back old files, the time since the period's end says nothing, and neither does a deadline: what
is learned then is how long after the one before each came.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from statistics import median
from typing import Protocol, Self

from flow_assets.insight.watch.series import Gap, Series

_DAY = 86_400.0
_FAR_PERIODS = 10
_FAR_SECONDS = 30 * _DAY
_RECENT = 20


class ArrivalModel(Protocol):
    """What learns when partitions come; see `flow_assets.insight.baseline.ArrivalBaseline`."""

    def learn(self, seconds: float | None, *, at: datetime) -> None:
        """What ended at `at` came so many seconds later, or never."""

    def limit(self, *, at: datetime) -> float | None:
        """After how many seconds it is late; None while nothing is known."""

    def expects(self, *, at: datetime) -> bool:
        """Whether what ended at `at` comes at all."""


NewModel = Callable[[str], ArrivalModel]
"""Makes a model that knows nothing yet, for an IANA time zone."""


@dataclass(frozen=True)
class Due:
    """When a partition should be there.

    Attributes:
        at: Unix time in seconds.
        bound_seconds: how long that is after what it counts from; None where nothing was stated or learned.
        reason: where that comes from.
    """

    at: float
    bound_seconds: float | None
    reason: str
    is_critical: bool = False


@dataclass(frozen=True)
class Pace:
    """How the partitions of a series come.

    Attributes:
        is_replayed: whether they come so long after their periods end that it is the time between them that counts.
        usual_seconds: what was learned from, in the order of the partitions: seconds after the period's end, or after
            the one before; partition to seconds.
        is_calendar_known: whether partitions that never come were learned.
    """

    series: Series
    gaps: Sequence[Gap]
    is_replayed: bool
    usual_seconds: dict[str, float]
    _model: ArrivalModel | None
    _new_model: NewModel | None

    @classmethod
    def learn(cls, series: Series, gaps: Sequence[Gap], new_model: NewModel | None) -> Self:
        """What the series' own arrivals say."""
        is_replayed = _is_replayed(series)
        usual = dict(_intervals(series) if is_replayed else _delays(series))
        model = new_model(series.partitions.timezone) if new_model else None
        if model:
            ends = dict(zip(series.keys, series.ends, strict=True))
            for key, seconds in usual.items():
                model.learn(seconds, at=ends[key])
        return cls(series, gaps, is_replayed, usual, model, new_model)

    def due(self, position: int, gap: Gap) -> Due | None:
        """When the missing partition at `position` of `gap` should have been there; None if nobody can say."""
        end = self.series.ends[position]
        if not self.is_replayed and end.timestamp() >= self.series.began_at and (due := self._due_after(end)):
            return due
        if gap.passed_at is not None:
            return Due(gap.passed_at, None, f"{self.series.keys[gap.stop]}, which comes after it, is there")
        if self.is_replayed and position == self.series.newest + 1 and (limit := self._limit(end)) is not None:
            return Due(self.series.last_came_at + limit, limit, "learned from the time between partitions")
        return None

    def bound_seconds(self, position: int) -> float | None:
        """How long after its period's end, or the one before, a partition may come; None if nobody can say."""
        end = self.series.ends[position]
        due = None if self.is_replayed else self._due_after(end)
        return due.bound_seconds if due else self._limit(end)

    def expects(self, gap: Gap) -> list[int]:
        """Positions of the partitions of `gap` that come at all, as far as the rest of the series says.

        What is missing in the gap itself is not learned from: a source that has died is not one that has holidays.
        """
        positions = list(range(gap.start, gap.stop))
        if self._new_model is None:
            return positions
        calendar = self._new_model(self.series.partitions.timezone)
        for position, seconds in self._presence(gap):
            calendar.learn(seconds, at=self.series.ends[position])
        return [position for position in positions if calendar.expects(at=self.series.ends[position])]

    def _presence(self, without: Gap) -> Iterator[tuple[int, float | None]]:
        absent = {p for gap in self.gaps if gap != without and gap.passed_at for p in range(gap.start, gap.stop)}
        for position in range(self.series.newest + 1):
            key, came_at = self.series.keys[position], self.series.came_at[position]
            if key in self.series.published:
                yield position, max(1.0, (came_at or 0.0) - self.series.ends[position].timestamp())
            elif position in absent and key not in self.series.troubled:
                yield position, None

    def _due_after(self, end: datetime) -> Due | None:
        if deadline := self.series.dataset.deadline:
            at = deadline.due(end).timestamp()
            return Due(at, at - end.timestamp(), f"declared: {deadline}", deadline.is_critical)
        if (limit := self._limit(end)) is not None:
            return Due(end.timestamp() + limit, limit, "learned from earlier partitions")
        return None

    def _limit(self, end: datetime) -> float | None:
        return self._model.limit(at=end) if self._model else None


def _is_replayed(series: Series) -> bool:
    """Whether the newest partitions came much later than they could, and than any deadline that is declared."""
    delays = [at - _due(series, position) for position, at in list(_in_order(series))[-_RECENT:]]
    return bool(delays) and median(delays) > _far(series)


def _due(series: Series, position: int) -> float:
    end, deadline = series.ends[position], series.dataset.deadline
    return (deadline.due(end) if deadline else end).timestamp()


def _far(series: Series) -> float:
    return max(_FAR_SECONDS, _FAR_PERIODS * series.period_seconds)


def _delays(series: Series) -> Iterator[tuple[str, float]]:
    """Partition to seconds after the period's end, of those that came when they could first."""
    for position, at in _in_order(series):
        end = series.ends[position].timestamp()
        if end >= series.began_at and at - end <= _far(series):
            yield series.keys[position], max(0.0, at - end)


def _intervals(series: Series) -> Iterator[tuple[str, float]]:
    """Partition to seconds after the one before, of those that came by a run of their own."""
    previous: tuple[float, str] | None = None
    for position, at in _in_order(series):
        run_id = series.arrivals[series.keys[position]].run_id
        if previous and previous[1] != run_id:
            yield series.keys[position], max(0.0, at - previous[0])
        previous = at, run_id


def _in_order(series: Series) -> Iterator[tuple[int, float]]:
    """Positions of partitions that were computed before any later one was, and when each came.

    One that came after a later one was late, or filled in; when it came is not when such partitions come.
    """
    run_at = series.run_at[: series.newest + 1]
    first_later = list(accumulate((float("inf") if at is None else at for at in reversed(run_at)), min))[::-1]
    for position, (at, by_run) in enumerate(zip(series.came_at, run_at, strict=False)):
        is_first = at is not None and by_run is not None and by_run <= first_later[position]
        if at is not None and is_first and series.arrivals[series.keys[position]].is_computed:
            yield position, at
