"""What was found of a dataset's last partitions, as series: for each rule the share that fails, and the rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from json import loads
from math import asin, exp, log, sin, sqrt
from statistics import median

from flow_assets.checks.results import RuleResult
from flow_assets.declaration.tolerance import tolerates
from flow_assets.insight.scores import KeptRule, RuleSets
from flow_assets.ledger.judgements import Check

VOLUME = "volume"
"""Stands for a dimension where rows are counted."""

_OF_MEDIAN = 1.2533  # what the median of normal values varies by, as a multiple of what their mean does
_LEAST_CHANGE_OF_ROWS = log(1.02)


@dataclass
class Series:
    """One metric of a dataset, over its partitions in their order.

    Attributes:
        metric: the rule's name, or `rows`.
        failed: of each partition, how many fail; empty for `rows`.
        totals: of each partition, of how many, or the rows.
        are_broken: of each partition, whether more fail than is tolerated.
        checked_at: of each partition, UTC, ISO 8601.
    """

    dataset: str
    metric: str
    dimension: str
    partitions: list[str] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    are_broken: list[bool] = field(default_factory=list)
    checked_at: list[str] = field(default_factory=list)

    @property
    def is_share(self) -> bool:
        """Whether it is a share that fails, and not a number of rows."""
        return self.dimension != VOLUME

    def values(self) -> list[float]:
        """On a scale on which chance moves all levels alike.

        Shares as Anscombe has it ("The transformation of Poisson, binomial and negative-binomial data", Biometrika 35,
        1948), and the logarithm of rows.
        """
        if not self.is_share:
            return [log(total + 1) for total in self.totals]
        return [asin(sqrt((f + 0.375) / (n + 0.75))) for f, n in zip(self.failed, self.totals, strict=True)]

    def shown(self, value: float) -> float:
        """A value as people read it: a share in percent, or rows."""
        return 100 * sin(min(max(value, 0.0), 1.5708)) ** 2 if self.is_share else max(exp(min(value, 700)) - 1, 0.0)

    def least_spread(self, size: int, among: range) -> float:
        """What the median of `size` values varies by if nothing but chance is at work, going by some of them."""
        by_counting = 1 / sqrt(median(self.totals[among.start : among.stop]) + 1)
        spread = by_counting / 2 if self.is_share else max(by_counting, _LEAST_CHANGE_OF_ROWS)
        return _OF_MEDIAN * spread / sqrt(size)

    def add(self, check: Check, counts: tuple[int, int], *, is_broken: bool) -> None:
        """Add what was found of one more partition: how many fail, and of how many."""
        self.partitions.append(check.partition)
        self.failed.append(min(counts))
        self.totals.append(counts[1])
        self.are_broken.append(is_broken)
        self.checked_at.append(check.at)


def series_of(dataset: str, checks: Sequence[Check], rule_sets: RuleSets) -> list[Series]:
    """The series of a dataset's rows, and of each rule that looked at something; `checks` in the partitions' order."""
    rows = Series(dataset, "rows", VOLUME)
    found: dict[str, Series] = {}
    books = {digest: [KeptRule.of(fields) for fields in rules] for digest, rules in rule_sets.items()}
    for check in checks:
        rows.add(check, (0, check.rows), is_broken=False)
        results = loads(check.results)
        for rule in books.get(check.rules, ()):
            result = RuleResult.from_json(results[rule.digest]) if rule.digest in results else None
            if result and result.is_evaluated and result.total:
                is_broken = not tolerates(rule.tolerance, result.failed, result.total)
                series = found.setdefault(rule.name, Series(dataset, rule.name, rule.dimension))
                series.add(check, (result.failed, result.total), is_broken=is_broken)
    return [rows, *found.values()] if checks else []
