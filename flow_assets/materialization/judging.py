"""Has partitions checked, and says what follows: whether each is published or kept back, and what is told of it."""

import base64
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from flow_assets.checks import Finding, Inspected, Inspector, Past, Results, RuleResult, judge
from flow_assets.checks.results import reason_of
from flow_assets.declaration import Rule, TimePartitions
from flow_assets.declaration.constraints import References, RowExpression
from flow_assets.declaration.partition_constraints import Fresh
from flow_assets.errors import FlowError, RuleError, sentence
from flow_assets.lake import Blob, Record
from flow_assets.ledger import Holdings, Judgement
from flow_assets.ledger.judgements import Version
from flow_assets.materialization.compute import OUTSIDE_CAUSES, interruptible
from flow_assets.materialization.preview import preview
from flow_assets.materialization.surroundings import Surroundings
from flow_assets.memo.key import Recipe
from flow_assets.memo.planner import Planner
from flow_assets.texts import first_line

UNANSWERED = (FlowError, duckdb.Error, pa.ArrowException)
"""What asking rules raises where the rows, or what they refer to, allow no answer."""


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

    results: Results
    errors: tuple[Rule, ...]
    warnings: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    referred: str
    table: pa.Table | None = None
    quarantined: pa.Table | None = None
    states: bytes = b""

    @property
    def broken(self) -> str:
        """The names of the rules that keep it from being published."""
        return ", ".join(rule.name for rule in self.errors)

    @property
    def reason(self) -> str:
        """Which rules keep it from being published, in one line."""
        return "; ".join(reason_of(f.rule, f.measured) for f in self.findings if f.rule in self.errors)


class Judge:
    """Checks partitions of one dataset by its rules as they are now."""

    def __init__(
        self, recipe: Recipe, planner: Planner, holdings: Holdings, connection: duckdb.DuckDBPyConnection
    ) -> None:
        self._dataset = recipe.dataset
        self._judgements = holdings.judgements
        self._book = recipe.book
        is_timed = not isinstance(recipe.dataset.partitions, TimePartitions)  # else it is compared with their end
        self._timed = {d for rule, d in self._book.rules if is_timed and isinstance(rule.constraint, Fresh)}
        self._connection = connection
        self._surroundings = Surroundings(recipe, planner, holdings)
        self._referred = self._surroundings.referred()
        self._inspector = self._asking(None)

    def inspect(self, tables: Mapping[str, pa.Table]) -> dict[str, Judged | Exception]:
        """Check computed partitions by all rules: partition to what follows, or to why it cannot be said."""
        return self._inspect(self._inspector, tables, {})

    def complete(self, tables: Mapping[str, pa.Table], known: Mapping[str, Results]) -> dict[str, Judged | Exception]:
        """Check partitions by those rules only of which it is not known yet how they fared."""
        alike: dict[frozenset[str], dict[str, pa.Table]] = {}
        for partition, table in tables.items():
            missing = frozenset(digest for _, digest in self._book.rules if digest not in known[partition])
            alike.setdefault(missing, {})[partition] = table
        found: dict[str, Judged | Exception] = {}
        for missing, some in alike.items():
            found |= self._inspect(self._asking(missing), some, known)
        return found

    def known(self, partition: str, results: Results) -> Judged | None:
        """What follows from what is known of a partition; None where that is not enough."""
        if any(digest not in results for _, digest in self._book.rules):
            return None
        return self._judged(partition, results, Found())

    def usable(self, records: Mapping[str, Record]) -> dict[str, Results]:
        """What is known of versions of partitions, from their records and their last checks.

        What rules refer to may have changed since; then those that refer are asked again, but for those that
        quarantine: what they refer to is in the key, and the rows that broke them have left. What is compared with
        the clock is asked again, always.
        """
        self._referred = self._surroundings.referred()
        checks = self._judgements.latest(self._dataset.name, list(records))
        referring = {d for rule, d in self._book.rules if isinstance(rule.constraint, References)}
        referring -= {*self._book.quarantining}
        found: dict[str, Results] = {}
        for partition, record in records.items():
            check = checks.get(Version(partition, record.key, record.content_hash))
            results = {**results_of(record.checks), **(results_of(check.results) if check else {})}
            is_current = check is not None and check.referred == self._referred(partition)
            outdated = self._timed if is_current else self._timed | referring
            found[partition] = {digest: result for digest, result in results.items() if digest not in outdated}
        return found

    def blocked(self, partitions: Sequence[str]) -> dict[str, Record]:
        """Partition to what would be the record of the version that is kept back."""
        texts = self._judgements.blocked_records(self._dataset.name, partitions)
        return {partition: Record.from_json(text.encode()) for partition, text in texts.items()}

    def judgement(self, partition: str, record: Record, judged: Judged, quarantine: Blob | None) -> Judgement:
        """What the ledger keeps of it."""
        left = sum(file.rows for file in record.quarantine)
        return Judgement(
            dataset=self._dataset.name,
            partition=partition,
            content_hash=record.content_hash,
            rules=self._book.digest,
            referred=judged.referred,
            rows=record.rows + left,
            results=json.dumps(results_json(judged.results)),
            errors=len(judged.errors),
            warnings=len(judged.warnings),
            quarantine=quarantine.reference if quarantine else "",
            quarantined=left,
            states=judged.states or base64.b64decode(record.states),
            key=record.key,
        )

    def _asking(self, asked: Container[str] | None) -> Inspector:
        return Inspector(self._dataset, self._book.rules, self._connection, asked)

    def _inspect(
        self, inspector: Inspector, tables: Mapping[str, pa.Table], known: Mapping[str, Results]
    ) -> dict[str, Judged | Exception]:
        """Check all at once; if a rule cannot be asked of one, each is checked alone."""
        self._referred = self._surroundings.referred()
        past = self._surroundings.past(inspector.needs, list(tables))
        try:
            return self._inspect_beside(past, inspector, tables, known)
        except Exception:  # noqa: BLE001  whatever it is, it may be of one partition
            alone = ({partition: table} for partition, table in tables.items())
            return {p: found for one in alone for p, found in self._inspect_alone(past, inspector, one, known).items()}

    def _inspect_alone(
        self, past: Past, inspector: Inspector, one: Mapping[str, pa.Table], known: Mapping[str, Results]
    ) -> Mapping[str, Judged | Exception]:
        try:
            return self._inspect_beside(past, inspector, one, known)
        except (FlowError, *OUTSIDE_CAUSES) as error:
            return dict.fromkeys(one, error)
        except UNANSWERED as error:
            return dict.fromkeys(one, self._blamed(error, inspector, one))
        except Exception as error:  # noqa: BLE001  a rule that goes wrong itself ends no run
            said = ": ".join(filter(None, (type(error).__name__, str(error).strip().split("\n")[0].rstrip("."))))
            name = self._dataset.name
            return dict.fromkeys(one, RuleError(f"{name}: its rules cannot be asked of these rows: {said}."))

    def _inspect_beside(
        self, past: Past, inspector: Inspector, tables: Mapping[str, pa.Table], known: Mapping[str, Results]
    ) -> dict[str, Judged | Exception]:
        with interruptible():
            found = inspector.inspect(tables, self._surroundings.keys(tables, self._referred), past, known)
        return {
            partition: self._judged(partition, inspected.results, Found.of(inspected))
            for partition, inspected in found.items()
        }

    def _blamed(self, error: Exception, inspector: Inspector, one: Mapping[str, pa.Table]) -> RuleError:
        """Which rule has no answer for these rows: each is asked alone."""
        for rule, digest in self._book.rules:
            if digest in inspector.asked and isinstance(rule.constraint, RowExpression):
                try:
                    with interruptible():
                        self._asking({digest}).inspect(one, {}, Past())
                except duckdb.Error as own:
                    return RuleError(f"Rule {rule.name} cannot be asked of these rows: {sentence(first_line(own))}")
        return RuleError(
            f"{self._dataset.name}: its rules cannot be asked of these rows: {sentence(first_line(error))}"
        )

    def _judged(self, partition: str, results: Results, found: "Found") -> Judged:
        verdict = judge(self._book.rules, results)
        findings = tuple(
            Finding(rule, results[digest], found.samples.get(digest, "")) for rule, digest in self._book.rules
        )
        return Judged(
            results,
            verdict.errors,
            verdict.warnings,
            findings,
            self._referred(partition),
            found.table,
            found.quarantined,
            found.states,
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
