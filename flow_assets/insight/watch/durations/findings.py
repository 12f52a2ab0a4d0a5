"""What is told of datasets that are slow: in words, numbers and a chart."""

from collections.abc import Mapping, Sequence

from flow_assets.insight.watch.durations.code_changes import CodeChange
from flow_assets.insight.watch.durations.episodes import Episode
from flow_assets.insight.watch.durations.judged import JudgedCall
from flow_assets.insight.watch.words import paragraph
from flow_assets.ledger.findings import AlertSeverity, Chart, Finding
from flow_assets.texts import counted
from flow_assets.time_words import duration_text

_SHORT = 8
_CHARTED = 30
_NAMED = 3
_WATCH = "durations"


def slow_finding(judged: Sequence[JudgedCall], episode: Episode) -> Finding:
    """A dataset that is slow; told as its change of code if it is so since then."""
    last, call = episode.calls[-1], episode.calls[-1].call
    code = episode.calls[0].call.code_fingerprint[:_SHORT]
    evidence = _evidence(last, len(episode.calls))
    identity = f"slow {call.dataset}"
    if episode.changed_from is not None:
        before = episode.changed_from.call.code_fingerprint[:_SHORT]
        evidence |= {"code_before": before, "code_after": code}
        identity = _identity_of_change(call.dataset, code)
    return Finding(
        watch=_WATCH,
        identity=identity,
        severity=AlertSeverity.WARNING,
        title=f"{call.dataset} took {duration_text(call.seconds)}, {last.ratio:.1f} times as long as expected",
        text="\n".join(_lines(episode)),
        dataset=call.dataset,
        evidence=evidence,
        since=episode.calls[0].call.at.timestamp(),
        run_id=episode.calls[0].call.run_id,
        link=f"/runs/{call.run_id}",
        chart=_chart(judged),
    )


def _lines(episode: Episode) -> list[str]:
    last = episode.calls[-1]
    expected, limit = duration_text(last.expected_seconds or 0.0), duration_text(last.limit_seconds or 0.0)
    lines = [f"{_sizes(last)}, in run {last.call.run_id[:_SHORT]}; expected were {expected}, {limit} at most."]
    if episode.changed_from is not None:
        before, after = (one.call.code_fingerprint[:_SHORT] for one in (episode.changed_from, episode.calls[0]))
        lines.append(f"Its code was changed shortly before, from {before} to {after}: compare the two.")
    else:
        lines.append(f"Its code is as before; flow kpis {last.call.dataset} --by phase says where the time goes.")
    if episode.is_lasting:
        lines.append("It is so since several runs, and counts as usual from now on; this is told for a week.")
    return lines


def slow_machine_finding(slow: Mapping[str, Episode]) -> Finding:
    """Many datasets of one run were slow: what they have in common is where they ran."""
    lasts = {name: episode.calls[-1] for name, episode in slow.items()}
    run_id = next(iter(lasts.values())).call.run_id
    ratios = {f"{name}_ratio": round(last.ratio, 2) for name, last in lasts.items()}
    worst = max(lasts.values(), key=lambda last: last.ratio)
    lines = [
        f"{name}: {duration_text(last.call.seconds)}, expected {duration_text(last.expected_seconds or 0)}"
        for name, last in sorted(lasts.items(), key=lambda item: -item[1].ratio)
    ]
    return Finding(
        watch=_WATCH,
        identity="slow machine",
        severity=AlertSeverity.WARNING,
        title=f"{len(lasts)} datasets of one run took up to {worst.ratio:.1f} times as long as expected",
        text=paragraph(
            "So many at once are slow because of the machine or its disk, not of their code.",
            *lines[:_NAMED],
            f"and {counted(len(lines) - _NAMED, 'more dataset')}" if len(lines) > _NAMED else "",
        ),
        affected=tuple(lasts),
        evidence={"slow_datasets": len(lasts), **ratios},
        since=min(episode.calls[0].call.at for episode in slow.values()).timestamp(),
        run_id=run_id,
        link=f"/runs/{run_id}",
    )


def change_finding(change: CodeChange, judged: Sequence[JudgedCall]) -> Finding:
    """A change of code that made a dataset slower, or faster."""
    before, after = change.before[:_SHORT], change.after[:_SHORT]
    word = "slower" if change.is_regression else "faster"
    factor = change.ratio if change.is_regression else 1 / change.ratio
    advice = "Compare the two, or acknowledge it." if change.is_regression else "Nothing is to be done."
    return Finding(
        watch=_WATCH,
        identity=_identity_of_change(change.dataset, change.after),
        severity=AlertSeverity.WARNING if change.is_regression else AlertSeverity.INFO,
        title=f"{change.dataset} is {factor:.1f} times {word} since its code was changed",
        text=(
            f"It takes {duration_text(change.seconds_after)} where it took {duration_text(change.seconds_before)}, "
            f"since run {change.run_id[:_SHORT]} with code {after} instead of {before}.\n"
            f"{advice} This is told for a week; durations are judged by the new ones from now on."
        ),
        dataset=change.dataset,
        evidence={
            "ratio": round(change.ratio, 3),
            "seconds_before": round(change.seconds_before, 3),
            "seconds_after": round(change.seconds_after, 3),
            "p_value": change.p_value,
            "code_before": before,
            "code_after": after,
        },
        since=change.since.timestamp(),
        run_id=change.run_id,
        link=f"/runs/{change.run_id}",
        chart=_chart(judged),
    )


def _identity_of_change(dataset: str, code: str) -> str:
    return f"code of {dataset} {code[:_SHORT]}"


def _sizes(judged: JudgedCall) -> str:
    call = judged.call
    keys = call.first if call.first == call.last else f"{call.first} .. {call.last}"
    which = f" ({keys})" if keys else ""
    many = "partition" if call.partitions == 1 else "partitions"
    return f"{call.partitions:,} {many}{which}, {call.rows:,} rows read"


def _evidence(last: JudgedCall, runs: int) -> dict[str, float | str]:
    return {
        "seconds": round(last.call.seconds, 3),
        "expected_seconds": round(last.expected_seconds or 0.0, 3),
        "limit_seconds": round(last.limit_seconds or 0.0, 3),
        "ratio": round(last.ratio, 3),
        "p_value": last.p_value,
        "rows": last.call.rows,
        "partitions": last.call.partitions,
        "slow_runs": runs,
    }


def _chart(judged: Sequence[JudgedCall]) -> Chart:
    """Recent durations and their bands, which lie symmetrically about what was expected on a scale of logarithms."""
    known = [one for one in judged if one.expected_seconds and one.limit_seconds][-_CHARTED:]
    return Chart(
        title=f"{judged[-1].call.dataset}: seconds of a run",
        labels=tuple(f"{one.call.at:%Y-%m-%d %H:%M}" for one in known),
        values=tuple(one.call.seconds for one in known),
        low=tuple((one.expected_seconds or 0.0) ** 2 / (one.limit_seconds or 1.0) for one in known),
        high=tuple(one.limit_seconds or 0.0 for one in known),
    )
