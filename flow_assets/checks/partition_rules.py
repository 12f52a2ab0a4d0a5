"""The rules on partitions, and on partitions beside those before them: what they need, and how they fare."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from flow_assets.checks.facts import PartitionFacts, PastPartition
from flow_assets.checks.freshness import inspect_freshness
from flow_assets.checks.history import History, inspect_drift, inspect_row_count
from flow_assets.checks.partition_query import inspect_query, sealed_connection
from flow_assets.checks.results import RuleResult
from flow_assets.checks.sequence import inspect_sequence
from flow_assets.declaration import Rule
from flow_assets.declaration.constraints import Scope
from flow_assets.declaration.partition_constraints import (
    CompleteSequence,
    Fresh,
    NoDrift,
    PartitionQuery,
    RowCount,
    RowCountHistory,
)


@dataclass(frozen=True)
class Needs:
    """What rules on partitions need to be known before they are asked.

    Attributes:
        columns: those whose distribution is needed: rows and nulls at least.
        past: how many partitions before.
        is_queried: whether a connection is needed, see `sealed_connection`.
    """

    columns: tuple[str, ...] = ()
    past: int = 0
    is_queried: bool = False


@dataclass(frozen=True)
class PartitionInspection:
    """How a partition fared under the rules that look at it as a whole.

    Attributes:
        results: rule's name to how it fared.
        samples: of queries that returned rows, rule's name to the first of them.
    """

    results: Mapping[str, RuleResult]
    samples: Mapping[str, pa.Table] = field(default_factory=dict)


def needs(rules: Sequence[Rule]) -> Needs:
    """What `rules` need; those on rows need nothing here."""
    compared = [r.constraint for r in rules if isinstance(r.constraint, NoDrift | RowCountHistory)]
    return Needs(
        tuple(sorted({rule.columns[0] for rule in rules if isinstance(rule.constraint, NoDrift)})),
        max((constraint.partitions for constraint in compared), default=0),
        any(isinstance(rule.constraint, PartitionQuery) for rule in rules),
    )


def inspect_partition(
    rules: Sequence[Rule],
    partition: PartitionFacts,
    past: Sequence[PastPartition] = (),
    connection: duckdb.DuckDBPyConnection | None = None,
) -> PartitionInspection:
    """Ask every rule on the partition and its history; those on rows are left out.

    Args:
        rules: of the dataset, each of which fits it.
        partition: its rows, and the distributions that `needs` names.
        past: the published partitions before it in the partitions' order, the nearest last; at least as many as
            `needs` says, where there are.
        connection: one of `sealed_connection`, if there is a query; without it one is opened.

    Raises:
        RuleError: a query has no answer for these rows.
    """
    queries = {rule.name: rule for rule in rules if isinstance(rule.constraint, PartitionQuery)}
    history = History(past)
    results = {
        rule.name: _ask(rule, partition, history)
        for rule in rules
        if rule.scope is not Scope.ROW and rule.name not in queries
    }
    samples: dict[str, pa.Table] = {}
    with nullcontext(connection) if connection or not queries else sealed_connection() as opened:
        for name, rule in queries.items():
            assert opened is not None
            results[name], sample = inspect_query(rule, partition.table, opened)
            samples |= {} if sample is None else {name: sample}
    return PartitionInspection(results, samples)


def _ask(rule: Rule, partition: PartitionFacts, history: History) -> RuleResult:
    constraint = rule.constraint
    if isinstance(constraint, RowCount):
        return _counted(constraint, partition.rows)
    if isinstance(constraint, RowCountHistory):
        return inspect_row_count(constraint, partition.rows, history)
    if isinstance(constraint, CompleteSequence):
        return inspect_sequence(constraint, rule.columns[0], partition)
    if isinstance(constraint, Fresh):
        return inspect_freshness(constraint, rule.columns[0], partition)
    if isinstance(constraint, NoDrift):
        return inspect_drift(constraint, rule.columns[0], partition, history)
    raise TypeError(f"{rule.name}: {type(constraint).__name__} is no constraint on a partition that is known here.")


def _counted(constraint: RowCount, rows: int) -> RuleResult:
    is_few = constraint.min_value is not None and rows < constraint.min_value
    is_many = constraint.max_value is not None and rows > constraint.max_value
    return RuleResult(int(is_few or is_many), 1, f"{rows} rows")
