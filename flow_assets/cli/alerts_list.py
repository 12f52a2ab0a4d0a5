"""List the alerts that are open, the last one first; or all."""

from typing import TYPE_CHECKING, Any

import typer

from flow_assets.cli.alerts_options import AsJson, ExitCode, ShowAll, Since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flow_assets.automation.alerting.notices import Wording
    from flow_assets.ledger.findings import Alert
    from flow_assets.ledger.silences import Silence

NAME = "list"
EXAMPLES = (
    "flow alerts list",
    "flow alerts list --all --since 7d",
    "flow alerts list --exit-code",
)


def command(
    show_all: ShowAll = False,
    since: Since = None,
    exit_code: ExitCode = False,
    as_json: AsJson = False,
) -> None:
    """List alerts."""
    import time

    from flow_assets.cli.alerts_owners import wording_of
    from flow_assets.cli.console import print_json
    from flow_assets.insight.spans import since_text
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.ledger.findings import AlertState
    from flow_assets.ledger.times import unix_time
    from flow_assets.settings import load_settings

    after = unix_time(since_text(since)) if since is not None else None
    settings, now = load_settings(), time.time()
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    states = None if show_all or since is not None else set(AlertState) - {AlertState.RESOLVED}
    found, silences = alerts.find(states, after, now), alerts.silences(now)
    wording = wording_of(settings)
    if as_json:
        print_json(listed_json(found, silences, now, wording))
    else:
        nothing = (
            "No alert is open. See those that were: flow alerts list --all" if states else "There is no such alert."
        )
        _print(found, silences, now, wording, nothing)
    if exit_code and any(alert.state is AlertState.OPEN for alert in found):
        raise typer.Exit(1)


def listed_json(
    alerts: "Sequence[Alert]", silences: "Sequence[Silence]", now: float, wording: "Wording"
) -> dict[str, Any]:
    """Alerts and silences for scripts; those that a command has changed have the form of those that are listed."""
    from flow_assets.cli.alerts_show import alert_json

    return {
        "alerts": [alert_json(alert, now, wording) for alert in alerts],
        "silences": [_silence_json(silence) for silence in silences],
    }


def _silence_json(silence: "Silence") -> dict[str, Any]:
    from flow_assets.cli.alerts_show import moment_json

    return {
        "alert": silence.number,
        **{name: value or None for name, value in vars(silence.matcher).items()},
        "until": moment_json(silence.until),
        "ended_at": moment_json(silence.ended_at),
        "by": silence.who,
        "note": silence.note,
    }


def _print(
    found: "Sequence[Alert]", silences: "Sequence[Silence]", now: float, wording: "Wording", nothing: str
) -> None:
    from rich.markup import escape

    from flow_assets.cli.console import out, print_table, table
    from flow_assets.time_words import duration_text, moment_text

    console = out()
    if not found:
        console.print(nothing)
    else:
        texts = ("severity", "state", "dataset", "owner", "taken care of by", "title")
        shown = table("Alerts", "number", "severity", "state", "since", *texts[2:], texts=texts, folded="title")
        for alert in found:
            since = duration_text(now - alert.opened_at)
            about = (alert.finding.dataset, wording.owner(alert.finding), alert.acknowledged_by, alert.finding.title)
            told = (str(alert.number), _colored(alert.finding.severity), alert.state.value, since)
            shown.add_row(*told, *(escape(text or "·") for text in about))
        print_table(console, shown)
    for silence in silences:
        which = f"alert {silence.number}" if silence.number is not None else str(silence.matcher)
        note = f": {silence.note}" if silence.note else ""
        console.print(escape(f"Silenced until {moment_text(silence.until)} by {silence.who}: {which}{note}"))


def _colored(severity: str) -> str:
    color = {"critical": "red", "warning": "yellow"}.get(severity)
    return f"[{color}]{severity}[/{color}]" if color else severity
