"""Show whether the budget of false alarms is kept: what the watches would have told over the ledger's whole history."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flow_assets.insight.watch.calibration import Calibrated, Calibration
    from flow_assets.materialization.project import Project

_COLUMNS = ("dataset", "judged", "alarms", "lasting", "weeks", "a week", "95 % interval", "budget", "within")


def show_calibration(project: "Project", *, as_json: bool) -> None:
    """Judge the history again as it was known at each time, and print how often it would have been told of."""
    from datetime import UTC, datetime

    from flow_assets.cli.console import out, print_json, print_table, table
    from flow_assets.insight.watch.budget import SHARE_OF_DRIFTS
    from flow_assets.insight.watch.calibration import calibrate

    found = calibrate(project, datetime.now(UTC))
    if as_json:
        print_json(_json(found, project.settings.false_alarms_per_week))
        return
    console = out()
    if not found.total.replayed.judgements:
        console.print("Nothing was judged yet: the ledger knows of no computed partition. Compute some with: flow run")
        return
    shown = table("Alarms over the ledger's history", "watch", *_COLUMNS, texts=("dataset", "within"))
    for part in found.parts:
        shown.add_row(*_row(part))
    shown.add_section()
    shown.add_row(*_row(found.total))
    print_table(console, shown)
    console.print(
        f"\nPut up with are {found.total.replayed.budget:g} a week (FLOW_ASSETS_FALSE_ALARMS_PER_WEEK): "
        f"{SHARE_OF_DRIFTS:.0%} of them of data that drifts, the rest of durations and arrivals, each of which may be "
        f"one with a probability of {found.rate:g}.\n"
        "Alarms with a cause count here, too: the rate of false ones is at most what is shown."
    )


def _row(part: "Calibrated") -> tuple[str, ...]:
    replayed = part.replayed
    return (
        replayed.watch,
        replayed.dataset,
        f"{replayed.judgements:,}",
        f"{replayed.alarms:,}" if replayed.alarms else "·",
        f"{replayed.lasting:,}" if replayed.lasting else "·",
        f"{replayed.weeks:.1f}",
        f"{part.alarms_per_week:.3f}",
        f"{part.low:.3f} .. {part.high:.3f}",
        f"{replayed.budget:.3f}",
        "yes" if part.is_within else "no, too many",
    )


def _json(found: "Calibration", budget: float) -> dict[str, Any]:
    return {
        "false_alarms_per_week": budget,
        "rate_per_judgement": found.rate,
        "total": _part_json(found.total),
        "parts": [_part_json(part) for part in found.parts],
    }


def _part_json(part: "Calibrated") -> dict[str, Any]:
    replayed = part.replayed
    return {
        "watch": replayed.watch,
        "dataset": replayed.dataset or None,
        "judgements": replayed.judgements,
        "alarms": replayed.alarms,
        "lasting": replayed.lasting,
        "weeks": round(replayed.weeks, 3),
        "alarms_per_week": part.alarms_per_week,
        "interval_per_week": [part.low, part.high],
        "budget_per_week": replayed.budget,
        "is_within": part.is_within,
    }
