"""Partitions whose data is there already: restored from the store, or checked again where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet

from flow_assets.checks import Results, conform
from flow_assets.errors import LostObjectError
from flow_assets.lake import Blob, Record
from flow_assets.ledger import Block, Judgement
from flow_assets.materialization.batch import PORTION_BYTES, Batch
from flow_assets.materialization.compute import order_of
from flow_assets.materialization.judging import Judge, Judged, results_json
from flow_assets.materialization.meter import Volume
from flow_assets.materialization.stopwatch import Phase
from flow_assets.materialization.write import Writer, Written, publication, references, verified
from flow_assets.memo.entries import Because, PlanEntry
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

        Those whose rows find no room beside the others are left for later.

        Args:
            entries: what was planned as `restore` or `check`.
            reasons: partition to why, in words.
            batch: takes what comes of them.
        """
        meter = self._writer.meter
        start = meter.stopwatch.read()
        with meter.stopwatch.timing(Phase.SCAN):
            standings = self._standings(entries)
        judged, later = self._judged(standings)
        share = meter.since(start, max(len(entries), 1))
        for partition, found in judged.items():
            if isinstance(found, Exception):
                raise found
            batch.costs[partition] = share
            batch.findings[partition] = found.findings
            self._conclude(standings[partition], found, reasons[partition], batch)
        batch.later = [entry for entry in entries if entry.partition in later]
        return [entry for entry in entries if entry.partition not in judged and entry.partition not in later]

    def _standings(self, entries: Sequence[PlanEntry]) -> dict[str, _Standing]:
        """Partition to its data, where that is there."""
        blocked = self._judge.blocked([entry.partition for entry in entries if entry.because is Because.REVIEWED])
        found: dict[str, tuple[PlanEntry, Written]] = {}
        for entry in entries:
            is_blocked = entry.because is Because.REVIEWED
            record = blocked.get(entry.partition) if is_blocked else self._planner.store.get_record(entry.key or "")
            if record and record.key == entry.key and (written := self._written(entry, record)):
                found[entry.partition] = entry, written
        usable = self._judge.usable({partition: written.record for partition, (_, written) in found.items()})
        return {partition: _Standing(*standing, usable[partition]) for partition, standing in found.items()}

    def _written(self, entry: PlanEntry, record: Record) -> Written | None:
        """A record with its files; those of what is published were looked at when this was planned."""
        if entry.because is Because.RULES_CHANGED:
            held = self._planner.held(entry.dataset)[entry.partition]
            left = [Blob(file.hash, file.size, "") for file in record.quarantine]
            return Written(record, [Blob.parse(text) for text in held.references], left[0] if left else None)
        return self._verified(record)

    def _verified(self, record: Record) -> Written | None:
        try:
            return verified(record, self._planner.store)
        except LostObjectError:
            return None

    def _judged(self, standings: Mapping[str, _Standing]) -> tuple[dict[str, Judged | Exception], set[str]]:
        """What follows for each, without those whose rows must be read and are not whole; and which must wait."""
        found: dict[str, Judged | Exception] = {}
        later: set[str] = set()
        tables: dict[str, pa.Table] = {}
        size = 0
        for partition, standing in standings.items():
            if judged := self._judge.known(partition, standing.known):
                found[partition] = judged
            elif size >= PORTION_BYTES:
                later.add(partition)
            elif (table := self._read(standing)) is not None:
                tables[partition] = table
                size += table.nbytes
        known = {partition: standings[partition].known for partition in tables}
        with self._writer.meter.stopwatch.timing(Phase.CHECK):
            return {**found, **(self._judge.complete(tables, known) if tables else {})}, later

    def _read(self, standing: _Standing) -> pa.Table | None:
        """The rows in the order of `sort_by`; in the files they lie by buckets."""
        timing, dataset = self._writer.meter.stopwatch.timing, self._writer.recipe.dataset
        with timing(Phase.SCAN):
            if standing.entry.because is Because.RULES_CHANGED and self._verified(standing.record) is None:
                return None
            paths = [self._planner.store.local_path(file.hash) for file in standing.record.files]
            table = pa.concat_tables([pa.parquet.read_table(path) for path in paths])
        with timing(Phase.SORT):
            return conform(table, dataset, order_of(dataset))

    def _conclude(self, standing: _Standing, judged: Judged, reason: str, batch: Batch) -> None:
        entry, written = standing.entry, standing.written
        if entry.because is Because.REVIEWED and not judged.errors:
            anew = replace(written.record, checks=results_json(judged.results))
            written, reason = self._writer.record(replace(written, record=anew), supersede=True), REVIEWED
        judgement = self._judge.judgement(entry.partition, written.record, judged, written.quarantine)
        size = Volume(written.record.rows, sum(blob.size for blob in written.blobs))
        kpi = self._writer.meter.kpi(batch.costs[entry.partition], written=size, error=judged.broken)
        if entry.because is Because.RULES_CHANGED:
            batch.judgements.append(judgement)
        elif judged.errors:
            batch.blocks.append(replace(block(written, entry, judged, judgement, self._place(entry)), kpi=kpi))
        else:
            batch.publications.append(publication(written, entry, "restored", reason, judgement, kpi))
        batch.previews[entry.partition] = written.record.preview

    def _place(self, entry: PlanEntry) -> str:
        dataset = self._writer.recipe.dataset
        return self._planner.landing.locate(dataset, entry.partition) if dataset.source else ""


def block(written: Written, entry: PlanEntry, judged: Judged, judgement: Judgement, place: str) -> Block:
    """A version that is kept back because of what was found of it; `place` is the landed file it was read from."""
    apart = sum(file.rows for file in written.record.quarantine)
    left = (
        f". Set apart of it: {apart} row{'' if apart == 1 else 's'}, see flow quarantine {entry.dataset}"
        if apart
        else ""
    )
    advice = f". It was read from {place}: land a file that keeps the rules" if place else ""
    return Block(
        dataset=entry.dataset,
        partition=entry.partition,
        key=written.record.key,
        record=written.record.to_json().decode(),
        blobs=references(written.blobs),
        source_hash=entry.source_hash,
        reason=f"{judged.reason}{left}{advice}",
        judgement=judgement,
    )
