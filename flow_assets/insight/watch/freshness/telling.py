"""A gap that is late, as people are told: what is missing, when it was due, since when, and who waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import quantiles

from flow_assets.declaration import Dataset
from flow_assets.insight.watch.freshness.lateness import Late
from flow_assets.insight.watch.freshness.pace import Pace
from flow_assets.insight.watch.freshness.series import Series
from flow_assets.insight.watch.links import link_to
from flow_assets.insight.watch.situation import Situation
from flow_assets.ledger.findings import AlertSeverity, Chart, Finding
from flow_assets.materialization.project import Project
from flow_assets.texts import listed
from flow_assets.time_words import duration_in_words, moment_text

_HOUR = 3600
_POINTS = 30
_FEWEST = 4


@dataclass(frozen=True)
class Lateness:
    """Missing partitions in a row.

    Attributes:
        partitions: in order; one empty key for a dataset without partitions.
        late: what is late of it, or, where nobody stated or learned when it should come, of what waits for it.
        waiting: the datasets downstream that wait for it.
        began_with: the partition that the gap began with, which may have been filled in since.
    """

    dataset: Dataset
    partitions: tuple[str, ...]
    late: tuple[Late, ...]
    waiting: tuple[str, ...]
    began_with: str = ""

    @property
    def is_outdated(self) -> bool:
        """Whether it is there, and too old."""
        return not self.partitions[0] and self.first.place.dataset == self.dataset.name

    @property
    def first(self) -> Late:
        """The one that is late for the longest time."""
        return min(self.late, key=lambda one: one.due.at)


def finding_of(lateness: Lateness, situation: Situation, pace: Pace | None) -> Finding:
    """What is found of a row of missing partitions; `pace` is that of its dataset, if it has one."""
    name, keys = lateness.dataset.name, lateness.partitions
    now, due = situation.now.timestamp(), lateness.first.due
    source = _landed(situation.project, lateness)
    return Finding(
        watch="freshness",
        identity=f"late {name} {lateness.began_with}".strip(),
        severity=_severity(lateness, now),
        title=_title(lateness),
        since=due.at,
        text="\n".join(line for line in (_due_text(lateness, now), source, _waiting_text(lateness)) if line),
        dataset=name,
        partitions=tuple(key for key in keys if key),
        affected=lateness.waiting,
        evidence={**_evidence(lateness, now), **(_pace_evidence(pace, keys) if pace else {})},
        link=link_to(name, keys[0]),
        chart=_chart(pace, keys[0], now) if pace else None,
    )


def _severity(lateness: Lateness, now: float) -> AlertSeverity:
    """Critical where that is declared, and what is later than twice what was stated or learned."""
    dues = [one.due for one in lateness.late]
    is_critical = any(
        due.is_critical or (due.bound_seconds is not None and now - due.at > due.bound_seconds) for due in dues
    )
    return AlertSeverity.CRITICAL if is_critical else AlertSeverity.WARNING


def _title(lateness: Lateness) -> str:
    name, keys = lateness.dataset.name, lateness.partitions
    if not keys[0]:
        return f"{name} is out of date" if lateness.is_outdated else f"{name} is missing"
    if len(keys) == 1:
        return f"{name}: {keys[0]} is late"
    return f"{name}: {len(keys)} partitions are late, {keys[0]} to {keys[-1]}"


def _due_text(lateness: Lateness, now: float) -> str:
    first = lateness.first
    what = first.place.partition or "A new version"
    if first.place.dataset != lateness.dataset.name:
        what += f" of {first.place.dataset}, which waits for it,"
    late = duration_in_words(now - first.due.at)
    return f"{what} was due at {moment_text(first.due.at)}, {late} late ({first.due.reason})."


def _landed(project: Project, lateness: Lateness) -> str:
    """Whether the landed file of the first partition is there."""
    source = lateness.dataset.source
    if source is None:
        return "" if lateness.is_outdated else "All that it needs is there: run it."
    place = source.place(lateness.partitions[0], lateness.dataset.partitions)
    if source.is_remote or lateness.is_outdated:
        return f"Its file is {place}: ask its source."
    is_there = (project.settings.landing / place).exists()
    return f"Its file {place} has landed: run it." if is_there else f"Its file {place} has not landed: ask its source."


def _waiting_text(lateness: Lateness) -> str:
    return f"Waiting for it: {listed(lateness.waiting)}." if lateness.waiting else ""


def _evidence(lateness: Lateness, now: float) -> Mapping[str, float | str]:
    due = lateness.first.due
    bound = {} if due.bound_seconds is None else {"bound_seconds": due.bound_seconds}
    return {
        "due_at": moment_text(due.at),
        "due_because": due.reason,
        "late_seconds": now - due.at,
        **({"missing_partitions": float(len(lateness.partitions))} if lateness.partitions[0] else {}),
        **bound,
    }


def _pace_evidence(pace: Pace, keys: tuple[str, ...]) -> Mapping[str, float | str]:
    """What is usual, what is the newest and when that came, and what else is not there beside the late ones."""
    series, usual = pace.series, sorted(usual.seconds for usual in pace.usual)
    found: dict[str, float | str] = {"last_published": series.keys[series.newest]}
    if (came_at := series.came_at[series.newest]) is not None:
        found["last_published_at"] = moment_text(came_at)
    if len(usual) >= _FEWEST:
        low, *_, high = quantiles(usual, n=20, method="inclusive")
        after = "the one before" if pace.is_replayed else "the period's end"
        bounds = dict.fromkeys(map(duration_in_words, (low, high)))
        found["usual_arrival"] = f"{' to '.join(bounds)} after {after}"
        found |= {"usual_seconds_low": low, "usual_seconds_high": high}
    if troubled := sorted(key for key in series.troubled if keys[0] <= key <= keys[-1]):
        found["failed_or_blocked"] = ", ".join(troubled)
    return found


def _chart(pace: Pace, key: str, now: float) -> Chart | None:
    """How long recent partitions took, and the missing one so far."""
    series = pace.series
    recent = pace.usual[-_POINTS:]
    if not recent or key not in series.keys:
        return None
    end = series.ends[series.keys.index(key)].timestamp()
    start = _came_before(series, key) if pace.is_replayed else end
    bounds = [pace.bound_seconds(at) for at in (*(usual.counted_from for usual in recent), start)]
    after = "the one before" if pace.is_replayed else "the period's end"
    return Chart(
        title=f"{series.dataset.name}: arrival, hours after {after}",
        labels=(*(usual.partition for usual in recent), key),
        values=tuple(seconds / _HOUR for seconds in (*(usual.seconds for usual in recent), now - start)),
        high=() if None in bounds else tuple(bound / _HOUR for bound in bounds if bound is not None),
    )


def _came_before(series: Series, key: str) -> float:
    before = series.came_at[: series.keys.index(key)]
    return max((at for at in before if at is not None), default=series.began_at)
