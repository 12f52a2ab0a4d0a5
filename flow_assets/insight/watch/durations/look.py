"""Is anything slow? Datasets that took longer than their history says, changes of code that cost time, runs that hang.

A dataset is slow as long as its last call is, and a later call that is normal resolves it. What has shifted for good is
told for a week or until it is as before, and so is a change of code that a test finds to have made a difference: by
then somebody has seen it, and the new durations have been learned. If most of what a run computed is slow, it is the
machine, and told once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flow_assets.insight.watch.budget import read_budget
from flow_assets.insight.watch.durations.calls import recent_calls
from flow_assets.insight.watch.durations.code_changes import CodeChange, find_change
from flow_assets.insight.watch.durations.episodes import Episode, find_episodes
from flow_assets.insight.watch.durations.expectations import MakeExpectation
from flow_assets.insight.watch.durations.findings import change_finding, slow_finding, slow_machine_finding
from flow_assets.insight.watch.durations.judged import Judged, JudgedCall, judge_calls
from flow_assets.insight.watch.durations.pooling import pooled_baseline
from flow_assets.insight.watch.durations.run_limits import RunLimits
from flow_assets.insight.watch.durations.running import find_running, find_waiting, identity_of_run, slow_runs
from flow_assets.insight.watch.memory import place_of, remembered
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import Finding

TOLD_FOR = timedelta(days=7)
"""So long a change of durations with a change of code is told."""

FORGOTTEN_AFTER = timedelta(days=14)
"""What was slow so long ago, and was not computed since, is no longer told."""

NEWS_FACTOR = 1.5
"""A dataset is told as slow beside its change of code only if it is so many times slower than that made it."""

LEAST_OF_MACHINE = 3
"""If so many datasets of one run are slow, and at least half of them, it is told once."""


def durations(situation: Situation, make: MakeExpectation | None = None) -> list[Finding]:
    """Everything that is slow or hangs now.

    Args:
        situation: what is looked at.
        make: makes the baselines that durations are judged by; by default those that know of other datasets.
    """
    project, now = situation.project, situation.now
    make = make or pooled_baseline(project, now)
    rate = read_budget(project, now).rate
    judged = judge_calls(project, now, make)
    changes = _find_changes(situation, make, rate)
    slow = {name: late for name, of in judged.items() if (late := _current_episode(of, changes.get(name), now))}
    limits = RunLimits(project, now, make, rate)
    runs = situation.orchestration.runs if situation.orchestration.is_known else ()
    began = {name: episode.calls[0].call.run_id for name, episode in slow.items()}
    running = find_running(runs, limits, began | {name: change.run_id for name, change in changes.items()})
    told = {finding.run_id for finding in running}
    found = [change_finding(change, judged[name]) for name, change in changes.items()]
    found += _join_slow(judged, {name: episode for name, episode in slow.items() if began[name] not in told})
    found = _keep_identities(found, slow_runs(limits, [finding.run_id or "" for finding in found]))
    return [*found, *running, *find_waiting(runs, limits, is_blocked=bool(running))]


def _find_changes(situation: Situation, make: MakeExpectation, rate: float) -> dict[str, CodeChange]:
    """Dataset to the change of code that made it slower or faster and is still told."""
    project, now = situation.project, situation.now
    found = {}
    for name, calls in recent_calls(project, now).items():
        place, question = ("change", *place_of(project), name), (calls, rate, make)
        change = remembered(place, question, lambda calls=calls: find_change(calls, make, rate))  # type: ignore[misc]
        if change and now - change.found_at < TOLD_FOR:
            found[name] = change
    return found


def _current_episode(judged: Sequence[JudgedCall], change: CodeChange | None, now: datetime) -> Episode | None:
    """What is slow and not over; None if that is long ago, or a change of code explains it."""
    episodes = find_episodes(judged)
    if not episodes or episodes[-1].is_over:
        return None
    episode = episodes[-1]
    if now - episode.calls[-1].call.at > (TOLD_FOR if episode.is_lasting else FORGOTTEN_AFTER):
        return None
    return None if change and _explains(change, episode.calls[0]) else episode


def _explains(change: CodeChange, first: JudgedCall) -> bool:
    """Whether a slow call is one of those that a change of code made slower, and not much slower than that."""
    is_known = first.call.at <= change.found_at or first.level <= NEWS_FACTOR * change.ratio
    return change.is_regression and is_known


def _join_slow(judged: Judged, slow: Mapping[str, Episode]) -> list[Finding]:
    """One finding for each slow dataset, but only one for a run of which most are slow."""
    by_run: dict[str, list[str]] = {}
    for name, episode in slow.items():
        by_run.setdefault(episode.calls[-1].call.run_id, []).append(name)
    found = []
    for run_id, names in by_run.items():
        computed = sum(any(one.call.run_id == run_id for one in of) for of in judged.values())
        if len(names) >= LEAST_OF_MACHINE and 2 * len(names) >= computed:
            found.append(slow_machine_finding({name: slow[name] for name in names}))
        else:
            found += [slow_finding(judged[name], slow[name]) for name in names]
    return found


def _keep_identities(found: Iterable[Finding], slow: Collection[str]) -> list[Finding]:
    """What was told of a run while it went on stays one alert when it has ended and its slow dataset is known."""
    kept: dict[str, Finding] = {}
    for finding in found:
        identity = identity_of_run(finding.run_id or "")
        is_same = finding.run_id in slow and identity not in kept
        kept[identity if is_same else finding.identity] = replace(finding, identity=identity) if is_same else finding
    return list(kept.values())
