"""Partitions whose data is there already: restored from the store, or checked again where they stand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet

from flow_assets.checks import conform
from flow_assets.errors import FlowError, LostObjectError
from flow_assets.lake import Record
from flow_assets.ledger import Block
from flow_assets.materialization.batch import Batch, Cost
from flow_assets.materialization.compute import order_of
from flow_assets.materialization.judging import Judge, Judged, Results, results_of
from flow_assets.materialization.write import Writer, Written, publication, references, verified
from flow_assets.memo.entries import Action, Because, PlanEntry
from flow_assets.memo.planner import Planner

REVIEWED = "was blocked, and passes its rules as they are now"


@dataclass(frozen=True)
class _Standing:
    """A partition's data as it is there, and what is known of it."""

    entry: PlanEntry
    written: Written
    known: Results

    @property
    def record(self) -> Record:
        return self.written.record


class Settler:
    """Publishes or judges what need not be computed; only what is not known of it is looked up in its rows."""

    def __init__(self, planner: Planner, judge: Judge, writer: Writer) -> None:
        self._planner = planner
        self._judge = judge
        self._writer = writer

    def settle(self, entries: Sequence[PlanEntry], reasons: Mapping[str, str], batch: Batch) -> list[PlanEntry]:
        """Restore or check `entries`; returns those whose data is not there any longer.

        Args:
            entries: what was planned as `restore` or `check`.
            reasons: partition to why, in words.
            batch: takes what comes of them.
        """
        start = Cost.now()
        standings = [standing for entry in entries if (standing := self._standing(entry))]
        judged = self._judged(standings)
        share = Cost.now().since(start, max(len(entries), 1)).wall
        for standing in standings:
            partition = standing.entry.partition
            found = judged[partition]
            if isinstance(found, FlowError):
                raise found
            batch.seconds[partition] = share
            batch.findings[partition] = found.findings
            self._conclude(standing, found, reasons[partition], batch)
        there = {standing.entry for standing in standings}
        return [entry for entry in entries if entry not in there]

    def _standing(self, entry: PlanEntry) -> _Standing | None:
        """The data of a partition, whole and verified; None if it is not."""
        record = self._record(entry)
        try:
            written = verified(record, self._planner.store) if record else None
        except LostObjectError:
            return None
        if written is None:
            return None
        usable = self._judge.usable(entry.partition, written.record.content_hash, results_of(written.record.checks))
        return _Standing(entry, written, usable)

    def _record(self, entry: PlanEntry) -> Record | None:
        if entry.because is Because.REVIEWED:
            block = self._judge.block(entry.partition)
            return Record.from_json(block.record.encode()) if block and block.key == entry.key else None
        return self._planner.store.get_record(entry.key or "")

    def _judged(self, standings: Iterable[_Standing]) -> dict[str, Judged | FlowError]:
        found: dict[str, Judged | FlowError] = {}
        tables, known = {}, {}
        for standing in standings:
            partition, rows = standing.entry.partition, _rows_checked(standing.record)
            if judged := self._judge.known(partition, rows, standing.known):
                found[partition] = judged
            else:
                tables[partition], known[partition] = self._read(standing), standing.known
        return {**found, **(self._judge.complete(tables, known) if tables else {})}

    def _read(self, standing: _Standing) -> pa.Table:
        """The rows in the order of `sort_by`; in the files they lie by buckets."""
        paths = [self._planner.store.local_path(file.hash) for file in standing.record.files]
        dataset = self._writer.recipe.dataset
        table = pa.concat_tables([pa.parquet.read_table(path) for path in paths])
        return conform(table, dataset, order_of(dataset))

    def _conclude(self, standing: _Standing, judged: Judged, reason: str, batch: Batch) -> None:
        entry, written = standing.entry, standing.written
        judgement = self._judge.judgement(entry.partition, written.record, judged, written.quarantine)
        if entry.action is Action.CHECK and entry.because is Because.RULES_CHANGED:
            batch.judgements.append(judgement)
        elif judged.errors:
            batch.blocks.append(block(written, entry, judged, self._judge))
        else:
            if entry.because is Because.REVIEWED:
                written, reason = self._writer.record(written, supersede=True), REVIEWED
            batch.publications.append(publication(written, entry, "restored", reason, judgement))
        batch.previews[entry.partition] = written.record.preview


def block(written: Written, entry: PlanEntry, judged: Judged, judge: Judge) -> Block:
    """A version that is kept back because of what was found of it."""
    return Block(
        dataset=entry.dataset,
        partition=entry.partition,
        key=written.record.key,
        record=written.record.to_json().decode(),
        blobs=references(written.blobs),
        source_hash=entry.source_hash,
        reason=judged.reason,
        judgement=judge.judgement(entry.partition, written.record, judged, written.quarantine),
    )


def _rows_checked(record: Record) -> int:
    return record.rows + sum(file.rows for file in record.quarantine)
