"""Turns the rows of a judged partition into files, a record and a publication; and a record into a publication."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from flow_assets.lake import Blob, ObjectStore, PartitionFile, Record, encode_partition
from flow_assets.ledger import Judgement, Kpi, Publication
from flow_assets.materialization.judging import Judged, results_json
from flow_assets.materialization.meter import Meter
from flow_assets.materialization.preview import preview
from flow_assets.materialization.stopwatch import Phase
from flow_assets.memo.content import content_hash
from flow_assets.memo.entries import PlanEntry
from flow_assets.memo.key import Recipe


@dataclass(frozen=True)
class Written:
    """A record and its files in the store.

    Attributes:
        quarantine: the file of rows that left, if any.
        is_own: False where somebody else's record stands for the key, of other rows or of other rows that left.
    """

    record: Record
    blobs: Sequence[Blob]
    quarantine: Blob | None = None
    is_own: bool = True


@dataclass(frozen=True)
class Writer:
    """Writes partitions of one dataset; the record of a key is written last, when its files are there."""

    meter: Meter
    store: ObjectStore
    run_id: str

    @property
    def recipe(self) -> Recipe:
        """How the dataset is made."""
        return self.meter.recipe

    def write(self, judged: Judged, entry: PlanEntry, *, supersede: bool) -> Written:
        """Write the files and the record of one computed partition.

        Args:
            judged: its rows, conformed, and what was found of them.
            entry: what was planned for it; its key must be known.
            supersede: replace the record of the key, if there is one.

        Returns:
            The record that stands for the key, and its files.
        """
        return self.record(self.keep(judged, entry), supersede=supersede)

    def keep(self, judged: Judged, entry: PlanEntry) -> Written:
        """Write the files only: nobody can reuse them, because no record names them."""
        assert entry.key is not None
        assert judged.table is not None
        table = _writable(judged.table)
        timing = self.meter.stopwatch.timing
        with timing(Phase.WRITE):
            files, blobs = self._put(table, is_bucketed=True)
            is_parted = judged.quarantined is not None
            left, quarantine = self._put(judged.quarantined, is_bucketed=False) if is_parted else ([], [])
        with timing(Phase.HASH):
            content = content_hash(table)
        record = Record(
            key=entry.key,
            dataset=entry.dataset,
            partition=entry.partition,
            content_hash=content,
            rows=len(table),
            files=tuple(files),
            schema=tuple((field.name, str(field.type), field.nullable) for field in table.schema),
            components=self.recipe.record_components(entry.partition, entry.inputs),
            producer={"run_id": self.run_id},
            preview=preview(table),
            checks=results_json(judged.results),
            states=base64.b64encode(judged.states).decode(),
            quarantine=tuple(left),
        )
        return Written(record, blobs, quarantine[0] if quarantine else None)

    def record(self, written: Written, *, supersede: bool) -> Written:
        """Let everybody reuse what was written; where somebody else was first, what he wrote stands."""
        with self.meter.stopwatch.timing(Phase.WRITE):
            standing = self.store.put_record(written.record, supersede=supersede)
        own = written.record
        if (standing.files, standing.quarantine) == (own.files, own.quarantine):
            return replace(written, record=standing)
        return replace(verified(standing, self.store), is_own=False)

    def _put(self, table: pa.Table, *, is_bucketed: bool) -> tuple[list[PartitionFile], list[Blob]]:
        files, blobs = [], []
        for encoded in encode_partition(_writable(table), self.recipe.dataset.buckets if is_bucketed else None):
            blob = self.store.put_blob(encoded.data)
            blobs.append(blob)
            files.append(PartitionFile(blob.hash, blob.size, encoded.rows, encoded.buckets))
        return files, blobs


def publication(
    written: Written, entry: PlanEntry, change: str, reason: str, judgement: Judgement, kpi: Kpi | None = None
) -> Publication:
    """The publication that makes a record the current version of its partition."""
    record = written.record
    return Publication(
        dataset=entry.dataset,
        partition=entry.partition,
        change=change,
        reason=reason,
        key=record.key,
        content_hash=record.content_hash,
        source_hash=entry.source_hash,
        blobs=references(written.blobs),
        rows=record.rows,
        bytes=sum(blob.size for blob in written.blobs),
        kpi=kpi,
        judgement=judgement,
    )


def references(blobs: Sequence[Blob]) -> str:
    """Files as the ledger names them."""
    return ";".join(blob.reference for blob in blobs)


def verified(record: Record, store: ObjectStore) -> Written:
    """A record with its files, read and compared with their hashes.

    Raises:
        LostObjectError: one is missing or damaged.
    """
    left = [store.verify_blob(file.hash, file.size) for file in record.quarantine]
    blobs = [store.verify_blob(file.hash, file.size) for file in record.files]
    return Written(record, blobs, left[0] if left else None)


def _writable(table: pa.Table) -> pa.Table:
    """The table; a column that holds nulls against its declaration is nullable, so that they can be looked at."""
    broken = [not f.nullable and column.null_count > 0 for f, column in zip(table.schema, table.columns, strict=True)]
    fields = [f.with_nullable(True) if is_broken else f for f, is_broken in zip(table.schema, broken, strict=True)]
    return table.cast(pa.schema(fields)) if any(broken) else table
