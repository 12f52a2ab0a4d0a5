"""Lays the partitions of a dataset out as squares: days in weeks, hours in days, months in years; or as a list.

However many there are, a dataset takes at most some 750 squares: beyond 53 weeks of days each square is a month, and
what is older than 30 years is only counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from flow_assets.declaration import DailyPartitions, Dataset, HourlyPartitions, MonthlyPartitions
from flow_assets.insight.report.states import Cell, Counts, PartitionState, count_states, merge

MOST_DAYS = 53 * 7
MOST_DAYS_OF_HOURS = 14
MOST_YEARS = 30
MOST_LISTED = 60

_WEEKDAYS = 7
_MONTHS = 12
_LONGEST_DAY = 25
_NARROWEST_MARK = 3


@dataclass(frozen=True)
class Grid:
    """Squares in columns.

    Attributes:
        unit: what a square is: `day`, `hour` or `month`.
        height: squares in a column.
        cells: column after column, from the top; None where there is none.
        marks: column to what is written above it.
        sides: row to what is written beside it.
    """

    unit: str
    height: int
    cells: tuple[Cell | None, ...]
    marks: Mapping[int, str]
    sides: Mapping[int, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return -(-len(self.cells) // self.height)


@dataclass(frozen=True)
class Calendar:
    """The partitions of one dataset.

    Attributes:
        partitions: how many there are.
        first: key of the first.
        last: key of the last.
        counts: state to how many are in it, the worst first.
        grids: the older, coarser one first; none where partitions are no windows of time.
        listed: partitions that are no windows of time.
        uncounted: of those that are shown neither in a grid nor listed, state to how many are in it.
    """

    dataset: str
    layer: str
    partitions: int
    first: str
    last: str
    counts: Counts
    grids: tuple[Grid, ...]
    listed: tuple[Cell, ...]
    uncounted: Counts


def lay_out(dataset: Dataset, cells: Sequence[Cell]) -> Calendar:
    """The calendar of a dataset.

    Args:
        dataset: whose partitions.
        cells: each of its partitions, in order.
    """
    partitions = dataset.partitions
    grids, listed, rest = list[Grid](), list(cells), list[Cell]()
    if isinstance(partitions, DailyPartitions | HourlyPartitions | MonthlyPartitions):
        dated = [(partitions.start(cell.label), cell) for cell in cells]
        grids, rest = _grids(dated, type(partitions))
        listed = []
    elif len(listed) > MOST_LISTED:
        listed.sort(key=lambda cell: cell.state.is_up_to_date)  # what is off is listed before what is not
        listed, rest = listed[:MOST_LISTED], listed[MOST_LISTED:]
    return Calendar(
        dataset=dataset.name,
        layer=dataset.layer,
        partitions=len(cells),
        first=cells[0].label if cells else "",
        last=cells[-1].label if cells else "",
        counts=count_states(cells),
        grids=tuple(grids),
        listed=tuple(listed),
        uncounted=count_states(rest),
    )


Dated = list[tuple[datetime, Cell]]


def _grids(dated: Dated, kind: type) -> tuple[list[Grid], list[Cell]]:
    """The grids, and what is too old to be in one."""
    if not dated:
        return [], []
    last = dated[-1][0].date()
    if kind is HourlyPartitions and (last - dated[0][0].date()).days < MOST_DAYS_OF_HOURS:
        return [_hours(dated)], []
    newest: Dated = []
    if kind is not MonthlyPartitions:
        monday = last - timedelta(days=last.weekday())
        first = monday - timedelta(days=MOST_DAYS - _WEEKDAYS)
        newest = [(at, cell) for at, cell in dated if at.date() >= first]
        dated = dated[: len(dated) - len(newest)]
    recent = [(at, cell) for at, cell in dated if at.year > last.year - MOST_YEARS]
    rest = [cell for _, cell in dated[: len(dated) - len(recent)]]
    return ([_months(recent)] if recent else []) + ([_days(newest)] if newest else []), rest


def _by(dated: Dated, label: Callable[[datetime], str]) -> list[tuple[datetime, Cell]]:
    groups = ((key, list(group)) for key, group in groupby(dated, lambda item: label(item[0])))
    return [(group[0][0], merge(key, [cell for _, cell in group])) for key, group in groups]


def _days(dated: Dated) -> Grid:
    days = [(at.date(), cell) for at, cell in _by(dated, lambda at: at.date().isoformat())]
    monday = days[0][0] - timedelta(days=days[0][0].weekday())
    places = {(day - monday).days: cell for day, cell in days}
    months = {(day.year, day.month): (day - monday).days // _WEEKDAYS for day, _ in reversed(days)}
    marks = {at: str(year) if month == 1 else f"{date(year, month, 1):%b}" for (year, month), at in months.items()}
    columns = sorted(marks)
    if len(columns) > 1 and columns[1] - columns[0] < _NARROWEST_MARK:
        del columns[0]
    if len(columns) > 1 and (days[-1][0] - monday).days // _WEEKDAYS - columns[-1] < _NARROWEST_MARK - 1:
        del columns[-1]
    marks = {column: marks[column] for column in columns}
    return Grid("day", _WEEKDAYS, _filled(places), marks, {0: "Mon", 2: "Wed", 4: "Fri"})


def _hours(dated: Dated) -> Grid:
    """A day a row; an hour that the clock repeats has its own column, as the day goes on."""
    days = list(dict.fromkeys(at.date() for at, _ in dated))
    places = {}
    for at, cell in dated:
        midnight = at.replace(hour=0, minute=0, fold=0)
        hour = round(at.timestamp() - midnight.timestamp()) // 3600
        places[hour * len(days) + days.index(at.date())] = cell
    marks = {hour: f"{hour:02}:00" for hour in range(0, _LONGEST_DAY - 1, 6)}
    return Grid("hour", len(days), _filled(places), marks, {n: f"{day:%d %b}" for n, day in enumerate(days)})


def _months(dated: Dated) -> Grid:
    """A year a row."""
    months = _by(dated, lambda at: f"{at:%Y-%m-01}")
    years = list(range(months[0][0].year, months[-1][0].year + 1))
    places = {(at.month - 1) * len(years) + at.year - years[0]: cell for at, cell in months}
    marks = {month: f"{date(2000, month + 1, 1):%b}" for month in range(0, _MONTHS, 3)}
    return Grid("month", len(years), _filled(places), marks, {n: str(year) for n, year in enumerate(years)})


def _filled(places: Mapping[int, Cell]) -> tuple[Cell | None, ...]:
    return tuple(places.get(place) for place in range(max(places) + 1))


def count_all(calendars: Sequence[Calendar]) -> dict[PartitionState, int]:
    """State to how many partitions of all datasets are in it."""
    return {state: sum(of.counts.get(state, 0) for of in calendars) for state in PartitionState}
