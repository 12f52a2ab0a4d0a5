"""What a run came to, per dataset."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flow_assets.declaration import Rule, Severity
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.memo.entries import Action, Because, PlanEntry

_UNCHANGED = {Action.REUSE: Status.REUSED, Action.WAIT: Status.WAITING, Action.HOLD: Status.HELD}
_RESTLESS = "what it is made from kept changing while it was computed; run again"


FOUND = ("warned", "broken", "quarantined")
"""What is told of partitions that are published although something was found."""


@dataclass
class DatasetSummary:
    """How many of a dataset's partitions ended how, and the rows it has now in the partitions asked for.

    Attributes:
        warned: partitions checked and published in this run that break a rule of severity warn.
        broken: those that break one of severity error: they had been published before it was made.
        quarantined: rows that left them.
    """

    counts: Counter[Status] = field(default_factory=Counter)
    rows: int = 0
    seconds: float = 0.0
    warned: int = 0
    broken: int = 0
    quarantined: int = 0


@dataclass
class BrokenRule:
    """A rule that partitions published in this run break.

    Attributes:
        measured: what was found in the first of them.
    """

    dataset: str
    rule: Rule
    measured: str
    partitions: list[str] = field(default_factory=list)

    @property
    def is_mild(self) -> bool:
        """Whether it only warns."""
        return self.rule.severity is Severity.WARN


@dataclass
class RunSummary:
    """What a run came to.

    Attributes:
        problems: of each partition that is not what it should be, how it ended and why, in order.
        seconds: wall time of the whole run.
        warnings: rules that are broken by what is published, those of severity error first.
    """

    datasets: dict[str, DatasetSummary]
    problems: list[Outcome]
    seconds: float
    warnings: list[BrokenRule] = field(default_factory=list)

    @property
    def is_successful(self) -> bool:
        """Whether nothing failed and nothing is held; what waits for its source is no failure."""
        return all(problem.status is Status.WAITING for problem in self.problems)

    def total(self, status: Status) -> int:
        """How many partitions ended so."""
        return sum(summary.counts[status] for summary in self.datasets.values())

    def found(self, name: str) -> int:
        """How much of one of `FOUND` there is in all datasets."""
        return sum(getattr(summary, name) for summary in self.datasets.values())

    def to_json(self) -> dict[str, Any]:
        """The summary as `flow run --json` prints it."""
        return {
            **{status.value: self.total(status) for status in Status},
            **{name: self.found(name) for name in FOUND},
            "seconds": round(self.seconds, 3),
            "datasets": {
                name: {
                    **{status.value: summary.counts[status] for status in Status},
                    **{name: getattr(summary, name) for name in FOUND},
                    "rows": summary.rows,
                    "seconds": round(summary.seconds, 3),
                }
                for name, summary in self.datasets.items()
            },
            "warnings": [
                {
                    "dataset": w.dataset,
                    "rule": w.rule.name,
                    "dimension": w.rule.dimension,
                    "severity": w.rule.severity,
                    "text": w.rule.text,
                    "measured": w.measured,
                    "partitions": [key or None for key in w.partitions],
                }
                for w in self.warnings
            ],
            "problems": [
                {
                    "dataset": p.dataset,
                    "partition": p.partition or None,
                    "status": p.status.value,
                    "reason": p.reason,
                }
                for p in self.problems
            ],
        }


def summarize(
    entries: Iterable[PlanEntry],
    outcomes: Mapping[tuple[str, str], Outcome],
    rows: Mapping[str, Mapping[str, int]],
    reasons: Mapping[tuple[str, str], str],
    seconds: float,
) -> RunSummary:
    """Sum up a run.

    Args:
        entries: the plan after it, for every partition asked for.
        outcomes: how those ended that were worked on.
        rows: dataset and partition to rows published.
        reasons: why an entry is not reused.
        seconds: wall time.
    """
    summary = RunSummary({}, [], seconds)
    broken: dict[tuple[str, str], BrokenRule] = {}
    for entry in entries:
        of_dataset = summary.datasets.setdefault(entry.dataset, DatasetSummary())
        known = outcomes.get((entry.dataset, entry.partition))
        outcome = _ended(entry, known, reasons.get((entry.dataset, entry.partition), ""))
        of_dataset.counts[outcome.status] += 1
        of_dataset.rows += rows.get(entry.dataset, {}).get(entry.partition, 0)
        of_dataset.seconds += outcome.seconds
        if not outcome.status.is_published:
            summary.problems.append(outcome)
        elif outcome.status is not Status.REUSED:
            _note_broken(outcome, of_dataset, broken)
    summary.warnings = sorted(broken.values(), key=lambda rule: (rule.is_mild, -len(rule.partitions)))
    return summary


def _note_broken(outcome: Outcome, of_dataset: DatasetSummary, broken: dict[tuple[str, str], BrokenRule]) -> None:
    findings = [finding for finding in outcome.findings if not finding.is_passed]
    severities = {finding.rule.severity for finding in findings}
    of_dataset.warned += Severity.WARN in severities
    of_dataset.broken += Severity.ERROR in severities
    of_dataset.quarantined += outcome.quarantined
    for finding in findings:
        first = BrokenRule(outcome.dataset, finding.rule, finding.measured)
        broken.setdefault((outcome.dataset, finding.rule.name), first).partitions.append(outcome.partition)


def _ended(entry: PlanEntry, known: Outcome | None, reason: str) -> Outcome:
    """How a partition stands now: what was published of it counts only if the plan after the run agrees."""
    if known and (entry.action is Action.REUSE or not known.status.is_published):
        return known
    status = Status.BLOCKED if entry.because is Because.BLOCKED else _UNCHANGED.get(entry.action)
    if known and status is None:
        return replace(known, status=Status.HELD, reason=_RESTLESS)
    return Outcome(entry.dataset, entry.partition, status or Status.HELD, reason, seconds=known.seconds if known else 0)
