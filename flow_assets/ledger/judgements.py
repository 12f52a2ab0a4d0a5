"""What was found of each version of a partition, by which rules, and which versions are kept back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, case, delete, func, select

from flow_assets.ledger import tables
from flow_assets.ledger.changes import Block, Judgement
from flow_assets.ledger.database import reading, transaction
from flow_assets.ledger.statements import insert_rows, is_of, portions, remove, same_partition


class Standing(NamedTuple):
    """How what is published of a partition stands under its rules; see `Judgement`."""

    content_hash: str
    rules: str
    referred: str
    errors: int
    warnings: int
    quarantine: str
    quarantined: int


@dataclass(frozen=True)
class Blocked:
    """A version that is kept back; see `Block`. `at` is UTC, ISO 8601."""

    key: str
    blobs: str
    source_hash: str | None
    reason: str
    rules: str
    referred: str
    at: str
    run_id: str


class Totals(NamedTuple):
    """What a dataset's partitions come to.

    Attributes:
        blocked: partitions of which a version is kept back.
        quarantined: rows that left what is published.
        broken: published partitions that break a rule made, or made stricter, since.
        warned: published partitions that break a rule of severity warn.
    """

    blocked: int = 0
    quarantined: int = 0
    broken: int = 0
    warned: int = 0


class Version(NamedTuple):
    """What a check is about: rows that left differ where the content is one, and contents where a key was forced."""

    partition: str
    key: str
    content_hash: str


@dataclass(frozen=True)
class Check:
    """One time that a version of a partition was checked; see `Judgement`. `at` is UTC, ISO 8601."""

    dataset: str
    partition: str
    content_hash: str
    rules: str
    referred: str
    rows: int
    results: str
    errors: int
    warnings: int
    quarantined: int
    is_published: bool
    at: str
    run_id: str
    key: str = ""


class Judgements:
    """Reads what was found in one environment; `Holdings` writes it together with what is published."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment

    def are_all_by(self, dataset: str, rules: str) -> bool:
        """Whether everything that is published was judged by exactly these rules; no rows are fetched.

        An older release that publishes leaves judgements of other content behind.
        """
        holdings, judged = tables.holdings, tables.judgements
        is_its = and_(judged.c.content_hash == holdings.c.content_hash, judged.c.rules == rules)
        by_these = select(judged.c.rules).where(same_partition(judged, holdings), is_its).exists()
        others = select(holdings.c.key).where(is_of(holdings, self._environment, dataset), ~by_these).exists()
        with reading(self._engine) as connection:
            return not connection.scalar(select(others))

    def standings(self, dataset: str, partitions: Sequence[str] | None = None) -> dict[str, Standing]:
        """Partition to how what is published of it was last judged."""
        table = tables.judgements
        columns = [table.c[name] for name in ("partition", *Standing._fields)]
        query = select(*columns).where(is_of(table, self._environment, dataset, partitions))
        with reading(self._engine) as connection:
            return {row[0]: Standing._make(row[1:]) for row in connection.execute(query).cursor.fetchall()}

    def broken(self, dataset: str) -> list[str]:
        """The published partitions that break a rule of severity error; no other is fetched."""
        table = tables.judgements
        query = select(table.c.partition).where(is_of(table, self._environment, dataset), table.c.errors > 0)
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def blocked(self, dataset: str, partitions: Sequence[str] | None = None) -> dict[str, Blocked]:
        """Partition to the version of it that is kept back."""
        table = tables.blocked
        columns = [table.c[name] for name in Blocked.__dataclass_fields__]
        query = select(table.c.partition, *columns).where(is_of(table, self._environment, dataset, partitions))
        with reading(self._engine) as connection:
            return {row[0]: Blocked(*row[1:]) for row in connection.execute(query)}

    def blocked_records(self, dataset: str, partitions: Sequence[str]) -> dict[str, str]:
        """Partition to what would be the record of the version of it that is kept back, as JSON."""
        table = tables.blocked
        found: dict[str, str] = {}
        with reading(self._engine) as connection:
            for some in portions(partitions):
                query = select(table.c.partition, table.c.record)
                rows = connection.execute(query.where(is_of(table, self._environment, dataset, some)))
                found.update((row[0], row[1]) for row in rows)
        return found

    def latest(self, dataset: str, partitions: Sequence[str]) -> dict[Version, Check]:
        """The last check of each version of `partitions`."""
        table = tables.checks
        version = [table.c[name] for name in Version._fields]
        found: dict[Version, Check] = {}
        with reading(self._engine) as connection:
            for some in portions(partitions):
                is_its = is_of(table, self._environment, dataset, some)
                last = select(func.max(table.c.id)).where(is_its).group_by(*version)
                checks = (Check(*row) for row in connection.execute(self._checks().where(table.c.id.in_(last))))
                found.update({Version(check.partition, check.key, check.content_hash): check for check in checks})
        return found

    def current_checks(self, datasets: Sequence[str], since: str = "", most: int | None = None) -> list[Check]:
        """The last check, from `since` on, of what is there of each partition: what is kept back, or is published.

        Args:
            datasets: their names.
            since: UTC, ISO 8601; all by default.
            most: only that many, those that were made last; all by default.
        """
        checks, blocked = tables.checks, tables.blocked
        is_blocked = select(blocked.c.key).where(same_partition(checks, blocked)).exists()
        last = (
            select(func.max(checks.c.id))
            .where(
                checks.c.environment == self._environment,
                checks.c.dataset.in_(datasets),
                checks.c.at >= since,
                checks.c.is_published != is_blocked,
            )
            .group_by(checks.c.dataset, checks.c.partition)
            .order_by(func.max(checks.c.id).desc())
            .limit(most)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(self._checks().where(checks.c.id.in_(last)).order_by(checks.c.id))
            return [Check(*row) for row in rows]

    def newest_checks(self, dataset: str, most: int | None) -> list[Check]:
        """The last check of what is published of each of the last `most` partitions, in the order of their keys.

        None: of all partitions.
        """
        checks, holdings = tables.checks, tables.holdings
        newest = select(holdings.c.partition).where(is_of(holdings, self._environment, dataset))
        newest = newest.order_by(holdings.c.partition.desc()).limit(most)
        is_held = and_(same_partition(checks, holdings), checks.c.content_hash == holdings.c.content_hash)
        last = (
            select(func.max(checks.c.id))
            .join_from(checks, holdings, is_held)
            .where(is_of(checks, self._environment, dataset), checks.c.partition.in_(newest), checks.c.is_published)
            .group_by(checks.c.partition)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(self._checks().where(checks.c.id.in_(last)).order_by(checks.c.partition))
            return [Check(*row) for row in rows]

    def totals(self) -> dict[str, Totals]:
        """Dataset to what is kept back, set apart and broken of it."""
        judged, blocked = tables.judgements, tables.blocked
        sums = (
            func.sum(judged.c.quarantined),
            *(func.sum(case((column > 0, 1), else_=0)) for column in (judged.c.errors, judged.c.warnings)),
        )
        published = select(judged.c.dataset, *sums).where(judged.c.environment == self._environment)
        kept = select(blocked.c.dataset, func.count()).where(blocked.c.environment == self._environment)
        with reading(self._engine) as connection:
            counts = {row[0]: row[1] for row in connection.execute(kept.group_by(blocked.c.dataset))}
            found = {name: of for name, *of in connection.execute(published.group_by(judged.c.dataset))}
        return {n: Totals(counts.get(n, 0), *found.get(n, (0, 0, 0))) for n in {*counts, *found}}

    def rule_sets(self, digests: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Digest to its rules, as they were described; those that are not known are left out."""
        table = tables.rule_sets
        found: dict[str, list[dict[str, Any]]] = {}
        with reading(self._engine) as connection:
            for some in portions(digests):
                rows = connection.execute(select(table.c.digest, table.c.rules).where(table.c.digest.in_(some)))
                found.update({digest: json.loads(rules) for digest, rules in rows})
        return found

    def rule_counts(self, digests: Sequence[str]) -> dict[str, int]:
        """Digest to how many rules it stands for; those that are not known are left out."""
        return {digest: len(rules) for digest, rules in self.rule_sets(digests).items()}

    def keep_rule_set(self, dataset: str, digest: str, rules: Sequence[Mapping[str, Any]]) -> None:
        """Keep what the digest of a dataset's rules stands for, unless that is known."""
        if self.rule_sets([digest]).get(digest) == rules:
            return
        table = tables.rule_sets
        row = {"digest": digest, "dataset": dataset, "rules": json.dumps(rules)}
        with transaction(self._engine) as connection:
            connection.execute(delete(table).where(table.c.digest == digest))
            insert_rows(connection, table, [row])

    @staticmethod
    def _checks() -> Any:
        return select(*(tables.checks.c[name] for name in Check.__dataclass_fields__))


_OF_CHECK = (
    *("dataset", "partition", "key", "content_hash", "rules", "referred", "rows"),
    *("results", "errors", "warnings", "quarantined"),
)
_OF_STANDING = ("dataset", "partition", *Standing._fields)
_OF_BLOCK = ("dataset", "partition", "key", "record", "blobs", "source_hash", "reason")


def keep_judgements(
    connection: Connection,
    environment: str,
    judgements: Sequence[Judgement],
    run_id: str,
    at: str,
    *,
    is_published: bool,
) -> None:
    """Write what was found, in the transaction of `connection`; of what is published it becomes how that stands."""
    fixed = {"environment": environment, "run_id": run_id, "at": at, "is_published": is_published}
    insert_rows(connection, tables.checks, [{**fixed, **_fields(j, _OF_CHECK)} for j in judgements])
    if is_published:
        remove(connection, tables.judgements, environment, judgements)
        rows = [{"environment": environment, **_fields(j, _OF_STANDING)} for j in judgements]
        insert_rows(connection, tables.judgements, rows)


def keep_blocks(connection: Connection, environment: str, blocks: Sequence[Block], run_id: str, at: str) -> None:
    """Write versions that are kept back, and what was found of them, in the transaction of `connection`."""
    fixed = {"environment": environment, "run_id": run_id, "at": at}
    rows = [
        {**fixed, **_fields(b, _OF_BLOCK), "rules": b.judgement.rules, "referred": b.judgement.referred} for b in blocks
    ]
    insert_rows(connection, tables.blocked, rows)
    keep_judgements(connection, environment, [b.judgement for b in blocks], run_id, at, is_published=False)


def _fields(value: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}
