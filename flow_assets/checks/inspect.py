"""Checks a batch of partitions: counts and states in one scan, what leaves for the quarantine, and each as a whole."""

from bisect import bisect_left, insort
from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import duckdb
import pyarrow as pa

from flow_assets.checks.distributions import distributions
from flow_assets.checks.drift import ColumnDistribution
from flow_assets.checks.facts import PartitionFacts, PastPartition
from flow_assets.checks.partition_query import sealed_connection
from flow_assets.checks.partition_rules import inspect_partition, needs
from flow_assets.checks.results import RuleResult, judge
from flow_assets.checks.rows import Asked, Circumstances, ask, failing_rows, sample, split
from flow_assets.checks.sampling import SAMPLED, with_sample
from flow_assets.checks.scan import Expressions, scan
from flow_assets.checks.states import category_columns, complete, decode, encode, state_expressions
from flow_assets.declaration import Dataset, Rule
from flow_assets.declaration.constraints import Scope

Keys = Mapping[str, Mapping[str, pa.Table]]
"""By dataset that rules refer to, and by partition: what rows of it may refer to."""

Results = Mapping[str, RuleResult]
"""Digest of a rule to how it fared."""


@dataclass
class Inspected:
    """What checking one partition found.

    Attributes:
        table: the rows that stay.
        quarantined: the rows that leave, with the names of the rules they break; None where all stay.
        rows: how many rows were looked at.
        results: digest of each rule that was asked, or is known, to how it fared.
        states: of the profile of the rows that stay, encoded.
        samples: digest of each rule that is broken beyond what it tolerates to a few failing rows.
    """

    table: pa.Table
    rows: int
    results: dict[str, RuleResult]
    quarantined: pa.Table | None = None
    states: bytes = b""
    samples: dict[str, pa.Table] = field(default_factory=dict)


class Past:
    """The published partitions of a dataset; those of a batch join them as they are found good.

    Args:
        order: every partition there may be, in order.
        partitions: those that are published.
    """

    def __init__(self, order: Sequence[str] = (), partitions: Mapping[str, PastPartition] | None = None) -> None:
        self._positions = {key: position for position, key in enumerate(order)}
        self._partitions = dict(partitions or {})
        self._published = sorted(self._positions[key] for key in self._partitions)
        self._order = order

    def before(self, partition: str, count: int) -> list[PastPartition]:
        """The last `count` of those before `partition`, the nearest last."""
        if not count:
            return []
        end = bisect_left(self._published, self._positions[partition])
        return [self._partitions[self._order[n]] for n in self._published[max(0, end - count) : end]]

    def add(self, partition: PastPartition) -> None:
        """Take note of one that will be published, or of what will take its place."""
        if partition.key not in self._partitions:
            insort(self._published, self._positions[partition.key])
        self._partitions[partition.key] = partition


class Inspector:
    """Checks partitions of one dataset by its rules.

    Args:
        dataset: whose.
        rules: all of them, each with its digest.
        connection: where they are checked.
        asked: digests of those that are asked; of the others it must be known how they fared. All by default.
    """

    def __init__(
        self,
        dataset: Dataset,
        rules: Sequence[tuple[Rule, str]],
        connection: duckdb.DuckDBPyConnection,
        asked: Container[str] | None = None,
    ) -> None:
        self._dataset = dataset
        self._rules = tuple(rules)
        self._connection = connection
        self._sharing: dict[str, list[Rule]] = {}
        for rule, digest in rules:
            self._sharing.setdefault(digest, []).append(rule)
        # Where several rules share a digest, one that quarantines stands for them.
        self._asked = {
            digest: max(sharing, key=lambda rule: rule.quarantine)
            for digest, sharing in self._sharing.items()
            if asked is None or digest in asked
        }
        self.needs = needs(list(self._asked.values()))
        self._categories = category_columns(dataset)
        gather = partial(state_expressions, dataset.schema.columns(), self._categories, only_expected=True)
        self._states, self._sampled_states = gather(), gather(sampled=SAMPLED)

    @property
    def asked(self) -> tuple[str, ...]:
        """Digests of the rules that are asked."""
        return tuple(self._asked)

    def inspect(
        self, batch: Mapping[str, pa.Table], keys: Keys, past: Past, known: Mapping[str, Results] | None = None
    ) -> dict[str, Inspected]:
        """Check conformed tables, by partition in the partitions' order.

        Args:
            batch: partition to its rows, in the order of the dataset's `sort_by`.
            keys: what rows may refer to.
            past: the partitions before them; those of the batch that are found good join it.
            known: partition to how the rules fared that are not asked.

        Raises:
            RuleError: a rule in Python cannot be asked.
            duckdb.Error: one in SQL has no answer for these rows.
        """
        row_rules = {digest: rule for digest, rule in self._asked.items() if rule.scope is Scope.ROW}
        found = self._scan(batch, row_rules, keys)
        if leaving := {p: f for p, f in found.items() if f.quarantined is not None}:
            staying = {digest: rule for digest, rule in row_rules.items() if not rule.quarantine}
            again = self._scan({p: f.table for p, f in leaving.items()}, staying, keys)
            for partition, inspected in leaving.items():
                inspected.results |= again[partition].results
                inspected.states = again[partition].states
                inspected.samples |= again[partition].samples
        for partition, inspected in found.items() if known else ():
            inspected.results = {**(known or {})[partition], **inspected.results}
        self._inspect_wholes(found, past)
        return found

    def _scan(self, batch: Mapping[str, pa.Table], rules: Mapping[str, Rule], keys: Keys) -> dict[str, Inspected]:
        """Count and gather what one scan can, and set those rows apart that leave."""
        # Within a partition the partition column, by which a set-based result is sorted first, is the same.
        asked = ask(self._connection, batch, list(rules.values()), Circumstances(self._dataset.sort_by, keys))
        to_scan = with_sample(asked.batch)
        states = self._states if to_scan is asked.batch else self._sampled_states
        counted = scan(self._connection, to_scan, [*asked.counts, *states])
        encoded = self._encoded(counted, batch)
        columns = {digest: counted[asked.aliases[rule.name]].to_pylist() for digest, rule in rules.items()}
        found = {}
        for number, (partition, table) in enumerate(batch.items()):
            results = {digest: RuleResult(int(counts[number] or 0), len(table)) for digest, counts in columns.items()}
            found[partition] = Inspected(table, len(table), results, states=encoded[number])
            self._look_closer(found[partition], asked, partition, rules)
        return found

    def _encoded(self, counted: pa.Table, batch: Mapping[str, pa.Table]) -> list[bytes]:
        columns, partitions = self._dataset.schema.columns(), list(batch.items())

        def count(numbers: Sequence[int], expressions: Expressions) -> pa.Table:
            return scan(self._connection, dict(partitions[number] for number in numbers), expressions)

        return encode(complete(counted, columns, self._categories, count), columns)

    def _look_closer(self, found: Inspected, asked: Asked, partition: str, rules: Mapping[str, Rule]) -> None:
        """Read the rows of what is broken: those that leave, and a few of each rule that tolerates no so many."""
        broken = {digest: result for digest, result in found.results.items() if result.failed}
        leaving = {digest for digest in broken if rules[digest].quarantine}
        shown = {digest for digest, result in broken.items() if not self._is_tolerated(digest, result)}
        # Of what stays the other rules are asked again.
        asked_for = [digest for digest in broken if digest in (leaving or shown)]
        if not asked_for:
            return
        failing = failing_rows(self._connection, asked, partition, [rules[digest].name for digest in asked_for])
        for digest in asked_for:
            if digest in shown:
                rows = sample(self._connection, found.table, failing, rules[digest], self._dataset.sort_by)
                found.samples[digest] = rows
        if leaving:
            found.table, found.quarantined = split(found.table, failing)

    def _is_tolerated(self, digest: str, result: RuleResult) -> bool:
        return all(rule.tolerates(result.failed, result.total) for rule in self._sharing[digest])

    def _inspect_wholes(self, found: Mapping[str, Inspected], past: Past) -> None:
        """Ask the rules on partitions, one partition after the other, because each is the past of the next."""
        wholes = {rule.name: digest for digest, rule in self._asked.items() if rule.scope is not Scope.ROW}
        if not wholes:
            return
        rules = [rule for rule in self._asked.values() if rule.name in wholes]
        distributed = self._distributions([inspected.states for inspected in found.values()])
        with ExitStack() as stack:
            sealed = stack.enter_context(sealed_connection(self._connection)) if self.needs.is_queried else None
            for (partition, inspected), distribution in zip(found.items(), distributed, strict=True):
                facts = PartitionFacts.of(self._dataset.partitions, partition, inspected.table, distribution)
                asked = inspect_partition(rules, facts, past.before(partition, self.needs.past), sealed)
                inspected.results |= {wholes[name]: result for name, result in asked.results.items()}
                inspected.samples |= {wholes[name]: rows for name, rows in asked.samples.items()}
                if self.needs.past and not judge(self._rules, inspected.results).errors:
                    past.add(PastPartition(partition, len(inspected.table), distribution))

    def _distributions(self, states: Sequence[bytes]) -> list[dict[str, ColumnDistribution]]:
        return distributions(decode(states), self.needs.columns) if self.needs.columns else [{} for _ in states]
