"""What rules found, counted over partitions, and scores made of it.

The score of a rule is the share that passes of what it looks at: of rows, or of what a rule on the partition expects,
such as hours or the partition itself. What is tolerated counts as failing, and so do rows that left for the quarantine;
a rule against history that had nothing to compare with does not count. In a dataset each rule of a dimension weighs the
same, however many rows it looks at, and so does each dimension, however many rules it has; over several datasets each
dataset does.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Self

from flow_assets.checks.results import RuleResult
from flow_assets.declaration.rules import Dimension
from flow_assets.declaration.tolerance import tolerates
from flow_assets.ledger.judgements import Check

RuleSets = Mapping[str, Sequence[Mapping[str, Any]]]
"""Digest of a rule book to its rules, as the ledger keeps them."""

PeriodOf = Callable[[str, str], str | None]
"""A dataset's partition to the period of time in which it lies, if it lies in one."""

Scores = Mapping[str, Mapping[str, float]]
"""Dataset to dimension to score."""

_DIMENSIONS = [str(dimension) for dimension in Dimension]


@dataclass(frozen=True)
class KeptRule:
    """A rule as the ledger keeps it; see `Rule`. `digest` names what it found among the results."""

    digest: str
    name: str
    dimension: str
    severity: str
    tolerance: int | float
    quarantine: bool
    text: str
    description: str

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """A rule from what the ledger has of it."""
        return cls(**{name: fields[name] for name in cls.__dataclass_fields__})


@dataclass
class RuleScore:
    """How one rule of a dataset fared over many partitions.

    Attributes:
        rule: as it was at the last check.
        failed: rows that break it, or what is missing, of `total`.
        partitions: of how many it was asked.
        broken: those that break it beyond what it tolerates, in order.
        worst: the partition of which the largest share fails; None where nothing fails.
        worst_share: that share.
        worst_measured: what was measured there, in words, where the counts do not say all.
        checked_at: when it was last asked, UTC, ISO 8601.
        periods: period of time to `failed` and `total` in it.
    """

    dataset: str
    rule: KeptRule
    failed: int = 0
    total: int = 0
    partitions: int = 0
    broken: list[str] = field(default_factory=list)
    worst: str | None = None
    worst_share: float = 0.0
    worst_measured: str = ""
    checked_at: str = ""
    periods: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def score(self) -> float | None:
        """The share that passes; None where it looked at nothing."""
        return 1 - self.failing if self.total else None

    @property
    def failing(self) -> float:
        """The share that fails."""
        return self.failed / self.total if self.total else 0.0

    def add(self, partition: str, rule: KeptRule, result: Sequence[Any], period: str | None) -> None:
        """Count what was found in one more partition by the rule as it was then; `result` as `RuleResult` is kept."""
        if len(result) == 2:  # as most are, and there may be 100,000
            (failed, total), measured = result, ""
        else:
            kept = RuleResult.from_json(result)
            if not kept.is_evaluated:
                return
            failed, total, measured = kept.failed, kept.total, kept.detail
        self.partitions += 1
        self.total += total
        if period is not None:
            before = self.periods.get(period, (0, 0))
            self.periods[period] = (before[0] + min(failed, total), before[1] + total)
        if failed:
            self._add_failed(partition, rule, (failed, total), measured)

    def _add_failed(self, partition: str, rule: KeptRule, counts: tuple[int, int], measured: str) -> None:
        failed, total = counts
        self.failed += min(failed, total)
        if min(failed, total) > self.worst_share * total:
            self.worst, self.worst_share, self.worst_measured = partition, min(failed, total) / total, measured
        if not tolerates(rule.tolerance, failed, total):
            self.broken.append(partition)


def count(checks: Sequence[Check], rule_sets: RuleSets, period_of: PeriodOf) -> list[RuleScore]:
    """How each rule fared in `checks`, which come in the order of their partitions, at most one of each.

    Those by rules that `rule_sets` does not know are left out.
    """
    books = _books(checks, rule_sets)
    for check in checks:
        results = json.loads(check.results)
        period = period_of(check.dataset, check.partition)
        for rule, score in books[check.dataset, check.rules]:
            if (result := results.get(rule.digest)) is not None:
                score.add(check.partition, rule, result, period)
    return list({(score.dataset, score.rule.name): score for book in books.values() for _, score in book}.values())


def _books(checks: Iterable[Check], rule_sets: RuleSets) -> dict[tuple[str, str], list[tuple[KeptRule, RuleScore]]]:
    """By dataset and digest each rule of a book, and where to count it; a rule is known by its name in all books."""
    last: dict[tuple[str, str], str] = {}
    for check in checks:
        last[check.dataset, check.rules] = max(check.at, last.get((check.dataset, check.rules), ""))
    scores: dict[tuple[str, str], RuleScore] = {}
    books = {}
    for (dataset, digest), at in sorted(last.items(), key=lambda item: item[1]):
        rules = [KeptRule.of(fields) for fields in rule_sets.get(digest, ())]
        for rule in rules:
            score = scores.setdefault((dataset, rule.name), RuleScore(dataset, rule))
            score.rule, score.checked_at = rule, at
        books[dataset, digest] = [(rule, scores[dataset, rule.name]) for rule in rules]
    return books


def dimension_scores(rules: Iterable[RuleScore], period: str | None = None) -> Scores:
    """The score of each dimension of each dataset, over all partitions or those of one period."""
    shares: dict[str, dict[str, list[float]]] = {}
    for rule in rules:
        failed, total = (rule.failed, rule.total) if period is None else rule.periods.get(period, (0, 0))
        if total:
            shares.setdefault(rule.dataset, {}).setdefault(rule.rule.dimension, []).append(1 - failed / total)
    return {
        dataset: {name: fmean(found[name]) for name in _DIMENSIONS if name in found}
        for dataset, found in shares.items()
    }


def over_datasets(scores: Scores) -> dict[str, float]:
    """The score of each dimension over the datasets that have one."""
    shares = {name: [of[name] for of in scores.values() if name in of] for name in _DIMENSIONS}
    return {name: fmean(of) for name, of in shares.items() if of}


def overall(scores: Mapping[str, float]) -> float | None:
    """The score of a dataset from its dimensions', or of all from theirs; None where there is none."""
    return fmean(scores.values()) if scores else None
