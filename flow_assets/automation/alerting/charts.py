"""A small picture of a series, the band in which it was expected, and the point that an alert is about."""

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flow_assets.ledger.findings import Chart
from flow_assets.texts import titled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 480, 240
_DPI = 100
_MOST_POINTS = 120
_MOST_LABELS = 4
_LABEL_LENGTH = 12
_TITLE_LENGTH = 58
_GREATEST = 1e300
# Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
_BLUE, _SKY, _VERMILION, _GREY = "#0072B2", "#56B4E9", "#D55E00", "#555555"


def png(chart: Chart) -> bytes:
    """The picture, 480 by 240 pixels; of a long series, its end. Numbers that are not finite leave gaps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    _draw(figure, chart)
    made = io.BytesIO()
    canvas.print_png(made)  # type: ignore[no-untyped-call]
    return made.getvalue()


def _draw(figure: "Figure", chart: Chart) -> None:
    axes = figure.add_subplot()
    values = _finite(chart.values)
    low, high = (_finite(band) if len(band) == len(chart.values) else [] for band in (chart.low, chart.high))
    places = range(len(values))
    if low and high:
        axes.fill_between(places, low, high, color=_SKY, alpha=0.35, linewidth=0, label="expected")
    for limit in filter(None, (low, high)):
        said = "_" if low and high else "expected at " + ("least" if low else "most")  # "_" keeps it out of the legend
        axes.plot(places, limit, color=_BLUE, linewidth=0.8, linestyle="--", label=said)
    axes.plot(places, values, color=_GREY, linewidth=1.2, marker="o", markersize=2.5)
    if values:
        axes.plot([places[-1]], [values[-1]], color=_VERMILION, marker="D", markersize=8, linestyle="none", label="now")
        axes.legend(fontsize=7, frameon=False, loc="upper left", ncols=3)
        axes.margins(x=0.03, y=0.25)
    _label(axes, chart.labels[-len(values) :] if values else ())
    axes.set_title(_drawn(chart.title, _TITLE_LENGTH), fontsize=9, loc="left", parse_math=False)


def _label(axes: "Axes", labels: Sequence[str]) -> None:
    """Few labels below, of which the last is the one that matters."""
    step = max(1, math.ceil(len(labels) / _MOST_LABELS))
    shown = list(range(len(labels)))[::-1][::step]
    axes.set_xticks(shown, [_drawn(labels[place], _LABEL_LENGTH) for place in shown], fontsize=7, parse_math=False)
    axes.yaxis.set_major_formatter("{x:,.6g}")
    axes.tick_params(axis="y", labelsize=7)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _finite(values: Sequence[float]) -> list[float]:
    """The end of a series, as numbers that can be drawn."""
    return [value if abs(value) < _GREATEST else math.nan for value in map(float, values[-_MOST_POINTS:])]


def _drawn(text: str, longest: int) -> str:
    """The text in one line, with a question mark for each character that the font does not have."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    return "".join(c if font.get_char_index(ord(c)) else "?" for c in titled(text, longest))
