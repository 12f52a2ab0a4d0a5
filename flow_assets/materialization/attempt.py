"""One batch of claimed partitions: restored, computed together or one by one, written, and what it cost."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from flow_assets.errors import AuditError, FlowError, LostObjectError, SchemaMismatchError, StoreError
from flow_assets.ledger import Failure, Kpi
from flow_assets.materialization.batch import PORTION_BYTES, Batch
from flow_assets.materialization.compute import OUTSIDE_CAUSES, Computer
from flow_assets.materialization.judging import Judge, Judged
from flow_assets.materialization.meter import Volume
from flow_assets.materialization.settle import Settler, block
from flow_assets.materialization.stopwatch import Cost, Phase
from flow_assets.materialization.write import Writer, Written, publication
from flow_assets.memo.entries import Action, Because, PlanEntry
from flow_assets.memo.explain import Explainer
from flow_assets.memo.planner import Planner

SOURCE_ATTEMPTS = 5
"""How often a landed file that changes while it is read is planned again."""


@dataclass(frozen=True)
class _Computed:
    """The rows of a partition, conformed, and what they cost; `shares` partitions were computed in one call."""

    entry: PlanEntry
    table: pa.Table
    cost: Cost
    shares: int


class Attempt:
    """Tries to make partitions of one dataset; every failure is caught and kept with its partition."""

    def __init__(self, planner: Planner, computer: Computer, writer: Writer, judge: Judge) -> None:
        self._dataset = writer.recipe.dataset
        self._planner = planner
        self._computer = computer
        self._writer = writer
        self._judge = judge
        self._meter = writer.meter
        self._stopwatch = writer.meter.stopwatch
        self._settler = Settler(planner, judge, writer)
        self._explainer = Explainer(planner)

    def run(self, entries: Sequence[PlanEntry]) -> Iterator[Batch]:
        """Restore, check and compute what `entries` call for.

        So much as fits into memory is given at a time, and must be published before the next: it is its past.
        """
        batch = Batch()
        there = [e for e in entries if e.action in (Action.RESTORE, Action.CHECK)]
        lost: set[PlanEntry] = set()
        while there:
            lost |= {*self._settle(there, batch)}
            there = batch.later
            if there:
                yield batch
                batch = Batch()
        yield from self._compute([e for e in entries if e.action is Action.COMPUTE or e in lost], batch)

    def _compute(self, entries: Sequence[PlanEntry], batch: Batch) -> Iterator[Batch]:
        """Compute, check and write, in portions of which `batch` takes the first."""
        together = self._compute_together(entries, batch) if self._dataset.set_based and len(entries) > 1 else None
        computed: list[_Computed] = []
        size = 0
        for entry in entries:
            alone = self._compute_alone(entry, batch) if together is None else together.get(entry.partition)
            if alone:
                computed.append(alone)
                size += alone.table.nbytes
            if size >= PORTION_BYTES:
                self._finish(computed, batch)
                yield batch
                batch, computed, size = Batch(), [], 0
        self._finish(computed, batch)
        yield batch

    def _settle(self, entries: Sequence[PlanEntry], batch: Batch) -> list[PlanEntry]:
        """Settle together what needs no computing; if a rule cannot be asked of one, each alone."""
        if not entries:
            return []
        reasons = {entry.partition: self._explainer.reason(entry) for entry in entries}
        start = self._stopwatch.read()
        try:
            return self._settler.settle(entries, reasons, batch)
        except (FlowError, *OUTSIDE_CAUSES) as error:
            if len(entries) == 1:
                self._fail(entries[0], error, batch, self._meter.since(start))
                return []
        ended = batch.ended
        left = [entry for entry in entries if entry.partition not in ended]
        return [lost for entry in left for lost in self._settle([entry], batch)]

    def _compute_together(self, entries: Sequence[PlanEntry], batch: Batch) -> "dict[str, _Computed] | None":
        """One call for all; if it fails (None), each is computed alone, so that only what is bad fails."""
        start = self._stopwatch.read()
        try:
            tables = self._computer.compute_many([e.partition for e in entries])
        except AuditError as error:
            share = self._meter.since(start, len(entries))
            for entry in entries:
                self._fail(entry, error, batch, share, len(entries))
            return {}
        except (FlowError, *OUTSIDE_CAUSES):
            return None
        share = self._meter.since(start, len(entries))
        return {e.partition: _Computed(e, tables[e.partition], share, len(entries)) for e in entries}

    def _compute_alone(self, entry: PlanEntry, batch: Batch) -> "_Computed | None":
        start = self._stopwatch.read()
        try:
            if self._dataset.source:
                place = self._planner.landing.locate(self._dataset, entry.partition)
                with self._stopwatch.timing(Phase.SCAN):
                    entry, data = self._read_landed(entry, place)
                if data is None:
                    self._settle_anew(entry, batch)
                    return None
                batch.landed_bytes[entry.partition] = len(data)
                table = self._computer.compute_landed(data, place, entry.partition)
            else:
                table = self._computer.compute_one(entry.partition)
        except (FlowError, *OUTSIDE_CAUSES) as error:
            self._fail(entry, error, batch, self._meter.since(start))
            return None
        return _Computed(entry, table, self._meter.since(start), 1)

    def _settle_anew(self, entry: PlanEntry, batch: Batch) -> None:
        """Take note that `entry`, planned again, calls for no computing."""
        if entry.action not in (Action.RESTORE, Action.CHECK):
            batch.settled.append(entry)
        elif self._settle([entry], batch):
            error = StoreError(f"{entry.dataset}: its record vanished from the store; run again.")
            self._fail(entry, error, batch, Cost())

    def _finish(self, computed: "Sequence[_Computed]", batch: Batch) -> None:
        """Check what was computed, all at once, and write it."""
        if not computed:
            return
        start = self._stopwatch.read()
        found: Mapping[str, Judged | Exception]
        try:
            with self._stopwatch.timing(Phase.CHECK):
                found = self._judge.inspect({made.entry.partition: made.table for made in computed})
        except (FlowError, *OUTSIDE_CAUSES) as error:
            found = dict.fromkeys((made.entry.partition for made in computed), error)
        share = self._meter.since(start, len(computed))
        for made in computed:
            judged, cost = found[made.entry.partition], made.cost.plus(share)
            if isinstance(judged, Exception):
                self._fail(made.entry, judged, batch, cost, made.shares)
            else:
                self._write(judged, replace(made, cost=cost), batch)

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

    def _write(self, judged: Judged, made: "_Computed", batch: Batch) -> None:
        start, entry = self._stopwatch.read(), made.entry
        supersede = self._planner.is_recorded(entry.key or "")
        try:
            reason = self._explainer.reason(entry)
            self._explainer.keep(entry)
            if judged.errors:
                written = self._writer.keep(judged, entry)
            else:
                written = self._writer.write(judged, entry, supersede=supersede)
        except (FlowError, *OUTSIDE_CAUSES) as error:
            self._fail(entry, error, batch, made.cost.plus(self._meter.since(start)), made.shares)
            return
        if not written.is_own:  # what was found is of other rows
            self._settle_anew(entry._replace(action=Action.RESTORE, because=Because.IN_STORE), batch)
            return
        made = replace(made, cost=made.cost.plus(self._meter.since(start)))
        batch.findings[entry.partition] = judged.findings
        batch.previews[entry.partition] = written.record.preview
        judgement = self._judge.judgement(entry.partition, written.record, judged, written.quarantine)
        kpi = self._kpi(made, written, batch, judged.broken)
        if judged.errors:
            place = self._planner.landing.locate(self._dataset, entry.partition) if self._dataset.source else ""
            batch.blocks.append(replace(block(written, entry, judged, judgement, place), kpi=kpi))
            return
        batch.publications.append(publication(written, entry, "computed", reason, judgement, kpi))

    def _kpi(self, made: _Computed, written: Written, batch: Batch, error: str) -> Kpi:
        landed = batch.landed_bytes.get(made.entry.partition)
        read = self._computer.volume([made.entry.partition]) if landed is None else Volume(len(made.table), landed)
        size = Volume(written.record.rows, sum(blob.size for blob in written.blobs))
        return self._meter.kpi(made.cost, read, size, shares=made.shares, error=error)

    def _fail(self, entry: PlanEntry, error: BaseException, batch: Batch, cost: Cost, shares: int = 1) -> None:
        is_outside = isinstance(error, (StoreError, LostObjectError, *OUTSIDE_CAUSES))
        message = str(error) or type(error).__name__
        if isinstance(error, SchemaMismatchError):
            message = f"{message} It is declared at {self._dataset.location}."
        kind = type(error).__name__
        key = self._writer.recipe.failed_key(entry.key or "", kind)
        kpi = self._meter.kpi(cost, shares=shares, error=kind)
        failure = Failure(entry.dataset, entry.partition, key, kind, message, is_retryable=is_outside, kpi=kpi)
        batch.failures.append(failure)
        if entry.because is Because.RULES_CHANGED:
            batch.unjudged.add(entry.partition)
