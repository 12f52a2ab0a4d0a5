"""Write the page that people look at, or say the same in short: what is there, what is off, and what it cost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from flow_assets.declaration import DatasetGraph
    from flow_assets.insight.report.calendars import Calendar
    from flow_assets.insight.report.gather import Report

NAME = "report"
EXAMPLES = (
    "flow report",
    "flow report --html report.html",
    "flow report --since 2013-02-01 --html report.html",
    "flow report --since 7d --json",
)

_LISTED = 10


def command(
    since: Annotated[str, typer.Option(help="What happened since a date, or 30m, 12h, 7d, 4w ago.")] = "30d",
    html: Annotated[Path | None, typer.Option(help="Write the page to this file.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how everything is, on one page."""
    from flow_assets.cli.console import out, print_json
    from flow_assets.insight.report.gather import find_report
    from flow_assets.materialization.project import Project
    from flow_assets.settings import load_settings

    project = Project.open(load_settings())
    report = find_report(project, since, alerts=project.alerts.find())
    size = _write(report, html) if html is not None else 0
    if as_json:
        print_json(_json(report))
        return
    console = out()
    if html is None:
        _print(console, report, project.graph)
        console.print("\nThe same as a page, with calendar and trends: flow report --html report.html")
    elif not _is_printed(html):
        from flow_assets.cli.console import size_text

        console.print(_headline(report), markup=False)
        console.print(f"Page: {html.absolute()} ({size_text(size)})", markup=False)


def _write(report: "Report", path: Path) -> int:
    """Write the page; its size in bytes."""
    from flow_assets.insight.output_file import output_file
    from flow_assets.insight.report.render import render

    page = render(report).encode()
    with output_file(path) as file:
        return file.write_bytes(page)


def _is_printed(path: Path) -> bool:
    """Whether the page was printed, so that nothing else may be."""
    from flow_assets.insight.output_file import is_printed

    return is_printed(path)


def _json(report: "Report") -> dict[str, Any]:
    from dataclasses import asdict

    values = asdict(report)
    values["calendars"] = [_calendar_json(calendar) for calendar in report.calendars]
    for trouble in values["attention"]:
        trouble["partition"] = trouble["partition"] or None
    for troubles in values["troubles"]:
        troubles["partitions"] = [key or None for key in troubles["partitions"]]
    values["savings"]["share"] = report.savings.share
    return {"partitions": report.partitions, "up_to_date": report.up_to_date, **values}


def _calendar_json(calendar: "Calendar") -> dict[str, Any]:
    """Its cells in order, without where they stand on the page."""
    cells = (*calendar.listed, *(cell for grid in calendar.grids for cell in grid.cells if cell))
    return {
        "dataset": calendar.dataset,
        "layer": calendar.layer,
        "partitions": calendar.partitions,
        "counts": calendar.counts,
        "cells": [{**vars(cell), "label": cell.label or None} for cell in cells],
        "uncounted": calendar.uncounted,
    }


def _headline(report: "Report") -> str:
    states = ", ".join(f"{count:,} {state}" for state, count in report.states.items() if count)
    return f"{report.up_to_date:,} of {report.partitions:,} partitions are up to date: {states or 'there are none'}"


def _print(console: "Console", report: "Report", graph: "DatasetGraph") -> None:
    from flow_assets.time_words import duration_text, moment_text

    savings = report.savings
    console.print(f"[bold]Report[/], {moment_text(report.since)} to {moment_text(report.made_at)}\n")
    console.print(_headline(report), markup=False)
    console.print(
        f"Computed {savings.computed:,} in {duration_text(savings.seconds_spent)}, restored {savings.restored:,}, "
        f"left {savings.left:,} as they were: {duration_text(savings.seconds_saved)} saved"
    )
    _print_alerts(console, report)
    console.print()
    _print_datasets(console, report)
    _print_attention(console, report, graph)


def _print_alerts(console: "Console", report: "Report") -> None:
    from rich.markup import escape

    console.print(_alerts_text(report.alerts_open))
    for alert in report.alerts[:_LISTED]:
        console.print(f"  #{alert.number} {alert.finding.severity}: {escape(alert.finding.title)}")
    if (more := report.alerts_open - _LISTED) > 0:
        console.print(f"  ... and {more:,} more; see them on the page")


def _alerts_text(count: int) -> str:
    if not count:
        return "No alert is open"
    return f"{count:,} alerts are open" if count > 1 else "1 alert is open"


def _print_datasets(console: "Console", report: "Report") -> None:
    from flow_assets.cli.console import print_table, table
    from flow_assets.insight.report import words
    from flow_assets.insight.report.states import MEANINGS
    from flow_assets.time_words import duration_text

    scores = {row.name: row.score for row in report.quality}
    medians = {trend.dataset: trend.median for trend in report.trends if trend.measure == "seconds"}
    shown = table(None, "dataset", "partitions", *MEANINGS, "median", "quality")
    for of in report.calendars:
        counts = (f"{of.counts[state]:,}" if state in of.counts else "·" for state in MEANINGS)
        costs = (duration_text(medians.get(of.dataset)), words.percent(scores.get(of.dataset)))
        shown.add_row(of.dataset, f"{of.partitions:,}", *counts, *costs)
    print_table(console, shown)


def _print_attention(console: "Console", report: "Report", graph: "DatasetGraph") -> None:
    from rich.markup import escape

    from flow_assets.cli.console import keys_text
    from flow_assets.declaration import partition_keys

    if report.troubles:
        console.print("\n[bold]Not up to date[/]")
    for of in report.troubles[:_LISTED]:
        keys = keys_text(of.partitions, partition_keys(graph.get(of.dataset).partitions))
        name = " ".join(filter(None, (of.dataset, keys)))
        console.print(f"  {of.state}: {escape(name)}: {escape(of.reason)}")
    if more := sum(len(of.partitions) for of in report.troubles[_LISTED:]):
        console.print(f"  ... and {more:,} more: flow plan")
