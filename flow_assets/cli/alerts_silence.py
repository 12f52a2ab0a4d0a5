"""Keep alerts from being delivered for a while: one by its number, or all of a dataset, a watch or an owner."""

from typing import TYPE_CHECKING, Annotated

import typer

from flow_assets.cli.alerts_options import (
    AsJson,
    By,
    Note,
    Number,
    OfDataset,
    OfOwner,
    OfWatch,
    target_of,
    user_name,
)

if TYPE_CHECKING:
    from flow_assets.ledger.silences import Matcher

NAME = "silence"
EXAMPLES = (
    "flow alerts silence 3 --for 2h",
    "flow alerts silence --dataset departures --until 2030-02-01",
    "flow alerts silence --watch durations --for 30m --json",
)


def command(  # noqa: PLR0913  what is silenced, and until when, can be said in several ways
    number: Number = None,
    span: Annotated[str | None, typer.Option("--for", help="How long: 30m, 2h, 3d, 1w; at least 1m.")] = None,
    until: Annotated[str | None, typer.Option(help="Until when: a date or 2030-02-01T06:00, in UTC.")] = None,
    dataset: OfDataset = "",
    watch: OfWatch = "",
    owner: OfOwner = "",
    note: Note = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Silence alerts."""
    import time

    from flow_assets.cli.alerts_changed import print_changed
    from flow_assets.cli.console import out
    from flow_assets.ledger import open_database
    from flow_assets.ledger.alerts import Alerts
    from flow_assets.settings import load_settings
    from flow_assets.time_words import moment_text

    settings, now = load_settings(), time.time()
    target = target_of(number, dataset, watch, owner)
    end, who = end_of(span, until, now), by or user_name()
    alerts = Alerts(open_database(settings.ledger), settings.environment)
    if isinstance(target, int):
        silence = alerts.silence(target, end, who, note, now)
    else:
        _require_known(target, settings.datasets)
        silence = alerts.silence_matching(target, end, who, note, now)
    if as_json:
        numbers = [target] if isinstance(target, int) else []
        print_changed(alerts, numbers, settings, now, [silence])
        return
    what = f"Alert {target}" if isinstance(target, int) else f"What fits {target}"
    out().print(f"{what} is silenced until {moment_text(end)}.", markup=False)


def end_of(span: str | None, until: str | None, now: float) -> float:
    """When a silence ends, Unix time in seconds.

    Raises:
        SelectionError: neither or both are given, or one says no time, or one that is more than 5000 weeks away.
    """
    from datetime import UTC, datetime

    from flow_assets.errors import SelectionError
    from flow_assets.insight.spans import LONGEST, span_seconds

    if span is not None and until is not None:
        raise SelectionError("--for and --until both say how long; choose one.")
    if span is None and until is None:
        raise SelectionError("Say how long: --for 2h, or --until 2030-02-01T06:00.")
    if span is not None:
        return now + span_seconds("--for", span, least="1m")
    try:
        moment = datetime.fromisoformat(until or "")
    except ValueError:
        raise SelectionError(f"--until {until!r} is no time; write 2030-02-01 or 2030-02-01T06:00, in UTC.") from None
    end = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if end > now + span_seconds("--until", LONGEST):
        raise SelectionError(f"--until {until!r} cannot be used; write a time within {LONGEST} from now.")
    return end


def _require_known(matcher: "Matcher", package: str) -> None:
    """Whether there is what it names.

    Raises:
        SelectionError: there is no such dataset, watch or owner.
    """
    from flow_assets.declaration import find_datasets
    from flow_assets.errors import SelectionError

    if matcher.watch:
        _require_watch(matcher.watch)
    if not matcher.dataset and not matcher.owner:
        return
    graph = find_datasets(package)
    if matcher.dataset:
        graph.get(matcher.dataset)
    owners = sorted({owner for dataset in graph.datasets.values() for owner in dataset.owners})
    if matcher.owner and matcher.owner not in owners:
        raise SelectionError(
            f"No dataset is owned by {matcher.owner!r}; owners are {', '.join(owners) or 'not declared'}."
        )


def _require_watch(watch: str) -> None:
    from flow_assets.automation.alerting.routes import WATCHES
    from flow_assets.errors import SelectionError

    if watch not in WATCHES:
        raise SelectionError(f"There is no watch {watch!r}; there are {', '.join(sorted(WATCHES))}.")
