"""One batch of claimed partitions: restored, computed together or one by one, written, and what it cost."""

import hashlib
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from flow_assets.declaration import Dataset
from flow_assets.errors import AuditError, FlowError, LostObjectError, SchemaMismatchError, StoreError
from flow_assets.ledger import Failure, Kpi, Publication
from flow_assets.materialization.compute import OUTSIDE_CAUSES, Computer, Volume
from flow_assets.materialization.write import Writer, publication
from flow_assets.memo.entries import Action, PlanEntry
from flow_assets.memo.explain import Explainer
from flow_assets.memo.planner import Planner

SOURCE_ATTEMPTS = 5
"""How often a landed file that changes while it is read is planned again."""


@dataclass
class Batch:
    """What came of a batch: what is to be published, what failed, what turned out to need nothing, and what it took.

    Attributes:
        seconds: partition to wall time.
        previews: partition to its first rows, of those that are to be published.
        landed_bytes: partition to the size of the landed file it was read from.
    """

    publications: list[Publication] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    settled: list[PlanEntry] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    previews: dict[str, str] = field(default_factory=dict)
    landed_bytes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Cost:
    """What a stretch of work took; times in seconds."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "_Cost":
        return cls(time.perf_counter(), time.process_time())

    def since(self, start: "_Cost", shares: int = 1) -> "_Cost":
        return _Cost((self.wall - start.wall) / shares, (self.cpu - start.cpu) / shares)

    def plus(self, other: "_Cost") -> "_Cost":
        return _Cost(self.wall + other.wall, self.cpu + other.cpu)


class Attempt:
    """Tries to make partitions of one dataset; every failure is caught and kept with its partition."""

    def __init__(self, dataset: Dataset, planner: Planner, computer: Computer, writer: Writer) -> None:
        self._dataset = dataset
        self._planner = planner
        self._computer = computer
        self._writer = writer
        self._explainer = Explainer(planner)

    def run(self, entries: Sequence[PlanEntry]) -> Batch:
        """Restore and compute what `entries` call for."""
        batch = Batch()
        lost = {e for e in entries if e.action is Action.RESTORE and not self._restore(e, batch)}
        compute = [e for e in entries if e.action is Action.COMPUTE or e in lost]
        if not (self._dataset.set_based and len(compute) > 1 and self._compute_together(compute, batch)):
            for entry in compute:
                self._compute_alone(entry, batch)
        return batch

    def _restore(self, entry: PlanEntry, batch: Batch) -> bool:
        """Publish what the store has; returns False if it has it no longer."""
        start = _Cost.now()
        record = self._planner.store.get_record(entry.key or "")
        blobs = [self._planner.verified(file.hash, file.size) for file in record.files] if record else []
        whole = [blob for blob in blobs if blob]
        if record is None or len(whole) < len(blobs):
            return False
        reason = self._explainer.reason(entry)
        batch.publications.append(publication(record, whole, entry, "restored", reason))
        batch.previews[entry.partition] = record.preview
        batch.seconds[entry.partition] = _Cost.now().since(start).wall
        return True

    def _compute_together(self, entries: Sequence[PlanEntry], batch: Batch) -> bool:
        """One call for all; if it fails, each is computed alone, so that only what is bad fails."""
        start = _Cost.now()
        try:
            tables = self._computer.compute_many([e.partition for e in entries])
        except AuditError as error:
            for entry in entries:
                self._fail(entry, error, batch)
            return True
        except (FlowError, *OUTSIDE_CAUSES):
            return False
        share = _Cost.now().since(start, len(entries))
        for entry in entries:
            self._write(tables[entry.partition], entry, share, len(entries), batch)
        return True

    def _compute_alone(self, entry: PlanEntry, batch: Batch) -> None:
        start = _Cost.now()
        try:
            if self._dataset.source:
                place = self._planner.landing.locate(self._dataset, entry.partition)
                entry, data = self._read_landed(entry, place)
                if data is None:
                    self._settle(entry, batch)
                    return
                batch.landed_bytes[entry.partition] = len(data)
                table = self._computer.compute_landed(data, place, entry.partition)
            else:
                table = self._computer.compute_one(entry.partition)
        except (FlowError, *OUTSIDE_CAUSES) as error:
            self._fail(entry, error, batch)
            return
        self._write(table, entry, _Cost.now().since(start), 1, batch)

    def _settle(self, entry: PlanEntry, batch: Batch) -> None:
        """Take note that `entry`, planned again, calls for no computing."""
        if entry.action is not Action.RESTORE:
            batch.settled.append(entry)
        elif not self._restore(entry, batch):
            self._fail(entry, StoreError(f"{entry.dataset}: its record vanished from the store; run again."), batch)

    def _read_landed(self, entry: PlanEntry, place: str) -> tuple[PlanEntry, bytes | None]:
        """Hash the landed bytes as they are read; if they are not those that were planned, plan again."""
        for _ in range(SOURCE_ATTEMPTS):
            data = self._planner.landing.read(self._dataset, entry.partition, entry.source_hash)
            if data is not None and hashlib.sha256(data).hexdigest() == entry.source_hash:
                return entry, data
            (entry,) = self._planner.plan(self._dataset, [entry.partition])
            if entry.action is not Action.COMPUTE:
                return entry, None
        raise StoreError(f"{place} changes faster than it can be read; land it whole, by renaming a finished file.")

    def _write(self, table: pa.Table, entry: PlanEntry, cost: _Cost, shares: int, batch: Batch) -> None:
        start = _Cost.now()
        supersede = self._planner.is_recorded(entry.key or "")
        try:
            reason = self._explainer.reason(entry)
            self._explainer.keep(entry)
            record, blobs = self._writer.write(table, entry, supersede=supersede)
        except (FlowError, *OUTSIDE_CAUSES) as error:
            self._fail(entry, error, batch)
            return
        total = cost.plus(_Cost.now().since(start))
        landed = batch.landed_bytes.get(entry.partition)
        read = self._computer.volume([entry.partition]) if landed is None else Volume(len(table), landed)
        kpi = self._kpi(total, read, Volume(len(table), sum(b.size for b in blobs)), shares)
        batch.publications.append(publication(record, blobs, entry, "computed", reason, kpi))
        batch.previews[entry.partition] = record.preview
        batch.seconds[entry.partition] = total.wall

    def _kpi(self, cost: _Cost, read: Volume, written: Volume, shares: int) -> Kpi:
        return Kpi(
            code_fingerprint=self._writer.recipe.code.digest,
            wall_seconds=cost.wall,
            cpu_seconds=cost.cpu,
            peak_memory_bytes=_peak_memory_bytes(),
            rows_in=read.rows,
            rows_out=written.rows,
            bytes_in=read.bytes,
            bytes_out=written.bytes,
            partitions_in_call=shares,
        )

    def _fail(self, entry: PlanEntry, error: BaseException, batch: Batch) -> None:
        is_outside = isinstance(error, (StoreError, LostObjectError, *OUTSIDE_CAUSES))
        message = str(error) or type(error).__name__
        if isinstance(error, SchemaMismatchError):
            message = f"{message} It is declared at {self._dataset.location}."
        failure = Failure(
            entry.dataset, entry.partition, entry.key or "", type(error).__name__, message, is_retryable=is_outside
        )
        batch.failures.append(failure)


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
