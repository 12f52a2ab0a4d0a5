"""Show what making the data cost: time, memory, rows and bytes, failures, and what reuse saved."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from flow_assets.insight.figures import Figures, Kpis

NAME = "kpis"
EXAMPLES = (
    "flow kpis",
    "flow kpis departures --since 7d --by day",
    "flow kpis --by phase",
    "flow kpis --since 2013-02-01 --by code-version --csv",
)

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 30
_SHOWN_ERRORS = 10


def command(
    dataset: Annotated[str | None, typer.Argument(help="A dataset; all by default.")] = None,
    since: Annotated[str | None, typer.Option(help="What ended since a date, or 30m, 12h, 7d, 4w ago.")] = None,
    by: Annotated[str, typer.Option(help="dataset, day, code-version or phase.")] = "dataset",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line a group.")] = False,
) -> None:
    """Show the KPIs."""
    from flow_assets.cli.console import out, print_json
    from flow_assets.errors import SelectionError
    from flow_assets.insight.figures import By
    from flow_assets.insight.kpis import find_kpis
    from flow_assets.materialization.project import Project
    from flow_assets.settings import load_settings

    if as_json and as_csv:
        raise SelectionError("--json and --csv are two ways to print; choose one.")
    found = find_kpis(Project.open(load_settings()), dataset, since=since, by=By.of(by))
    if as_json:
        print_json(_json(found))
    elif as_csv:
        _print_csv(found)
    else:
        _print(out(), found, dataset, since)


def _json(found: "Kpis") -> dict[str, Any]:
    return {
        "by": found.by,
        "groups": {name: _figures_json(of) for name, of in found.groups.items()},
        "total": _figures_json(found.total),
        "phases": {phase: vars(of) for phase, of in found.phases.items()},
        "runs": vars(found.runs),
        "shared_runs": found.shared_runs,
        "unit": found.unit,
        "median_seconds_over_time": found.over_time,
    }


def _figures_json(of: "Figures") -> dict[str, Any]:
    return {**vars(of), "slowest_phase": of.slowest_phase, "reuse_share": of.reuse_share}


def _print_csv(found: "Kpis") -> None:
    """Numbers as they are; what holds several is left out or has a column for each."""
    import csv
    import sys

    from flow_assets.insight.figures import By, PhaseFigures
    from flow_assets.materialization.stopwatch import OF_PARTITIONS

    if found.by is By.PHASE:
        columns = list(PhaseFigures.__dataclass_fields__)
        rows = [{"phase": phase, **vars(of)} for phase, of in found.phases.items()]
    else:
        phases = list(dict.fromkeys((*OF_PARTITIONS, *found.total.phases)))
        columns = list(_flat(found.total, phases))
        rows = [{found.by.value: group, **_flat(of, phases)} for group, of in found.groups.items()]
    writer = csv.DictWriter(sys.stdout, [found.by.value, *columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    sys.stdout.flush()


def _flat(of: "Figures", phases: list[str]) -> dict[str, Any]:
    flat = {name: value for name, value in _figures_json(of).items() if not isinstance(value, Mapping)}
    return {**flat, **{f"{phase}_seconds": of.phases.get(phase, 0.0) for phase in phases}}


def _print(console: "Console", found: "Kpis", dataset: str | None, since: str | None) -> None:
    from flow_assets.insight.figures import By

    if not found.phases and not found.groups and not found.runs.count:
        what = " ".join(filter(None, (f"of {dataset}" if dataset else "", f"since {since}" if since else "")))
        console.print(f"Nothing was measured{f' {what}' if what else ' yet'}; flow run measures what it makes.")
        return
    if found.by is By.PHASE:
        _print_phases(console, found)
    else:
        _print_groups(console, found)
    _print_rest(console, found)


def _print_groups(console: "Console", found: "Kpis") -> None:
    from rich.markup import escape

    from flow_assets.cli.console import print_table, table
    from flow_assets.insight.figures import By

    counted = ("computed", "restored", "reused", "blocked", "failed", "warnings", "errors")
    columns = (
        *counted,
        "total",
        "median",
        "95 %",
        "CPU",
        "rows/s",
        "read",
        "written",
        "peak memory",
        "slowest",
        "saved",
    )
    picture = "total, drawn" if found.by is By.DAY else f"median by {found.unit}"
    is_drawn = len(found.groups) > 1 if found.by is By.DAY else len(found.periods) > 1
    shown = table("KPIs", found.by.value, *columns, *([picture] if is_drawn else ()), texts=("slowest", picture))
    longest = max((of.wall_seconds for of in found.groups.values()), default=0.0)
    for name, of in found.groups.items():
        drawn = _bar(of.wall_seconds, longest) if found.by is By.DAY else _line(found.over_time[name], found.periods)
        shown.add_row(escape(name), *_row(of), *([drawn] if is_drawn else ()))
    if len(found.groups) > 1:
        shown.add_section()
        shown.add_row("all", *_row(found.total), *([""] if is_drawn else ()))
    print_table(console, shown)


def _row(of: "Figures") -> tuple[str, ...]:
    from flow_assets.cli.console import size_text
    from flow_assets.time_words import duration_text

    partitions = (of.computed, of.restored, of.reused, of.blocked, of.failed)
    return (
        *(f"{n:,}" if n else "·" for n in (*partitions, of.rules_warned, of.rules_failed)),
        duration_text(of.wall_seconds or None),
        duration_text(of.median_seconds),
        duration_text(of.p95_seconds),
        duration_text(of.cpu_seconds or None),
        f"{of.rows_per_second:,.0f}" if of.rows_per_second else "·",
        size_text(of.bytes_in) if of.bytes_in else "·",
        size_text(of.bytes_out) if of.bytes_out else "·",
        size_text(of.peak_memory_bytes) if of.peak_memory_bytes else "·",
        of.slowest_phase or "·",
        duration_text(of.saved_seconds or None),
    )


def _print_phases(console: "Console", found: "Kpis") -> None:
    from flow_assets.cli.console import print_table, table
    from flow_assets.time_words import duration_text

    texts = ("of each", "drawn")
    shown = table(
        "Where the time went", "phase", "of each", "total", "share", "times", "median", "95 %", "drawn", texts=texts
    )
    longest = max((of.seconds for of in found.phases.values()), default=0.0)
    for phase, of in found.phases.items():
        times = (duration_text(of.median_seconds), duration_text(of.p95_seconds), _bar(of.seconds, longest))
        shown.add_row(
            phase, of.of, duration_text(of.seconds), f"{of.share:.1%}".replace("%", " %"), f"{of.count:,}", *times
        )
    if found.phases:
        print_table(console, shown)
    if found.shared_runs:
        console.print(
            f"\nWithout the phases of {found.shared_runs:,} of its {found.runs.count:,} runs, which were for other "
            "datasets as well: flow kpis --by phase"
        )


def _print_rest(console: "Console", found: "Kpis") -> None:
    """How runs went, what was reused, what rules found, and what went wrong, in a line each."""
    from flow_assets.time_words import duration_text

    runs, total = found.runs, found.total
    if runs.count:
        wrong = ", ".join(f"{count:,} ended by {name}" for name, count in runs.errors.items())
        unended = f"{runs.unended:,} without an end" if runs.unended else ""
        queued = f"queued up to {duration_text(runs.queue_p95_seconds)}" if runs.queue_p95_seconds is not None else ""
        times = f"median {duration_text(runs.median_seconds)}, 95 % within {duration_text(runs.p95_seconds)}"
        said = ", ".join(filter(None, (times, queued, wrong, unended)))
        console.print(f"\n[bold]Runs[/]: {runs.count:,}; {said}")
    if total.reused:
        share = f"{total.reuse_share or 0:.1%}".replace("%", " %")
        saved = duration_text(total.saved_seconds)
        console.print(
            f"\n[bold]Reused[/]: {total.reused:,} partitions, {share} of what runs were asked for; saved {saved}"
        )
    if found_by_rules := _checks_text(total):
        console.print(f"\n[bold]Checks[/]: {found_by_rules}")
    if total.errors:
        console.print("\n[bold]Errors[/]:")
        for name, count in list(total.errors.items())[:_SHOWN_ERRORS]:
            console.print(f"  {count:,} of {name}", markup=False)


def _checks_text(total: "Figures") -> str:
    """What rules found; nothing where none was asked."""
    found = {
        "passed": total.rules_passed,
        "warnings": total.rules_warned,
        "errors": total.rules_failed,
        "rows set apart": total.rows_quarantined,
    }
    return ", ".join(f"{what} {n:,}" for what, n in found.items() if n)


def _bar(value: float, longest: float) -> str:
    return "█" * max(round(value / longest * _WIDTH), 1) if longest and value else ""


def _line(values: Mapping[str, float], periods: Any) -> str:
    """A bar for each period, from nothing to the highest; a blank where nothing was computed."""
    highest = max(values.values(), default=0.0)
    return "".join(
        " " if (value := values.get(period)) is None else _BARS[round(value / highest * 7) if highest else 0]
        for period in periods
    )
