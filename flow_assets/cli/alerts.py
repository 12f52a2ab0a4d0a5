"""See what is off, and say what you make of it: `flow alerts` and its subcommands."""

from typing import Annotated

import typer

from flow_assets.cli import (
    alerts_ack,
    alerts_list,
    alerts_resolve,
    alerts_routes,
    alerts_show,
    alerts_silence,
    alerts_test,
    alerts_unsilence,
)
from flow_assets.cli.alerts_options import AsJson, ExitCode, ShowAll, Since
from flow_assets.cli.examples import examples_text

NAME = "alerts"
EXAMPLES = (
    "flow alerts",
    "flow alerts show 3",
    "flow alerts ack 3 4",
    "flow alerts --all --since 7d",
    "flow alerts --calibration",
)


def make_app() -> typer.Typer:
    """The subcommands; without any, what is open is listed."""
    made = typer.Typer(invoke_without_command=True, rich_markup_mode="rich", no_args_is_help=False)
    made.callback()(_list_by_default)
    for command in (
        alerts_list,
        alerts_show,
        alerts_ack,
        alerts_silence,
        alerts_unsilence,
        alerts_resolve,
        alerts_routes,
        alerts_test,
    ):
        epilog = examples_text(command.EXAMPLES)
        made.command(name=command.NAME, help=command.__doc__, epilog=epilog)(command.command)
    return made


def _list_by_default(
    context: typer.Context,
    show_all: ShowAll = False,
    since: Since = None,
    exit_code: ExitCode = False,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="How often the past would have been told of, beside the budget.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Alone, it lists."""
    from flow_assets.errors import SelectionError

    is_listing = show_all or since is not None or exit_code
    if context.invoked_subcommand is not None:
        if is_listing or calibration or as_json:
            raise SelectionError(f"Write options after the subcommand: flow alerts {context.invoked_subcommand} --json")
    elif calibration:
        if is_listing:
            raise SelectionError("--calibration lists no alerts; leave out --all, --since and --exit-code.")
        from flow_assets.cli.alerts_calibration import show_calibration
        from flow_assets.materialization.project import Project
        from flow_assets.settings import load_settings

        show_calibration(Project.open(load_settings()), as_json=as_json)
    else:
        alerts_list.command(show_all, since, exit_code, as_json)
