"""Show one alert: what is known of it, what happened to it, and who was told."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flow_assets.cli.alerts_options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flow_assets.automation.alerting.notices import Wording
    from flow_assets.ledger.alert_rows import AlertEvent
    from flow_assets.ledger.deliveries import Delivery
    from flow_assets.ledger.findings import Alert, Finding

NAME = "show"
EXAMPLES = (
    "flow alerts show 3",
    "flow alerts show 3 --json",
)


def command(
    number: Annotated[int, typer.Argument(help="Its number; flow alerts list shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show an alert."""
    import time

    from flow_assets.cli.alerts_owners import wording_of
    from flow_assets.cli.console import out, print_json
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings

    settings, now = load_settings(), time.time()
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    alert = alerts.get(number, now)
    wording = wording_of(settings)
    events, deliveries = alerts.events(number), alerts.outbox.of(number)
    if as_json:
        told = {"events": [_event_json(e) for e in events], "deliveries": [_delivery_json(d) for d in deliveries]}
        print_json(alert_json(alert, now, wording) | told)
        return
    for line in _lines(alert, now, wording):
        out().print(line, markup=False)
    _print_history(events, deliveries)


def alert_json(alert: "Alert", now: float, wording: "Wording") -> dict[str, Any]:
    """An alert for scripts."""
    return {
        "number": alert.number,
        "state": alert.state.value,
        **finding_json(alert.finding, wording),
        "opened_at": moment_json(alert.opened_at),
        "open_seconds": round(_open_seconds(alert, now), 3),
        "seen_at": moment_json(alert.seen_at),
        "resolved_at": moment_json(alert.resolved_at),
        "acknowledged_by": alert.acknowledged_by or None,
        "note": alert.note or None,
        "silenced_until": moment_json(alert.silenced_until),
        "former": alert.former,
    }


def finding_json(finding: "Finding", wording: "Wording") -> dict[str, Any]:
    """What was found, for scripts; JSON knows no infinity."""
    from dataclasses import asdict
    from math import isfinite

    return {
        **{name: value for name, value in asdict(finding).items() if name != "chart"},
        "since": moment_json(finding.since),
        "evidence": {
            name: value if isinstance(value, str) or isfinite(value) else str(value)
            for name, value in finding.evidence.items()
        },
        "owner": wording.owner(finding) or None,
        "link": finding.page(wording.dagster_url) or None,
    }


def moment_json(seconds: float | None) -> str | None:
    """Unix time as ISO 8601 in UTC."""
    from flow_assets.ledger.times import ledger_time

    return None if seconds is None else ledger_time(seconds)


def _open_seconds(alert: "Alert", now: float) -> float:
    return max(0.0, (now if alert.resolved_at is None else alert.resolved_at) - alert.opened_at)


def _lines(alert: "Alert", now: float, wording: "Wording") -> list[str]:
    from flow_assets.time_words import duration_text, moment_text

    finding, owner = alert.finding, wording.owner(alert.finding)
    span = duration_text(_open_seconds(alert, now))
    note = f": {alert.note}" if alert.note else ""
    evidence = [f"  {name.replace('_', ' ')}: {_value(value)}" for name, value in finding.evidence.items()]
    lines = (
        f"Alert {alert.number}: {finding.title}",
        f"{finding.severity}, {_state_text(alert, span)}, found by {finding.watch}",
        f"dataset: {finding.dataset}" if finding.dataset else "",
        f"owner: {owner}" if owner else "",
        f"partitions: {', '.join(finding.partitions)}" if finding.partitions else "",
        f"affected: {', '.join(finding.affected)}" if finding.affected else "",
        f"began: {moment_text(finding.since)}",
        f"taken care of by {alert.acknowledged_by}{note}" if alert.acknowledged_by else "",
        f"silenced until {moment_text(alert.silenced_until)}" if alert.silenced_until else "",
        f"the same as alert {alert.former}, which was resolved" if alert.former else "",
        f"\n{finding.text}" if finding.text else "",
        "\n".join(("\nSeen and expected:", *evidence)) if evidence else "",
        f"\n{finding.page(wording.dagster_url)}" if finding.link else "",
    )
    return [line for line in lines if line]


def _state_text(alert: "Alert", span: str) -> str:
    """Its state, and how long it has been off; who acknowledged or silenced it may have done so a moment ago."""
    if alert.resolved_at is not None:
        return f"{alert.state} after {span}"
    return f"open for {span}" if alert.state == "open" else f"{alert.state}, off for {span}"


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.6g}"


def _print_history(events: "Sequence[AlertEvent]", deliveries: "Sequence[Delivery]") -> None:
    from rich.markup import escape

    from flow_assets.cli.console import out, print_table, table
    from flow_assets.time_words import moment_text

    console = out()
    happened = table("\nHistory", "at", "event", "by", "note", texts=("event", "by", "note"), folded="note")
    for event in events:
        happened.add_row(moment_text(event.at, "seconds"), event.kind, escape(event.who or "·"), escape(event.note))
    print_table(console, happened)
    if not deliveries:
        console.print("\nNobody was told; routes say who is: FLOW_ASSETS_ALERT_ROUTES")
        return
    columns = ("destination", "what", "state", "attempts", "at", "error")
    told = table("\nDeliveries", *columns, texts=("what", "state", "error"), folded="error")
    for delivery in deliveries:
        at = moment_text(delivery.ended_at or delivery.due_at, "seconds")
        told.add_row(
            escape(delivery.destination),
            delivery.transition.value,
            delivery.state.value,
            str(delivery.attempts),
            at,
            escape(delivery.error),
        )
    print_table(console, told)


def _event_json(event: "AlertEvent") -> dict[str, Any]:
    return {"at": moment_json(event.at), "kind": event.kind, "by": event.who or None, "note": event.note}


def _delivery_json(delivery: "Delivery") -> dict[str, Any]:
    times = {name: moment_json(getattr(delivery, name)) for name in ("at", "due_at", "ended_at")}
    return {name: value for name, value in vars(delivery).items() if name != "is_leased"} | times
