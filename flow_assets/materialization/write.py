"""Turns the rows of a computed partition into files, a record and a publication; and a record into a publication."""

from dataclasses import dataclass

import pyarrow as pa

from flow_assets.lake import Blob, ObjectStore, PartitionFile, Record, encode_partition
from flow_assets.ledger import Kpi, Publication
from flow_assets.materialization.preview import preview
from flow_assets.memo.content import content_hash
from flow_assets.memo.entries import PlanEntry
from flow_assets.memo.key import Recipe


@dataclass(frozen=True)
class Writer:
    """Writes partitions of one dataset; the record of a key is written last, when its files are there."""

    recipe: Recipe
    store: ObjectStore
    run_id: str

    def write(self, table: pa.Table, entry: PlanEntry, *, supersede: bool) -> tuple[Record, list[Blob]]:
        """Write the files and the record of one computed partition.

        Args:
            table: its rows, conformed.
            entry: what was planned for it; its key must be known.
            supersede: replace the record of the key, if there is one.

        Returns:
            The record that stands for the key, and its files.
        """
        assert entry.key is not None
        files, blobs = [], []
        for encoded in encode_partition(table, self.recipe.dataset.buckets):
            blob = self.store.put_blob(encoded.data)
            blobs.append(blob)
            files.append(PartitionFile(blob.hash, blob.size, encoded.rows, encoded.buckets))
        record = Record(
            key=entry.key,
            dataset=entry.dataset,
            partition=entry.partition,
            content_hash=content_hash(table),
            rows=len(table),
            files=tuple(files),
            schema=tuple((field.name, str(field.type), field.nullable) for field in table.schema),
            components=self.recipe.record_components(entry.partition, entry.inputs),
            producer={"run_id": self.run_id},
            preview=preview(table),
        )
        standing = self.store.put_record(record, supersede=supersede)
        return standing, blobs if standing.files == record.files else verified_blobs(standing, self.store)


def publication(
    record: Record, blobs: list[Blob], entry: PlanEntry, change: str, reason: str, kpi: Kpi | None = None
) -> Publication:
    """The publication that makes `record` the current version of its partition."""
    return Publication(
        dataset=entry.dataset,
        partition=entry.partition,
        change=change,
        reason=reason,
        key=record.key,
        content_hash=record.content_hash,
        source_hash=entry.source_hash,
        blobs=";".join(blob.reference for blob in blobs),
        rows=record.rows,
        bytes=sum(blob.size for blob in blobs),
        kpi=kpi,
    )


def verified_blobs(record: Record, store: ObjectStore) -> list[Blob]:
    """The files of a record that somebody else wrote, read and compared with their hashes.

    Raises:
        LostObjectError: one is missing or damaged.
    """
    return [store.verify_blob(file.hash, file.size) for file in record.files]
