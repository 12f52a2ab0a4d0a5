"""One look of one watch: what it found, and what became of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from flow_assets.automation.watching.keeping import AlertKeeper
from flow_assets.errors import FlowError, WatchError, sentence
from flow_assets.insight.baseline import ArrivalBaseline
from flow_assets.insight.watch.budget import read_budget
from flow_assets.insight.watch.durations.look import durations
from flow_assets.insight.watch.failures.look import failures
from flow_assets.insight.watch.freshness.learning import NewModel
from flow_assets.insight.watch.freshness.look import freshness
from flow_assets.insight.watch.quality.look import quality
from flow_assets.insight.watch.resources.look import resources
from flow_assets.insight.watch.situation import Situation, Watch
from flow_assets.ledger.findings import Alert, Finding
from flow_assets.texts import counted, listed


def _freshness(situation: Situation) -> Sequence[Finding]:
    return freshness(situation, _arrivals(read_budget(situation.project, situation.now).rate))


@lru_cache(maxsize=16)
def _arrivals(rate: float) -> NewModel:
    """The same for the same rate: what arrivals taught is kept by it."""
    return lambda timezone: ArrivalBaseline(false_alarm_rate=rate, timezone=timezone)


WATCHES: Mapping[str, Watch] = {
    "failures": failures,
    "freshness": _freshness,
    "durations": durations,
    "quality": quality,
    "resources": resources,
}
"""Every watch by its name, which its findings and its sensor have too; what finds causes looks first."""

ASKING_DAGSTER = frozenset({"durations", "failures"})
"""Those whose findings follow from what Dagster says, too: while it cannot be asked, they cannot tell what is over."""

_NAMED = 5


@dataclass(frozen=True)
class Look:
    """What a watch found at one moment.

    Attributes:
        findings: everything that is off.
        opened: alerts of what had not been found before.
        resolved: alerts of what is found no longer.
        numbers: identity of each finding to the number of the alert that tells of it; empty where none is kept.
    """

    watch: str
    findings: Sequence[Finding]
    opened: Sequence[Alert] = ()
    resolved: Sequence[Alert] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """How much was found."""
        return counted(len(self.findings), "finding") if self.findings else "Nothing is off"

    @property
    def text(self) -> str:
        """What was found, and what of it is new, in one line."""
        changes = [
            f"{len(alerts)} {verb}: {_titles(alerts)}"
            for verb, alerts in (("opened", self.opened), ("resolved", self.resolved))
            if alerts
        ]
        is_known = self.findings and not self.opened
        return sentence("; ".join([self.summary, *changes, *([_titles_of(self.findings)] if is_known else [])]))


def look(name: str, watch: Watch, situation: Situation, keeper: AlertKeeper | None) -> Look:
    """Let a watch look, and hand what it finds to the alerts.

    Args:
        name: of the watch.
        watch: it.
        situation: what it looks at.
        keeper: keeps the alerts; without one they stay as they are.

    Raises:
        FlowError: the ledger cannot be read or written.
        WatchError: the watch raised.
    """
    try:
        findings = watch(situation)
    except FlowError:
        raise
    except Exception as error:
        raise WatchError(
            f"The watch {name} cannot look: {sentence(f'{type(error).__name__}: {error}')} Until it can, its alerts "
            "stay as they are. Its tick in Dagster's UI shows where that came from; report it."
        ) from error
    return keep(name, findings, situation.now.timestamp(), keeper)


def keep(name: str, findings: Sequence[Finding], now: float, keeper: AlertKeeper | None) -> Look:
    """Hand findings to the alerts; `now` is a Unix time in seconds."""
    if keeper is None:
        return Look(name, findings)
    changes = keeper.observe(name, findings, now)
    return Look(name, findings, changes.opened, changes.resolved, changes.numbers)


def _titles(alerts: Sequence[Alert]) -> str:
    return _titles_of([alert.finding for alert in alerts])


def _titles_of(findings: Sequence[Finding]) -> str:
    return listed([finding.title for finding in findings], _NAMED, "; ")
