"""Look once with every watch, from outside Dagster, for cron or a systemd timer; exit with 1 if something is off."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flow_assets.automation.watching.deployment import Watched
    from flow_assets.automation.watching.looking import Look
    from flow_assets.materialization.project import Project
    from flow_assets.settings import Settings

NAME = "watch"
EXAMPLES = (
    "flow watch",
    "flow watch --json",
    "flow watch --every 60s --for 12h",
)

INTERRUPTED = "alerts stay as they were last seen, the next look goes on from there"

_ONCE = "from flow_assets.cli import main; main()"


def command(
    every: Annotated[str | None, typer.Option(help="Look again and again, each 60s, 5m or 1h.")] = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="With --every: for 12h, 7d or 4w; without it, endlessly.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at everything once; exit with 1 if something is off."""
    from flow_assets.errors import SelectionError
    from flow_assets.insight.spans import span_seconds

    if every is not None:
        longest = span_seconds("--for", for_) if for_ is not None else None
        raise typer.Exit(_look_again(span_seconds("--every", every), longest, as_json=as_json))
    if for_ is not None:
        raise SelectionError("--for says for how long to look again and again; add --every, such as --every 60s.")
    watched = _look()
    if as_json:
        _print_json(watched)
    else:
        _print(watched.looks, watched.delivery)
    if watched.routes_error is not None:
        raise watched.routes_error
    raise typer.Exit(1 if any(look.findings for look in watched.looks) else 0)


def _look() -> "Watched":
    from datetime import UTC, datetime

    from flow_assets.automation.watching import watch_once
    from flow_assets.settings import load_settings

    return watch_once(load_settings(), _load, datetime.now(UTC))


def _load(settings: "Settings") -> "Project":
    """The project, once Dagster's definitions of it could be made too."""
    from flow_assets.definitions import build_definitions
    from flow_assets.materialization.project import Project

    project = Project.open(settings)
    build_definitions(project).get_repository_def()  # as Dagster's code server does
    return project


def _look_again(every: int, longest: int | None, *, as_json: bool) -> int:
    """Look in a process of its own each time, which imports the code as it is then; the last one's exit code."""
    import sys
    import time

    flags = ["--json"] if as_json else []
    end = time.monotonic() + longest if longest else float("inf")
    while True:
        began = time.monotonic()
        if not as_json:
            _print_moment()
        code = _look_apart([sys.executable, "-c", _ONCE, NAME, *flags])
        began += every
        if began >= end:
            return code
        time.sleep(max(0.0, began - time.monotonic()))


def _print_moment() -> None:
    from datetime import UTC, datetime

    from flow_assets.cli.console import out
    from flow_assets.time_words import moment_text

    console = out()
    console.print(f"[bold]{moment_text(datetime.now(UTC), 'seconds')}[/]")
    console.file.flush()  # before the other process prints to the same


def _look_apart(command: "Sequence[str]") -> int:
    """Look in a process that leaves Ctrl-C to this one, which ends it and says so once; its exit code."""
    import signal
    import subprocess

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which the other process inherits
    with subprocess.Popen(command) as looking:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return looking.wait()
        except KeyboardInterrupt:
            looking.kill()
            looking.wait()
            raise


def _print_json(watched: "Watched") -> None:
    from flow_assets.cli.alerts_show import finding_json
    from flow_assets.cli.console import print_json
    from flow_assets.ledger.times import ledger_time

    found = {
        look.watch: {
            "findings": [
                {"alert": look.numbers.get(finding.identity), **finding_json(finding, watched.wording)}
                for finding in look.findings
            ],
            "opened": [alert.number for alert in look.opened],
            "resolved": [alert.number for alert in look.resolved],
        }
        for look in watched.looks
    }
    print_json({"at": ledger_time(watched.at), "watches": found, "delivery": watched.delivery})


def _print(looks: "Sequence[Look]", delivered: str) -> None:
    from flow_assets.cli.console import out

    console = out()
    for look in looks:
        console.print(f"[bold]{look.watch}[/]: {look.summary}.")
        for finding in look.findings:
            number = look.numbers.get(finding.identity)
            console.print(f"\n#{number} {finding.severity}: {finding.title}", markup=False)
            for line in finding.text.splitlines():
                console.print(f"  {line}", markup=False)
        if look.findings:
            console.print()
    console.print(f"[bold]delivery[/]: {delivered}")
