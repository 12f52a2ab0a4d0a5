"""When the next partition of a series is to be expected: by its declared deadline, or as its partitions use to come.

Where partitions come soon after their periods end, what is learned is how long after. Where they come years later,
because somebody plays back old files, the time since the period's end says nothing, and neither does a deadline: what
is learned then is how long after the one before each came.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from statistics import median
from typing import Self

from flow_assets.insight.watch.freshness.learning import NewModel, Seen, learned
from flow_assets.insight.watch.freshness.series import Gap, Series, gaps_of

_DAY = 86_400.0
_FAR_PERIODS = 10
_FAR_SECONDS = 30 * _DAY
_RECENT = 20
_FOLDS = 4
_FEWEST_ABSENT = 2


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
class Usual:
    """How one partition came.

    Attributes:
        counted_from: when its period ended, or the one before came, Unix time.
        seconds: how long after that it came.
    """

    partition: str
    counted_from: float
    seconds: float


@dataclass(frozen=True)
class Pace:
    """How the partitions of a series come.

    Attributes:
        is_replayed: whether they come so long after their periods end that it is the time between them that counts.
        usual: those that are learned from, in order.
    """

    series: Series
    gaps: Sequence[Gap]
    is_replayed: bool
    usual: tuple[Usual, ...]
    _new_model: NewModel | None

    @classmethod
    def of(cls, series: Series, new_model: NewModel | None) -> Self:
        """What the series' own arrivals say."""
        is_replayed = _is_replayed(series)
        usual = tuple(_intervals(series) if is_replayed else _delays(series))
        return cls(series, tuple(gaps_of(series)), is_replayed, usual, new_model)

    def due(self, position: int, gap: Gap) -> Due | None:
        """When the missing partition at `position` of `gap` should have been there; None if nobody can say."""
        end, last = self.series.ends[position].timestamp(), self.series.newest_came_at
        if not self.is_replayed and end >= self.series.began_at and (due := self._due_after(end)):
            return due
        if gap.passed_at is not None:
            return Due(gap.passed_at, None, f"{self.series.keys[gap.stop]}, which comes after it, is there")
        if self.is_replayed and position == self.series.newest + 1 and (limit := self._limit(last)) is not None:
            return Due(last + limit, limit, "learned from the time between partitions")
        return None

    def first_of_gap(self, key: str, due_at: float, missing: AbstractSet[str]) -> str:
        """The partition that a gap began with of which `key` is the first that is still missing, due at `due_at`.

        Each before it that was not there yet when the one after it was due belonged to the gap: it was filled in. Where
        only its middle was, two gaps remain, and each is called by what it lacks.

        Args:
            key: as above.
            due_at: Unix time.
            missing: all that is late of the series.
        """
        series, first = self.series, key
        position = series.keys.index(key)
        gap = next((gap for gap in self.gaps if gap.start <= position < gap.stop), None)
        for before in range(position - 1, -1, -1):
            came_at, name = series.came_at[before], series.keys[before]
            if name in missing:
                return key
            if came_at is not None and came_at <= due_at:
                break
            if came_at is not None or name in series.troubled:
                first = name
                due = gap and self.due(before, gap)
                due_at = min(due_at, due.at) if due else due_at
        return first

    def bound_seconds(self, counted_from: float) -> float | None:
        """How long after its period's end, or the one before, a partition may come; None if nobody can say."""
        due = None if self.is_replayed else self._due_after(counted_from)
        return due.bound_seconds if due else self._limit(counted_from)

    def expected(self, gap: Gap) -> list[int]:
        """Positions of the partitions of `gap` that come at all, as far as the rest of the series says.

        What is missing in the gap itself is not learned from: a source that has died is not one that has holidays. What
        is not known to stay away is waited for.
        """
        positions = list(range(gap.start, gap.stop))
        if self._new_model is None:
            return positions
        seen, zone = self._folds[self.gaps.index(gap) % _FOLDS], self.series.partitions.zone
        ends = {position: datetime.fromtimestamp(self._last_second(position), zone) for position in positions}
        absent = [datetime.fromtimestamp(at, zone) for at, seconds in seen if seconds is None]
        doubtful = set(_like(absent, ends))
        if not doubtful:
            return positions
        calendar = learned(self._new_model, self.series.partitions.timezone, seen)
        return [p for p in positions if p not in doubtful or calendar.expects(at=ends[p])]

    @cached_property
    def _folds(self) -> tuple[Seen, ...]:
        return tuple(self._presence(without) for without in range(_FOLDS))

    def _presence(self, without: int) -> Seen:
        """Which partitions came, as seconds that stand for any, and which did not, but for every fourth gap."""
        others = [gap for number, gap in enumerate(self.gaps) if number % _FOLDS != without]
        absent = {p for gap in others if gap.passed_at for p in range(gap.start, gap.stop)}
        return tuple(
            (self._last_second(position), 1.0 if key in self.series.published else None)
            for position, key in enumerate(self.series.keys[: self.series.newest + 1])
            if key in self.series.published or (position in absent and key not in self.series.troubled)
        )

    def _last_second(self, position: int) -> float:
        """Of a period: its end lies on the day after it."""
        return self.series.ends[position].timestamp() - 1

    def _due_after(self, end: float) -> Due | None:
        if deadline := self.series.dataset.deadline:
            at = deadline.due(datetime.fromtimestamp(end, self.series.partitions.zone)).timestamp()
            return Due(at, at - end, f"declared: {deadline}", deadline.is_critical)
        if (limit := self._limit(end)) is not None:
            return Due(end + limit, limit, "learned from earlier partitions")
        return None

    def _limit(self, counted_from: float) -> float | None:
        if self._new_model is None:
            return None
        seen = tuple((usual.counted_from, usual.seconds) for usual in self.usual)
        model = learned(self._new_model, self.series.partitions.timezone, seen)
        return model.limit(at=datetime.fromtimestamp(counted_from, self.series.partitions.zone))


def _like(absent: Sequence[datetime], ends: Mapping[int, datetime]) -> Iterator[int]:
    """Those of `ends` that are like what was absent: twice on that weekday at that hour, or once on that date."""
    hours = Counter((moment.weekday(), moment.hour) for moment in absent)
    dates = {(moment.month, moment.day) for moment in absent}
    for position, end in ends.items():
        if hours[end.weekday(), end.hour] >= _FEWEST_ABSENT or (end.month, end.day) in dates:
            yield position


def _is_replayed(series: Series) -> bool:
    """Whether the newest partitions came much later than they could, and than any deadline that is declared."""
    delays = [at - _due(series, position) for position, at in list(_in_order(series))[-_RECENT:]]
    return bool(delays) and median(delays) > _far(series)


def _due(series: Series, position: int) -> float:
    end, deadline = series.ends[position], series.dataset.deadline
    return (deadline.due(end) if deadline else end).timestamp()


def _far(series: Series) -> float:
    return max(_FAR_SECONDS, _FAR_PERIODS * series.period_seconds)


def _delays(series: Series) -> Iterator[Usual]:
    """After the period's end, of those that came when they could first."""
    for position, at in _in_order(series):
        end = series.ends[position].timestamp()
        if end >= series.began_at and at - end <= _far(series):
            yield Usual(series.keys[position], end, max(0.0, at - end))


def _intervals(series: Series) -> Iterator[Usual]:
    """After the one before, of those that came by a run of their own."""
    previous: tuple[float, str] | None = None
    for position, at in _in_order(series):
        run_id = series.arrivals[series.keys[position]].run_id
        if previous and previous[1] != run_id:
            yield Usual(series.keys[position], previous[0], max(0.0, at - previous[0]))
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
