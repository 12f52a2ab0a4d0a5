"""Has partitions checked, and says what follows: whether each is published or kept back, and what is told of it."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.parquet

from flow_assets.checks import Finding, Inspected, Inspector, Past, PastPartition, RuleResult, judge
from flow_assets.checks.distributions import distributions
from flow_assets.checks.states import decode, is_readable
from flow_assets.declaration import Rule
from flow_assets.declaration.constraints import References
from flow_assets.errors import FlowError
from flow_assets.lake import Blob, Record
from flow_assets.ledger import Holdings, Judgement
from flow_assets.ledger.judgements import Blocked
from flow_assets.materialization.compute import order_of
from flow_assets.materialization.preview import preview
from flow_assets.memo.key import Recipe
from flow_assets.memo.planner import Planner
from flow_assets.memo.review import Referred

Results = Mapping[str, RuleResult]
"""Digest of a rule to how it fared."""


@dataclass(frozen=True)
class Judged:
    """A partition with what was found of it, and what follows.

    Attributes:
        table: the rows that stay; None where they were not looked at.
        quarantined: the rows that leave, if any.
        errors: rules that keep it from being published.
        warnings: rules that are broken and do not.
        findings: how each rule fared.
        results: the same by digest.
        referred: what the rules refer to.
    """

    rows: int
    results: Results
    errors: tuple[Rule, ...]
    warnings: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    referred: str
    table: pa.Table | None = None
    quarantined: pa.Table | None = None
    states: bytes = b""

    @property
    def reason(self) -> str:
        """Which rules keep it from being published, in one line."""
        texts = [_broken(finding) for finding in self.findings if finding.rule in self.errors]
        return "; ".join(texts)


class Judge:
    """Checks partitions of one dataset by its rules as they are now."""

    def __init__(
        self, recipe: Recipe, planner: Planner, holdings: Holdings, connection: duckdb.DuckDBPyConnection
    ) -> None:
        self._dataset = recipe.dataset
        self._holdings = holdings
        self._book = recipe.book
        self._planner = planner
        self._connection = connection
        self._referred = Referred(recipe.dataset, recipe.book, planner.state)
        self._inspector = self._of(recipe.book.rules)

    def _of(self, rules: Iterable[tuple[Rule, str]]) -> Inspector:
        return Inspector(self._dataset, tuple(rules), self._connection, order_of(self._dataset))

    def inspect(self, tables: Mapping[str, pa.Table]) -> dict[str, Judged | FlowError]:
        """Check computed partitions by all rules: partition to what follows, or to why it cannot be said."""
        return self._inspect(self._inspector, tables, {})

    def complete(self, tables: Mapping[str, pa.Table], known: Mapping[str, Results]) -> dict[str, Judged | FlowError]:
        """Check partitions by those rules only of which it is not known yet how they fared."""
        found: dict[str, Judged | FlowError] = {}
        for partition, table in tables.items():
            missing = [(rule, digest) for rule, digest in self._book.rules if digest not in known[partition]]
            found |= self._inspect(self._of(missing), {partition: table}, known)
        return found

    def known(self, partition: str, rows: int, results: Results) -> Judged | None:
        """What follows from what is known of a partition; None where that is not enough."""
        if any(digest not in results for _, digest in self._book.rules):
            return None
        return self._judged(partition, rows, results, Found())

    def usable(self, partition: str, content_hash: str, stored: Results) -> Results:
        """What is known of a version of a partition, from its record and its last check.

        What rules refer to may have changed since; then those that refer are asked again.
        """
        check = self._holdings.judgements.latest(self._dataset.name, [partition]).get((partition, content_hash))
        results = {**stored, **(results_of(check.results) if check else {})}
        if not self._book.referred or (check and check.referred == self._referred(partition)):
            return results
        referring = {digest for rule, digest in self._book.rules if isinstance(rule.constraint, References)}
        return {digest: result for digest, result in results.items() if digest not in referring}

    def block(self, partition: str) -> Blocked | None:
        """The version of a partition that is kept back."""
        return self._holdings.judgements.blocked(self._dataset.name, [partition]).get(partition)

    def judgement(self, partition: str, record: Record, judged: Judged, quarantine: Blob | None) -> Judgement:
        """What the ledger keeps of it."""
        return Judgement(
            dataset=self._dataset.name,
            partition=partition,
            content_hash=record.content_hash,
            rules=self._book.digest,
            referred=judged.referred,
            rows=judged.rows,
            results=json.dumps(results_json(judged.results)),
            errors=len(judged.errors),
            warnings=len(judged.warnings),
            quarantine=quarantine.reference if quarantine else "",
            quarantined=sum(file.rows for file in record.quarantine),
            states=judged.states or base64.b64decode(record.states),
        )

    def _inspect(
        self, inspector: Inspector, tables: Mapping[str, pa.Table], known: Mapping[str, Results]
    ) -> dict[str, Judged | FlowError]:
        """Check all at once; if a rule cannot be asked of one, each is checked alone."""
        try:
            found = inspector.inspect(tables, self._keys(tables), self._past(inspector, tables))
        except FlowError as error:
            if len(tables) == 1:
                return dict.fromkeys(tables, error)
            return {
                p: judged for key in tables for p, judged in self._inspect(inspector, {key: tables[key]}, known).items()
            }
        return {
            partition: self._judged(
                partition, inspected.rows, {**known.get(partition, {}), **inspected.results}, Found.of(inspected)
            )
            for partition, inspected in found.items()
        }

    def _judged(self, partition: str, rows: int, results: Results, found: "Found") -> Judged:
        verdict = judge(self._book.rules, results)
        findings = tuple(
            Finding(rule, results[digest], found.samples.get(rule.name, "")) for rule, digest in self._book.rules
        )
        return Judged(
            rows,
            results,
            verdict.errors,
            verdict.warnings,
            findings,
            self._referred(partition),
            found.table,
            found.quarantined,
            found.states,
        )

    def _keys(self, partitions: Iterable[str]) -> dict[str, dict[str, pa.Table]]:
        """What rows may refer to; a dataset whose partitions are others is read once."""
        keys: dict[str, dict[str, pa.Table]] = {name: {} for name in self._book.referred}
        read: dict[tuple[str, tuple[str, ...]], pa.Table] = {}
        for partition in partitions if keys else ():
            for name, there in self._referred.partitions(partition).items():
                if (name, there) not in read:
                    read[name, there] = self._read(name, there)
                keys[name][partition] = read[name, there]
        return keys

    def _read(self, name: str, partitions: Sequence[str]) -> pa.Table:
        schema = self._planner.graph.get(name).schema.arrow_schema()
        wanted = pa.schema([schema.field(column) for column in self._book.keys_of(name)])
        held = self._planner.held(name)
        blobs = (Blob.parse(reference) for partition in partitions for reference in held[partition].references)
        paths = [self._planner.store.local_path(blob.hash) for blob in blobs]
        tables = [pa.parquet.read_table(path, schema=wanted) for path in paths]
        return pa.concat_tables(tables) if tables else wanted.empty_table()

    def _past(self, inspector: Inspector, partitions: Iterable[str]) -> Past:
        """What is kept of the published partitions that come before these."""
        order, count = self._planner.state(self._dataset.name).keys, inspector.needs.past
        if not count:
            return Past(order, {})
        held = self._planner.held(self._dataset.name)
        positions = {key: position for position, key in enumerate(order)}
        published = [key for key in order if key in held]
        first = min(positions[partition] for partition in partitions)
        last = max(positions[partition] for partition in partitions)
        before = [key for key in published if positions[key] < first][-count:]
        near = [*before, *(key for key in published if first <= positions[key] < last)]
        stored = {k: s for k, s in self._holdings.states.current(self._dataset.name, near).items() if is_readable(s)}
        columns = inspector.needs.columns
        found = distributions(decode(list(stored.values())), columns) if columns and stored else [{} for _ in stored]
        return Past(
            order,
            {key: PastPartition(key, held[key].rows, of) for key, of in zip(stored, found, strict=True)},
        )


@dataclass(frozen=True)
class Found:
    """What looking at the rows brought, where they were looked at."""

    table: pa.Table | None = None
    quarantined: pa.Table | None = None
    states: bytes = b""
    samples: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, inspected: Inspected) -> "Found":
        """What an inspection brought."""
        samples = {name: preview(table) for name, table in inspected.samples.items()}
        return cls(inspected.table, inspected.quarantined, inspected.states, samples)


def results_json(results: Results) -> dict[str, list[object]]:
    """Results as JSON values."""
    return {digest: result.to_json() for digest, result in results.items()}


def results_of(stored: str | Mapping[str, Sequence[object]]) -> dict[str, RuleResult]:
    """The results that `results_json` made JSON of."""
    fields = json.loads(stored) if isinstance(stored, str) else stored
    return {digest: RuleResult.from_json(result) for digest, result in fields.items()}


def _broken(finding: Finding) -> str:
    result = finding.result
    measured = result.detail or f"{result.failed} of {result.total} rows break it"
    return f"{finding.rule.name} ({finding.rule.dimension}): {finding.rule.text}: {measured}"
