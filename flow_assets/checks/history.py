"""Whether a partition is like those before it, in the number of its rows and in the distribution of a column."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist, median
from typing import Literal

import pyarrow as pa

from flow_assets.checks.drift import (
    SIGNIFICANCE,
    ColumnDistribution,
    Measurement,
    category_psi,
    category_shares,
    ks,
    merge,
    null_rate,
    psi,
)
from flow_assets.checks.facts import PartitionFacts, PastPartition
from flow_assets.checks.results import RuleResult
from flow_assets.declaration.partition_constraints import NoDrift, RowCountHistory
from flow_assets.declaration.partition_fit import is_number

Gathered = Literal["counts", "centroids", "categories"]
"""What is known of a column besides rows and nulls: nothing, its numbers' centroids, or how often its values occur."""


@dataclass(frozen=True)
class History:
    """The published partitions before one, in order, the nearest last.

    Attributes:
        merged: distributions that were merged already, so that several rules on a column share them.
    """

    past: Sequence[PastPartition]
    merged: dict[tuple[str, Gathered, int], ColumnDistribution] = field(default_factory=dict)

    def together(self, column: str, kind: Gathered, past: Sequence[PastPartition]) -> ColumnDistribution:
        """The distribution of a column in the partitions `past`, which are those of the nearest where it is known."""
        key = (column, kind, len(past))
        if key not in self.merged:
            self.merged[key] = merge([partition.distributions[column] for partition in past])
        return self.merged[key]


def inspect_row_count(constraint: RowCountHistory, rows: int, history: History) -> RuleResult:
    """Compare the number of rows with the median of those before.

    A difference that chance alone makes does not fail: the square roots of Poisson counts are nearly normal with a
    standard deviation of a half (Anscombe, "The transformation of Poisson, binomial and negative-binomial data",
    Biometrika, 1948).
    """
    past = history.past[-constraint.partitions :]
    if len(past) < constraint.at_least:
        return _no_history(len(past), constraint.at_least)
    usual = median(partition.rows for partition in past)
    is_within = constraint.min_ratio * usual <= rows <= constraint.max_ratio * usual
    is_chance = 2 * abs(math.sqrt(rows + 3 / 8) - math.sqrt(usual + 3 / 8)) <= _DEVIATIONS
    ratio = f"{rows / usual:.2f} times the median, {usual:g}" if usual else "where the median is 0"
    return RuleResult(int(not (is_within or is_chance)), 1, f"{rows} rows, {ratio}", _span(past))


def inspect_drift(constraint: NoDrift, column: str, partition: PartitionFacts, history: History) -> RuleResult:
    """Measure how far a column's distribution is from that of the partitions before, taken together."""
    now = partition.distributions[column]
    kind = gathered(constraint, partition.table.schema.field(column).type)
    past = [p for p in history.past[-constraint.partitions :] if _is_known(kind, p.distributions.get(column))]
    if len(past) < constraint.at_least:
        return _no_history(len(past), constraint.at_least)
    before = history.together(column, kind, past)
    sizes = (now.rows, before.rows) if kind == "counts" else (now.values, before.values)
    if not all(sizes):
        which = "the partition has" if sizes[1] else "those before have"
        return RuleResult(0, 1, f"nothing to compare: {which} no values", _span(past), is_evaluated=False)
    return _judged(constraint, _measured(constraint, kind, now, before), _span(past))


def gathered(constraint: NoDrift, column: pa.DataType) -> Gathered:
    """What must have been gathered of a column of a type for a measure."""
    if constraint.measure == "null_rate":
        return "counts"
    return "categories" if is_categorical(constraint, column) else "centroids"


def is_categorical(constraint: NoDrift, column: pa.DataType) -> bool:
    """Whether a measure of a column of a type compares how often each value occurs."""
    return constraint.measure == "category_shares" or (constraint.measure == "psi" and not is_number(column))


_DEVIATIONS = NormalDist().inv_cdf(1 - SIGNIFICANCE / 2)


def _is_known(kind: Gathered, distribution: ColumnDistribution | None) -> bool:
    """Whether that was gathered which a measure needs; a column may be younger than a partition, or its rule."""
    if distribution is None or kind == "counts":
        return distribution is not None
    if kind == "categories":
        return distribution.categories is not None
    return len(distribution.means) > 0 or not distribution.values


def _measured(constraint: NoDrift, kind: Gathered, now: ColumnDistribution, before: ColumnDistribution) -> Measurement:
    if constraint.measure == "category_shares":
        return category_shares(now, before, constraint.threshold)
    if constraint.measure == "psi":
        return category_psi(now, before) if kind == "categories" else psi(now, before)
    return ks(now, before) if constraint.measure == "ks" else null_rate(now, before)


def _judged(constraint: NoDrift, found: Measurement, span: tuple[str, ...]) -> RuleResult:
    is_far, is_chance = found.value > constraint.threshold, found.value <= found.noise
    about = f" of {found.about}" if found.about else ""
    chance = f"; chance alone reaches {found.noise:.3g} in so few rows" if is_far and is_chance else ""
    detail = f"{constraint.measure}{about} {found.value:.3g}, at most {constraint.threshold:g}{chance}"
    return RuleResult(int(is_far and not is_chance), 1, detail, span)


def _no_history(count: int, at_least: int) -> RuleResult:
    return RuleResult(0, 1, f"no history yet: {count} of {at_least} partitions", is_evaluated=False)


def _span(past: Sequence[PastPartition]) -> tuple[str, ...]:
    return (past[0].key, past[-1].key)
