"""Is a partition late, or does nothing come that day?"""

from collections import deque
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flow_assets.errors import BaselineError
from flow_assets.insight.baseline.arguments import check_at, check_delay
from flow_assets.insight.baseline.duration import DurationBaseline
from flow_assets.insight.baseline.pattern import Pattern
from flow_assets.insight.baseline.priors import Priors
from flow_assets.insight.baseline.verdict import Verdict

PRIORS = Priors(scale=0.1, scale_runs=2.0, least_scale=0.005, unseen_mean=1.5)
ABOUT_A_DAY = timedelta(hours=20)
KEPT = 500
LEAST_WALL_SECONDS, EARLIEST_WALL_SECONDS = 1.0, 4 * 3600.0
STEPS = 60
_Period = tuple[datetime, float | None, float | None, Hashable]


class ArrivalBaseline:
    """When the partition of a period is there, and on which days none comes.

    A source keeps the time of its clock. So arrivals are compared in local time: of periods of a day or longer by how
    long after the beginning of a local day they came, of shorter ones by what the clock
    showed since their end. What is learned of that is what `DurationBaseline` learns of durations, with priors of its
    own: weekdays that are later than others, robust limits, and a source that lastingly comes later, which is told
    once.
    """

    def __init__(self, false_alarm_rate: float = 0.001, timezone: str = "UTC") -> None:
        """Know nothing.

        Args:
            false_alarm_rate: how often a judgement may be a false alarm.
            timezone: an IANA name; the clock and the calendar of what is waited for.

        Raises:
            BaselineError: there is no such rate or time zone.
        """
        try:
            self._zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BaselineError(f"timezone={timezone!r} is not known; say one as `Europe/Berlin`.") from error
        self._rate = false_alarm_rate
        self._periods: deque[_Period] = deque(maxlen=KEPT)
        self._shortest_gap: timedelta | None = None
        self._last_at: datetime | None = None
        self._forget()

    def learn(
        self,
        seconds: float | None,
        *,
        size: float | None = None,
        regime: Hashable = None,
        at: datetime | None = None,
    ) -> None:
        """Take one period, in the order of time.

        Args:
            seconds: how long after its end its partition came; negative if before. None: it never came.
            size: how much came, where that matters.
            regime: under what, where that changes the time.
            at: when the period ended.

        Raises:
            BaselineError: one of these cannot be, or `at` is missing.
        """
        local = self._local(at)
        period = local, None if seconds is None else check_delay(seconds), size, regime
        self._note_gap(local)
        self._periods.append(period)
        self._take(*period)

    def judge(
        self, seconds: float, *, size: float | None = None, regime: Hashable = None, at: datetime | None = None
    ) -> Verdict:
        """Say what is to be thought of a partition that came so long after its period's end, or has not come by then.

        The expected seconds and the ratio are counted from the period's end, as `seconds` are.
        """
        local = self._local(at)
        elapsed = check_delay(seconds)
        if not self._expects(local):
            return Verdict(1.0, False, None, None, f"nothing is expected for {local:%A, %Y-%m-%d %H:%M}")
        verdict = self._delays.judge(self._wall(local, elapsed), size=size, regime=regime, at=local)
        if verdict.expected_seconds is None:
            return verdict
        expected = self._elapsed(local, verdict.expected_seconds)
        ratio = elapsed / expected if expected > 0 else None
        return Verdict(verdict.p_value, verdict.anomalous, expected, ratio, self._reason(verdict, local, expected))

    def limit(self, *, size: float | None = None, regime: Hashable = None, at: datetime | None = None) -> float | None:
        """The seconds after which it is late; None where nothing is expected, and while nothing is known."""
        local = self._local(at)
        if not self._expects(local):
            return None
        limit = self._delays.limit(size=size, regime=regime, at=local)
        return None if limit is None else self._elapsed(local, limit)

    def expects(self, *, at: datetime | None = None) -> bool:
        """Whether anything should come for the period that ended then."""
        return self._expects(self._local(at))

    def _local(self, at: datetime | None) -> datetime:
        checked = check_at(at)
        if checked is None:
            raise BaselineError("at=None: say when the period ended, as in at=datetime(2024, 5, 1, tzinfo=UTC).")
        return checked.astimezone(self._zone)

    def _expects(self, local: datetime) -> bool:
        return self._pattern.expects(self._period(local))

    def _period(self, local: datetime) -> datetime:
        """What the pattern goes by: of days the hour is none of it, which the clock's changes would move."""
        return local.replace(hour=0, minute=0, second=0, microsecond=0) if self._is_daily else local

    def _note_gap(self, local: datetime) -> None:
        """Periods shorter than a day are told from others by the shortest gap between two; then all is learned anew."""
        gap = None if self._last_at is None else abs(local - self._last_at)
        self._last_at = local
        if not gap or (self._shortest_gap is not None and gap >= self._shortest_gap):
            return
        was_daily, self._shortest_gap = self._is_daily, gap
        if was_daily != self._is_daily:
            self._forget()
            for period in self._periods:
                self._take(*period)

    @property
    def _is_daily(self) -> bool:
        return self._shortest_gap is None or self._shortest_gap >= ABOUT_A_DAY

    def _forget(self) -> None:
        self._delays = DurationBaseline(self._rate, priors=PRIORS)
        self._pattern = Pattern()
        self._is_first, self._days = True, 0

    def _take(self, local: datetime, seconds: float | None, size: float | None, regime: Hashable) -> None:
        self._pattern.learn(self._period(local), seconds is not None)
        if seconds is None:
            return
        if self._is_first:  # on which day after the period's end it comes
            self._is_first = False
            self._days = max(int((self._wall(local, seconds) - EARLIEST_WALL_SECONDS) // 86_400), 0)
        self._delays.learn(self._wall(local, seconds), size=size, regime=regime, at=local)

    def _wall(self, local: datetime, elapsed: float) -> float:
        """What the clock has gone on since the origin; an hour that is about to come again does not count yet."""
        then = (local.astimezone(UTC) + timedelta(seconds=elapsed)).astimezone(self._zone)
        seconds = (then.replace(tzinfo=None) - self._origin(local)).total_seconds()
        if then.fold == 0:
            again = then.replace(fold=1).utcoffset()
            put_back = ((then.utcoffset() or timedelta()) - (again or timedelta())).total_seconds()
            if put_back > 0:
                seconds -= (then.hour * 3600 + then.minute * 60 + then.second + then.microsecond / 1e6) % put_back
        return max(seconds, LEAST_WALL_SECONDS)

    def _elapsed(self, local: datetime, wall: float) -> float:
        """The inverse of `_wall`: after how many seconds the clock shows that."""
        low, high = -2 * 86_400.0, wall + 2 * 86_400.0
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._wall(local, middle) < wall else (low, middle)
        return high

    def _origin(self, local: datetime) -> datetime:
        naive = local.replace(tzinfo=None)
        if not self._is_daily:
            return naive
        return naive.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=self._days)

    def _reason(self, verdict: Verdict, local: datetime, expected: float) -> str:
        usual = (local.astimezone(UTC) + timedelta(seconds=expected)).astimezone(self._zone)
        told = f"expected by {usual:%Y-%m-%d %H:%M}"
        if not verdict.anomalous:
            return f"in time: {told}"
        if verdict.reason.startswith("level shift"):
            return f"level shift: it has come later for some time; {told}"
        return f"late: {told}"
