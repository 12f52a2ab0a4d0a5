"""What each partition is now, how it became so, and what failed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, delete, func, or_, select

from flow_assets.ledger import tables
from flow_assets.ledger.changes import Block, Failure, HistoryEntry, Judgement, Publication
from flow_assets.ledger.database import reading, transaction
from flow_assets.ledger.failed import keep_attempts
from flow_assets.ledger.judgements import Judgements, keep_blocks, keep_judgements
from flow_assets.ledger.measurements import keep_measurements
from flow_assets.ledger.statements import OfPartition, insert_rows, is_of, portions, remove, same_partition
from flow_assets.ledger.states import States, replace_states
from flow_assets.ledger.times import now_text

_OF_FAILURE = tuple(name for name in Failure.__dataclass_fields__ if name != "kpi")
_ENDS = (
    (tables.holdings, tables.holdings.c.published_at),
    (tables.failures, tables.failures.c.at),
    (tables.blocked, tables.blocked.c.at),
)


class Place(NamedTuple):
    """A partition of a dataset."""

    dataset: str
    partition: str


class Holding(NamedTuple):
    """The current version of one partition.

    Attributes:
        key: under which the store has its record.
        source_hash: sha256 of the landed file it was read from, if any.
        blobs: its files in the store, each `hash size e_tag`, separated by `;`.
    """

    key: str
    content_hash: str
    source_hash: str | None
    blobs: str
    rows: int
    bytes: int
    published_at: str

    @property
    def references(self) -> list[str]:
        """Its files in the store."""
        return self.blobs.split(";")


class Holdings:
    """Reads and writes the current state of one environment's partitions.

    Attributes:
        judgements: what was found of them.
        states: of their columns' profiles.
    """

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment
        self.judgements = Judgements(engine, environment)
        self.states = States(engine, environment)

    def current(self, dataset: str, partitions: Sequence[str] | None = None) -> dict[str, Holding]:
        """Partition to its current version, in one query; `partitions` narrows it down."""
        table = tables.holdings
        columns = [table.c[name] for name in ("partition", *Holding._fields)]
        query = select(*columns).where(self._is_of(table, dataset, partitions))
        with reading(self._engine) as connection:
            cursor = connection.execute(query).cursor
            return {row[0]: Holding._make(row[1:]) for row in cursor.fetchall()}  # plain tuples: there may be 100,000

    def failures(self, dataset: str, partitions: Sequence[str] | None = None) -> dict[str, Failure]:
        """Partition to its failure, for those whose last attempt failed."""
        table = tables.failures
        columns = [table.c[name] for name in _OF_FAILURE]
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns).where(self._is_of(table, dataset, partitions)))
            return {row.partition: Failure(*row) for row in rows}

    def troubles(self, dataset: str) -> set[str]:
        """The partitions that the last run left failed, held or waiting, or published without having told Dagster."""
        table = tables.troubles
        with reading(self._engine) as connection:
            return set(connection.scalars(select(table.c.partition).where(self._is_of(table, dataset, None))))

    def note_troubles(self, dataset: str, partitions: Sequence[str], run_id: str) -> None:
        """Take note of what a run leaves failed, held or waiting."""
        with transaction(self._engine) as connection:
            self._trouble(connection, [Place(dataset, partition) for partition in partitions], run_id)

    def end_troubles(self, dataset: str, partitions: Sequence[str], run_id: str, since: str) -> None:
        """Take note of what is right, and told, as a run sees it that looked at `since`; see `now_text`.

        What is right has no failure and no version that is kept back: the former file may have landed again. What
        another run has published, kept back or failed at since then stays, and so does its trouble.
        """
        troubles, mine = tables.troubles, tables.troubles.c.run_id == run_id
        is_newer = [
            select(column).where(same_partition(table, troubles), column > since).exists() for table, column in _ENDS
        ]
        with transaction(self._engine) as connection:
            for some in portions(partitions):
                for table in (tables.failures, tables.blocked):
                    is_its = self._is_of(table, dataset, some)
                    connection.execute(delete(table).where(is_its, table.c.at <= since))
                is_its = self._is_of(troubles, dataset, some)
                connection.execute(delete(troubles).where(is_its, or_(mine, ~or_(*is_newer))))

    def history(self, dataset: str, partition: str) -> list[HistoryEntry]:
        """Every change of one partition, the newest first."""
        table = tables.history
        columns = [table.c[name] for name in HistoryEntry.__dataclass_fields__]
        query = select(*columns).where(self._is_of(table, dataset, [partition])).order_by(table.c.id.desc())
        with reading(self._engine) as connection:
            return [HistoryEntry(*row) for row in connection.execute(query)]

    def publish(self, publications: Sequence[Publication], run_id: str, owner: str) -> set[tuple[str, str]]:
        """Make all of `publications` current in one transaction.

        A publication whose claim `owner` has lost meanwhile is left out: somebody else has taken the work over. What is
        published counts as in trouble until `end_troubles` says that Dagster was told.

        Returns:
            The (dataset, partition) pairs that were published.
        """
        with transaction(self._engine) as connection:
            claimed, now = self._claimed_by(connection, owner), now_text()
            kept = [p for p in publications if (p.dataset, p.partition) in claimed]
            for table in (tables.holdings, tables.failures, tables.blocked, tables.claims):
                remove(connection, table, self._environment, kept)
            insert_rows(connection, tables.holdings, [self._holding_row(p, run_id, now) for p in kept])
            insert_rows(connection, tables.history, [self._history_row(p, run_id, now) for p in kept])
            keep_measurements(connection, self._environment, run_id, now, [(p, p.change, p.kpi) for p in kept])
            self._trouble(connection, kept, run_id)
            remove(connection, tables.judgements, self._environment, [p for p in kept if not p.judgement])
            found = [p.judgement for p in kept if p.judgement]
            keep_judgements(connection, self._environment, found, run_id, now, is_published=True)
            replace_states(connection, self._environment, found)
        return {(p.dataset, p.partition) for p in kept}

    def block(self, blocks: Sequence[Block], run_id: str, owner: str) -> set[tuple[str, str]]:
        """Keep versions that break their rules beside what is published, and give up the claims on them.

        As with `publish`, one whose claim `owner` has lost meanwhile is left out.

        Returns:
            The (dataset, partition) pairs that were kept.
        """
        with transaction(self._engine) as connection:
            claimed, now = self._claimed_by(connection, owner), now_text()
            kept = [b for b in blocks if (b.dataset, b.partition) in claimed]
            for table in (tables.failures, tables.blocked, tables.claims):
                remove(connection, table, self._environment, kept)
            keep_blocks(connection, self._environment, kept, run_id, now)
            keep_measurements(connection, self._environment, run_id, now, [(b, "blocked", b.kpi) for b in kept])
            self._trouble(connection, kept, run_id)
        return {(b.dataset, b.partition) for b in kept}

    def judge(self, judgements: Sequence[Judgement], run_id: str, owner: str) -> set[tuple[str, str]]:
        """Take note of what was found anew of what is published, and give up the claims on it.

        Returns:
            The (dataset, partition) pairs that were noted; not those whose claim was lost.
        """
        with transaction(self._engine) as connection:
            claimed, now = self._claimed_by(connection, owner), now_text()
            kept = [j for j in judgements if (j.dataset, j.partition) in claimed]
            remove(connection, tables.claims, self._environment, kept)
            keep_judgements(connection, self._environment, kept, run_id, now, is_published=True)
            replace_states(connection, self._environment, kept)
        return {(j.dataset, j.partition) for j in kept}

    def fail(self, failures: Sequence[Failure], run_id: str, owner: str) -> set[tuple[str, str]]:
        """Remember why partitions could not be made, and give up the claims on them.

        As with `publish`, a failure whose claim `owner` has lost meanwhile is left out. A version of the same key that
        is kept back stays: it may be that which could not be judged.

        Returns:
            The (dataset, partition) pairs that were remembered.
        """
        with transaction(self._engine) as connection:
            claimed, now = self._claimed_by(connection, owner), now_text()
            kept = [f for f in failures if (f.dataset, f.partition) in claimed]
            for table in (tables.failures, tables.claims):
                remove(connection, table, self._environment, kept)
            for failure in kept:
                of_others = tables.blocked.c.key != failure.key.partition(" ")[0]
                is_its = self._is_of(tables.blocked, failure.dataset, [failure.partition])
                connection.execute(delete(tables.blocked).where(is_its, of_others))
            fixed = {"environment": self._environment, "at": now, "run_id": run_id}
            rows = [{**fixed, **{name: getattr(f, name) for name in _OF_FAILURE}} for f in kept]
            insert_rows(connection, tables.failures, rows)
            keep_measurements(connection, self._environment, run_id, now, [(f, "failed", f.kpi) for f in kept])
            keep_attempts(connection, self._environment, kept, run_id, now)
            self._trouble(connection, kept, run_id)
        return {(f.dataset, f.partition) for f in kept}

    def verified(self, dataset: str, blobs: Mapping[str, str]) -> None:
        """Remember that the files of partitions were read and found right: partition to its `blobs`."""
        table = tables.holdings
        with transaction(self._engine) as connection:
            for partition, text in blobs.items():
                connection.execute(table.update().where(self._is_of(table, dataset, [partition])).values(blobs=text))

    def landed_files(self) -> dict[str, tuple[str, str]]:
        """Path of a landed file to its identity when it was last hashed, and its hash."""
        table = tables.landed_files
        with reading(self._engine) as connection:
            return {row.path: (row.identity, row.hash) for row in connection.execute(select(table))}

    def remember_landed_files(self, files: Mapping[str, tuple[str, str]]) -> None:
        """Remember identities and hashes of landed files: path to both."""
        table = tables.landed_files
        with transaction(self._engine) as connection:
            for some in portions(list(files)):
                connection.execute(delete(table).where(table.c.path.in_(some)))
            insert_rows(connection, table, [{"path": p, "identity": i, "hash": h} for p, (i, h) in files.items()])

    def totals(self) -> dict[str, tuple[int, int, str]]:
        """Dataset to rows, bytes, and when it was last published."""
        table = tables.holdings
        query = (
            select(table.c.dataset, func.sum(table.c.rows), func.sum(table.c.bytes), func.max(table.c.published_at))
            .where(table.c.environment == self._environment)
            .group_by(table.c.dataset)
        )
        with reading(self._engine) as connection:
            return {name: (rows, size, at) for name, rows, size, at in connection.execute(query)}

    def _is_of(self, table: Table, dataset: str, partitions: Sequence[str] | None) -> Any:
        return is_of(table, self._environment, dataset, partitions)

    def _claimed_by(self, connection: Connection, owner: str) -> set[tuple[str, str]]:
        table = tables.claims
        query = select(table.c.dataset, table.c.partition).where(
            table.c.owner == owner, table.c.environment == self._environment
        )
        return {(row.dataset, row.partition) for row in connection.execute(query)}

    def _holding_row(self, publication: Publication, run_id: str, now: str) -> dict[str, Any]:
        fields = ("dataset", "partition", "key", "content_hash", "source_hash", "blobs", "rows", "bytes")
        row = {name: getattr(publication, name) for name in fields}
        return {"environment": self._environment, **row, "published_at": now, "run_id": run_id}

    def _history_row(self, publication: Publication, run_id: str, now: str) -> dict[str, Any]:
        fields = ("dataset", "partition", "change", "reason", "key", "content_hash", "blobs", "rows")
        row = {name: getattr(publication, name) for name in fields}
        return {"environment": self._environment, **row, "at": now, "run_id": run_id}

    def _trouble(self, connection: Connection, items: Sequence[OfPartition], run_id: str) -> None:
        remove(connection, tables.troubles, self._environment, items)
        fixed = {"environment": self._environment, "run_id": run_id}
        rows = [{**fixed, "dataset": item.dataset, "partition": item.partition} for item in items]
        insert_rows(connection, tables.troubles, rows)
