"""Makes a page of the values: one file that needs nothing but itself, and whose texts cannot become code."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from flow_assets.declaration import Dimension
from flow_assets.insight.report import words
from flow_assets.insight.report.calendars import MOST_DAYS, MOST_LISTED, MOST_YEARS, Calendar
from flow_assets.insight.report.costs import UNTOLD
from flow_assets.insight.report.drawing import LEFT, PITCH, TOP, Squares, draw_chart, draw_squares, draw_trend
from flow_assets.insight.report.gather import MOST_ATTENTION, Report
from flow_assets.insight.report.states import MEANINGS, Cell, PartitionState
from flow_assets.time_words import duration_text, moment_text

_PACKAGE = "flow_assets.insight.report"
_FEWEST_DRAWN = 3
_DIMENSIONS = [str(dimension) for dimension in Dimension]


def render(report: Report) -> str:
    """The page: HTML with its style, script and pictures inside.

    Its policy (https://www.w3.org/TR/CSP3/) lets no script run but its own and nothing be fetched, so that a text that
    got past the escaping would still be no code.
    """
    style, script = (files(_PACKAGE).joinpath("templates", name).read_text() for name in ("style.css", "script.js"))
    calendars = [ShownCalendar(of, tuple(draw_squares(grid) for grid in of.grids)) for of in report.calendars]
    pairs = list(zip(report.trends[::2], report.trends[1::2], strict=True))
    drawn = [pair for pair in pairs if max(len(trend.points) for trend in pair) >= _FEWEST_DRAWN]
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            style=Markup(style),
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            calendars=calendars,
            squares=_square_data(report.calendars),
            trends=[[(trend, draw_trend(trend)) for trend in pair] for pair in drawn],
            undrawn=[pair for pair in pairs if pair not in drawn],
            charts={alert.number: draw_chart(of) for alert in report.alerts if (of := alert.finding.chart)},
            untold=UNTOLD,
            phases=list(dict.fromkeys(phase for costs in report.phases for phase in costs.phases)),
            dimensions=_DIMENSIONS,
            scores=lambda row: [row.dimensions.get(dimension) for dimension in _DIMENSIONS],
            meanings=MEANINGS,
            limits={"days": MOST_DAYS, "years": MOST_YEARS, "listed": MOST_LISTED, "attention": MOST_ATTENTION},
            dagster=report.dagster_url.rstrip("/"),
        )
    )


@dataclass(frozen=True)
class ShownCalendar:
    """A calendar and its grids as pictures."""

    calendar: Calendar
    squares: tuple[Squares, ...]


def _square_data(calendars: Sequence[Calendar]) -> dict[str, Any]:
    """What the script says of each square: short lists, because there may be thousands."""
    grids = [grid for of in calendars for grid in of.grids]
    times = sorted({cell.at[:16] for grid in grids for cell in grid.cells if cell and cell.at})
    places = {time: place for place, time in enumerate(times)}
    states = list(PartitionState)

    def fields(cell: Cell | None) -> Any:
        if cell is None:
            return 0
        time = places[cell.at[:16]] if cell.at else -1
        rows = -1 if cell.rows is None else cell.rows
        short = [cell.label, states.index(cell.state), rows, time]
        return short if cell.partitions == 1 and not cell.note else [*short, cell.partitions, cell.troubled, cell.note]

    return {
        "left": LEFT,
        "top": TOP,
        "pitch": PITCH,
        "states": [str(state) for state in states],
        "times": [time.replace("T", " ") for time in times],
        "grids": [{"height": grid.height, "cells": [fields(cell) for cell in grid.cells]} for grid in grids],
    }


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    for function in (words.number, words.short, words.percent, words.counts, duration_text, moment_text):
        made.filters[function.__name__] = function
    made.filters["in_url"] = lambda text: quote(str(text), safe="")
    return made
