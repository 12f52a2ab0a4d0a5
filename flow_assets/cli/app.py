"""The `flow` command: its subcommands, and how errors reach people."""

import os
import sys
import traceback

import typer

from flow_assets.cli import (
    alerts,
    fingerprint,
    kpis,
    land,
    plan,
    profile_data,
    quality,
    quarantine,
    query,
    report,
    run,
    status,
    watch,
    why,
)
from flow_assets.cli.examples import examples_text
from flow_assets.errors import FlowError, SelectionError, SettingsError, sentence

EXIT_PROBLEM = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_TRUE = {"1", "true", "t", "yes", "y", "on"}  # as pydantic has it

EXAMPLES = (
    "flow land",
    "flow plan",
    "flow run delay_training_set --partitions 2013-01-01..2013-01-31",
    "flow report --html report.html",
)


app = typer.Typer(
    help="Feature datasets that are checked, partitioned and never computed twice.",
    epilog=f"{examples_text(EXAMPLES)}\n\n"
    "Exit codes: 0 all is well; 1 failed, blocked or held; 2 wrong usage; 130 interrupted.\n"
    "Settings are environment variables: FLOW_ASSETS_DATA=DIR writes everything under DIR.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
_COMMANDS = (land, plan, run, why, fingerprint, status, kpis, quality, quarantine, profile_data, query, report, watch)
for command in _COMMANDS:
    app.command(name=command.NAME, help=command.__doc__, epilog=examples_text(command.EXAMPLES))(command.command)
app.add_typer(alerts.make_app(), name=alerts.NAME, help=alerts.__doc__, epilog=examples_text(alerts.EXAMPLES))


def main() -> None:
    """Run the command line; a traceback never reaches a user."""
    try:
        app(prog_name="flow")
    except SystemExit as done:  # typer has turned Ctrl-C into its exit code, without a word
        if done.code == EXIT_INTERRUPTED:
            _complain(_interrupted())
        raise
    except FlowError as error:
        _complain(str(error))
        sys.exit(EXIT_USAGE if isinstance(error, SelectionError | SettingsError) else EXIT_PROBLEM)
    except Exception as error:  # noqa: BLE001  the last resort: whatever it is, people get a sentence
        if str(error) == "Query interrupted":  # what DuckDB makes of Ctrl-C
            _complain(_interrupted())
            sys.exit(EXIT_INTERRUPTED)
        if _is_debugging():
            traceback.print_exc()
        unexpected = sentence(f"unexpected {type(error).__name__}: {error}")
        _complain(f"{unexpected} Set FLOW_ASSETS_DEBUG=1 to see where, and report it.")
        sys.exit(EXIT_PROBLEM)


def _interrupted() -> str:
    """What is said after Ctrl-C: what the command that ran has to say of it, if anything."""
    asked = [command for command in _COMMANDS if command.NAME in sys.argv[1:2]]
    return "; ".join(("interrupted", *(command.INTERRUPTED for command in asked if hasattr(command, "INTERRUPTED"))))


def _complain(message: str) -> None:
    print(f"flow: {message}", file=sys.stderr)  # noqa: T201


def _is_debugging() -> bool:
    """`Settings.debug`, read without the settings, because they may be what cannot be read."""
    return os.environ.get("FLOW_ASSETS_DEBUG", "").lower() in _TRUE
