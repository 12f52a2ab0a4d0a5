"""Turns values into the coordinates of small SVG pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flow_assets.insight.report.calendars import Grid
from flow_assets.insight.report.states import PartitionState
from flow_assets.insight.report.trends import Trend
from flow_assets.ledger.findings import Chart

PITCH = 11
"""From one square to the next; the patterns of the page's style repeat after as much."""

_SIDE = 9
TOP, LEFT = 16, 36
_WIDTH, _HEIGHT, _MARGIN = 280.0, 64.0, 5.0
_HEADROOM = 1.08
_MOST_ROOM = 3.0


@dataclass(frozen=True)
class Squares:
    """A grid as paths.

    Attributes:
        paths: state to a path of its squares.
        counts: state to how many squares that path has.
        marks: x to a text above the squares.
        sides: y to a text beside them.
    """

    width: int
    height: int
    paths: Mapping[PartitionState, str]
    counts: Mapping[PartitionState, int]
    marks: Mapping[int, str]
    sides: Mapping[int, str]


def draw_squares(grid: Grid) -> Squares:
    """A grid's squares; one path a state, because a square an element would be ten times as large."""
    parts: dict[PartitionState, list[str]] = {}
    for place, cell in enumerate(grid.cells):
        if cell is not None:
            column, row = divmod(place, grid.height)
            square = f"M{column * PITCH} {row * PITCH}h{_SIDE}v{_SIDE}h-{_SIDE}z"
            parts.setdefault(cell.state, []).append(square)
    return Squares(
        width=LEFT + max(grid.width, 12) * PITCH,
        height=TOP + grid.height * PITCH,
        paths={state: "".join(squares) for state, squares in parts.items()},
        counts={state: len(squares) for state, squares in parts.items()},
        marks={LEFT + column * PITCH: text for column, text in grid.marks.items()},
        sides={TOP + row * PITCH + _SIDE - 1: text for row, text in grid.sides.items()},
    )


@dataclass(frozen=True)
class Line:
    """A series as paths.

    Attributes:
        line: through the points.
        band: around what was expected; empty where nothing was.
        dots: x, y and what to say, of points outside of it.
        marks: x and what to say, of points that alerts are about.
        top: the value at the upper edge; the lower one is 0.
    """

    line: str
    band: str
    top: float
    dots: tuple[tuple[float, float, str], ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
    width: float = _WIDTH
    height: float = _HEIGHT


@dataclass(frozen=True)
class _Plane:
    """Places points on a picture, from 0 below to `top` above."""

    count: int
    top: float
    width: float = field(default=_WIDTH - 2 * _MARGIN)

    def x(self, number: int) -> float:
        return round(_MARGIN + (self.width * number / (self.count - 1) if self.count > 1 else self.width / 2), 1)

    def y(self, value: float) -> float:
        share = min(max(value / self.top, 0.0), 1.0) if self.top > 0 else 0.0
        return round(_HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * share, 1)

    def path(self, points: Sequence[tuple[int, float]]) -> str:
        return "M" + "L".join(f"{self.x(n):g} {self.y(value):g}" for n, value in points)

    def band(self, ranges: Sequence[tuple[int, float, float]]) -> str:
        if not ranges:
            return ""
        there = self.path([(n, high) for n, _, high in ranges])
        back = self.path([(n, low) for n, low, _ in reversed(ranges)])
        return f"{there}L{back[1:]}z"


def _top(values: Sequence[float], others: Sequence[float]) -> float:
    """Where a picture ends: above all values, and above the others unless that would flatten the values."""
    most = max(values, default=0.0)
    return _HEADROOM * max([most, *(min(other, _MOST_ROOM * most) for other in others)]) or 1.0


def draw_trend(trend: Trend) -> Line:
    """A dataset's series. What is far above its line is drawn at the upper edge, so that the line stays readable."""
    points = trend.points
    others = [value for p in points for value in (p.high, p.unexpected) if value is not None]
    top = _top([p.value for p in points], others)
    plane = _Plane(len(points), top)
    numbered = list(enumerate(points))
    return Line(
        line=plane.path([(n, p.value) for n, p in numbered]) if points else "",
        band=plane.band([(n, p.low, p.high) for n, p in numbered if p.low is not None and p.high is not None]),
        top=top,
        dots=tuple((plane.x(n), plane.y(p.unexpected), p.label) for n, p in numbered if p.unexpected is not None),
        marks=tuple((plane.x(n), f"{p.label}: alert {', '.join(map(str, p.alerts))}") for n, p in numbered if p.alerts),
    )


def draw_chart(chart: Chart) -> Line:
    """An alert's chart; its last point is what the alert is about."""
    values = chart.values
    highs = chart.high if len(chart.high) == len(values) else ()
    lows = chart.low if len(chart.low) == len(values) else (0.0,) * len(highs)
    top = _top(values, highs)
    plane = _Plane(len(values), top)
    label = chart.labels[-1] if chart.labels else ""
    return Line(
        line=plane.path(list(enumerate(values))) if values else "",
        band=plane.band([(n, low, high) for n, (low, high) in enumerate(zip(lows, highs, strict=False))]),
        top=top,
        dots=((plane.x(len(values) - 1), plane.y(values[-1]), label),) if values else (),
    )
