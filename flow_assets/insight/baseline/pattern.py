"""On which days does anything come?"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

REMEMBERED = 8
FEWEST_SEEN = 2
SATURDAY = 5
LONG_GAP = timedelta(days=10)


def _recent() -> "deque[bool]":
    return deque(maxlen=REMEMBERED)


@dataclass
class Pattern:
    """What came and what did not, by weekday and hour, and by day of the year.

    Something is expected where most of the last eight of the same weekday and hour came. One that was seen less than
    twice is taken to be like the others of its hour, weekends and working days apart; a weekend is not waited for
    before anything came on one, nor an hour of working days on which nothing comes on weekends. A day of the year on
    which something was expected and nothing came, in every year so far, is a holiday. Where more than ten days lie
    between periods, weekdays mean nothing.
    """

    by_hour: dict[tuple[int, int], deque[bool]] = field(default_factory=lambda: defaultdict(_recent))
    by_kind: dict[tuple[bool, int], deque[bool]] = field(default_factory=lambda: defaultdict(_recent))
    all_days: deque[bool] = field(default_factory=lambda: deque(maxlen=4 * REMEMBERED))
    by_date: dict[tuple[int, int], dict[int, bool]] = field(default_factory=lambda: defaultdict(dict))
    last: datetime | None = None
    is_sparse: bool = False

    def learn(self, at: datetime, is_there: bool) -> None:
        """Take one period, whether anything came for it; `at` in the time zone whose days count."""
        was_expected = self.expects(at)
        self.is_sparse = self.last is not None and at - self.last > LONG_GAP
        self.last = at
        self.by_hour[at.weekday(), at.hour].append(is_there)
        self.by_kind[at.weekday() >= SATURDAY, at.hour].append(is_there)
        self.all_days.append(is_there)
        if is_there or was_expected:
            years = self.by_date[at.month, at.day]
            years[at.year] = years.get(at.year, False) or is_there

    def expects(self, at: datetime) -> bool:
        """Whether anything should come for this period."""
        if not any(self.all_days):
            return False
        if self.is_sparse:
            return _mostly(self.all_days)
        past = [is_there for year, is_there in self.by_date.get((at.month, at.day), {}).items() if year < at.year]
        if past and not any(past):
            return False
        same = self.by_hour.get((at.weekday(), at.hour), ())
        if len(same) >= FEWEST_SEEN:
            return _mostly(same)
        is_weekend = at.weekday() >= SATURDAY
        alike, unlike = (self.by_kind.get((kind, at.hour)) for kind in (is_weekend, not is_weekend))
        if alike:
            return _mostly(alike)
        return not is_weekend and _mostly(unlike or self.all_days)


def _mostly(seen: "deque[bool] | tuple[bool, ...]") -> bool:
    return 2 * sum(seen) > len(seen)
