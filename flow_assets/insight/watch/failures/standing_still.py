"""What of Dagster stands still: sensors and schedules whose ticks fail or hang, daemons that give no sign of life."""

from collections.abc import Iterator, Mapping, Sequence

from flow_assets.errors import sentence
from flow_assets.insight.watch.orchestration import ObservedTick
from flow_assets.insight.watch.situation import Situation
from flow_assets.insight.watch.words import alike, paragraph, without_folders
from flow_assets.ledger.findings import AlertSeverity, Finding
from flow_assets.texts import listed, titled
from flow_assets.time_words import duration_in_words, moment_text

WATCH = "failures"

FLICKER_SECONDS = 60.0
"""A sensor that fails for less, as while code is reloaded, is no finding; a schedule is told at once."""

ALL_SILENT_SECONDS = 300.0
"""Every daemon gives a sign of life each 30 seconds: if none has for so long, their process is dead."""

ONE_SILENT_SECONDS = 1830.0
"""One may be busy: Dagster tolerates half an hour beyond the time between two signs."""

_NAMED = 10
_HANGS_AFTER_SECONDS = 600.0
_HUNG_FOR_SECONDS = 24 * 3600.0
_SENSOR_STOPPED_SECONDS = 900.0
_SCHEDULE_STOPPED_SECONDS = 8 * 24 * 3600.0


def find_standing_still(situation: Situation) -> list[Finding]:
    """A finding for what sensors and schedules fail of, for each that hangs, and for daemons that are silent."""
    now = situation.now.timestamp()
    orchestration = situation.orchestration
    silent = list(_silent_daemons(orchestration.heartbeats, now))
    failing: dict[str, list[ObservedTick]] = {}
    for tick in orchestration.ticks:
        if tick.status == "FAILURE" and not _is_switched_off(tick, now) and not _is_flicker(tick, now):
            failing.setdefault(alike(tick.error, tick.name), []).append(tick)
    hanging = [
        _hanging(tick, now)
        for tick in orchestration.ticks
        if tick.status == "STARTED" and _HANGS_AFTER_SECONDS <= now - tick.at <= _HUNG_FOR_SECONDS and not silent
    ]
    return [*silent, *(_failing(situation, error, ticks) for error, ticks in failing.items()), *hanging]


def _is_switched_off(tick: ObservedTick, now: float) -> bool:
    """Whether it is one that Dagster remembers, but no longer evaluates: its code or its default is another now.

    A sensor that merely starves with its daemon is told of by the daemon's silence.
    """
    longest = _SCHEDULE_STOPPED_SECONDS
    if tick.kind == "sensor":
        longest = max(_SENSOR_STOPPED_SECONDS, 10 * (tick.interval_seconds or 0))
    return now - tick.at > longest


def _is_flicker(tick: ObservedTick, now: float) -> bool:
    return tick.kind == "sensor" and now - _since(tick) < max(FLICKER_SECONDS, tick.interval_seconds or 0)


def _since(tick: ObservedTick) -> float:
    return tick.at if tick.failed_since is None else tick.failed_since


def _failing(situation: Situation, cause: str, ticks: Sequence[ObservedTick]) -> Finding:
    """What is found of ticks that fail of the same."""
    names = [f"the {tick.kind} {tick.name}" for tick in ticks]
    error, since = ticks[0].error or "no error is known", min(map(_since, ticks))
    happened = without_folders(error, situation.project.settings)
    title = f"{listed(names)} {'fails' if len(names) == 1 else 'fail'}: {happened}"
    return Finding(
        watch=WATCH,
        identity=f"ticks fail: {cause}",
        severity=AlertSeverity.CRITICAL,
        title=titled(title[0].upper() + title[1:]),
        text=paragraph(
            f"Each tick has failed since {moment_text(since)}: {listed(names, _NAMED)}.",
            sentence(f"The last error: {error}"),
            "As long as this lasts, what they are for is not done.",
            "Their ticks, with the whole error, are in Dagster's UI under Automation.",
        ),
        since=since,
        evidence={"error": error, "failing": len(ticks), "last_tick": moment_text(max(tick.at for tick in ticks))},
        link="/automation",
    )


def _hanging(tick: ObservedTick, now: float) -> Finding:
    return Finding(
        watch=WATCH,
        identity=f"{tick.kind} {tick.name} hangs",
        severity=AlertSeverity.WARNING,
        title=f"A tick of the {tick.kind} {tick.name} has not ended for {duration_in_words(now - tick.at)}",
        text=paragraph(
            f"It began at {moment_text(tick.at)}.",
            "It may wait for something that does not answer; what it is for is not done meanwhile.",
        ),
        since=tick.at,
        evidence={"minutes": round((now - tick.at) / 60, 1)},
        link="/automation",
    )


def _silent_daemons(heartbeats: Mapping[str, float], now: float) -> Iterator[Finding]:
    if not heartbeats:
        return
    last = max(heartbeats.values())
    if now - last > ALL_SILENT_SECONDS:
        yield _silent("daemon is down", "Dagster's daemon does not run", last, now)
        return
    for name, at in sorted(heartbeats.items()):
        if now - at > ONE_SILENT_SECONDS:
            yield _silent(f"daemon {name} is silent", f"Dagster's daemon {name} gives no sign of life", at, now)


def _silent(identity: str, title: str, last: float, now: float) -> Finding:
    return Finding(
        watch=WATCH,
        identity=identity,
        severity=AlertSeverity.CRITICAL,
        title=f"{title} since {moment_text(last)}",
        text=paragraph(
            f"The last sign of life was {duration_in_words(now - last)} ago.",
            "Without it no sensor and no schedule asks for runs, none of the queue begins, and nothing is watched.",
            "Start it again: make dev, or dagster-daemon run where it is a service of its own.",
        ),
        since=last,
        evidence={"minutes_since_last_sign": round((now - last) / 60, 1)},
        link="/deployment/daemons",
    )
