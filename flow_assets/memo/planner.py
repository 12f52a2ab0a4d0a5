"""What must be done with each partition, decided in bulk: without Dagster, and without reading any data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flow_assets.declaration import Dataset, DatasetGraph, partition_keys
from flow_assets.errors import LostObjectError
from flow_assets.lake import Blob, ObjectStore, Record
from flow_assets.ledger import Failure, Holding, Holdings
from flow_assets.memo.entries import RETRIED, Action, Because, PlanEntry
from flow_assets.memo.key import Recipe, input_text
from flow_assets.memo.landed_file import LandedFile
from flow_assets.memo.landing import Landing
from flow_assets.memo.reads import InputState, Read, Reader, reader
from flow_assets.memo.review import Review, Reviewer

LANDED = "landed"
"""Stands for a dataset in the key's text of a landed file."""


@dataclass(frozen=True)
class Wishes:
    """What somebody wants besides what has changed.

    Attributes:
        force: partitions, as (dataset, partition), that are computed even if nothing has changed.
        retry: whether what failed is tried again although nothing has changed since.
        given_up: partitions that failed just now and are not tried again, whatever the cause.
    """

    force: frozenset[tuple[str, str]] = frozenset()
    retry: bool = False
    given_up: frozenset[tuple[str, str]] = frozenset()


class Planner:
    """Plans datasets one after the other, in topological order, knowing what it planned for those before.

    Args:
        recipes: by name of the dataset; those that are planned must be there.
    """

    def __init__(
        self,
        graph: DatasetGraph,
        recipes: Mapping[str, Recipe],
        holdings: Holdings,
        store: ObjectStore,
        landing: Landing,
        wishes: Wishes,
    ) -> None:
        self.graph = graph
        self.recipes = recipes
        self.store = store
        self._holdings = holdings
        self.landing = landing
        self.reviewer = Reviewer(holdings.judgements)
        self._wishes = wishes
        self._held: dict[str, dict[str, Holding]] = {}
        self._states: dict[str, InputState] = {}
        self._failures: dict[str, Failure] = {}
        self._troubles: set[str] = set()
        self._review = Review()

    def plan(self, dataset: Dataset, partitions: Sequence[str]) -> list[PlanEntry]:
        """What must be done with `partitions` of `dataset`, in their order."""
        state = self.state(dataset.name)
        self._failures = self._holdings.failures(dataset.name)
        self._troubles = self._holdings.troubles(dataset.name)
        self._review = self.reviewer.review(
            dataset, self.recipes[dataset.name].book, self.held(dataset.name), self.state
        )
        readers = [reader(dataset, self.state(name)) for name in dataset.ins]
        files = self.landing.observe(dataset, partitions) if dataset.source else None
        lost = self.find_lost(dataset.name, partitions)
        entries = []
        for partition in partitions:
            if files is None:
                entry = self._plan_derived(dataset, partition, readers, lost)
            else:
                entry = self._plan_landed(dataset, partition, files[partition], lost)
            entries.append(entry)
            if (cause := self._unsettling(entry)) is not None:
                self._unsettle(state, cause)
            else:
                state.unsettled.pop(partition, None)
        return entries

    def _unsettling(self, entry: PlanEntry) -> PlanEntry | None:
        """What an entry means to those that read the partition; None where what is published is what it should be."""
        if entry.action in (Action.REUSE, Action.RESTORE):
            return None
        if entry.because is Because.REVIEWED:  # it may be published, and then what reads it is computed
            return entry._replace(action=Action.COMPUTE)
        return None if self._is_about_rules_alone(entry) else entry

    def _is_about_rules_alone(self, entry: PlanEntry) -> bool:
        """Whether only what is to be said of its rules is open, of a version that is published."""
        holding = self.held(entry.dataset).get(entry.partition)
        is_failed_check = entry.because is Because.FAILED_BEFORE and holding is not None and holding.key == entry.key
        return entry.because is Because.RULES_CHANGED or is_failed_check

    def state(self, name: str) -> InputState:
        """What is known of a dataset's partitions: what is published, and what was planned so far."""
        if name not in self._states:
            held = self.held(name)
            contents = {partition: holding.content_hash for partition, holding in held.items()}
            self._states[name] = InputState(name, partition_keys(self.graph.get(name).partitions), contents)
        return self._states[name]

    def held(self, name: str) -> dict[str, Holding]:
        """Partition to what is published of a dataset, as it was when first asked for."""
        if name not in self._held:
            self._held[name] = self._holdings.current(name)
        return self._held[name]

    def settle(self, dataset: str, published: Mapping[str, Holding]) -> None:
        """Take note that partitions were published."""
        state = self.state(dataset)
        for partition, holding in published.items():
            self.held(dataset)[partition] = holding
            state.contents[partition] = holding.content_hash
            state.unsettled.pop(partition, None)
            self._listed.update(holding.references)

    def hold(self, dataset: str, partition: str, because: Because, reason: str) -> None:
        """Take note that a partition failed or is blocked: what was published of it, if anything, stays."""
        held = PlanEntry(dataset, partition, Action.HOLD, because, detail=(reason,))
        self._unsettle(self.state(dataset), held)

    def refresh(self, dataset: str, partitions: Sequence[str]) -> set[str]:
        """Read from the ledger which of `partitions` others have published meanwhile, and take note of it."""
        held = self.held(dataset)
        found = self._holdings.current(dataset, partitions)
        changed = {p: holding for p, holding in found.items() if held.get(p) != holding}
        self.settle(dataset, changed)
        return set(changed)

    def _unsettle(self, state: InputState, cause: PlanEntry) -> None:
        partition = cause.partition
        held = self.held(state.name).get(partition)
        state.unsettled[partition] = cause
        state.contents.pop(partition, None)  # it may have been planned as restored
        if held:
            state.contents[partition] = held.content_hash

    def is_recorded(self, key: str) -> bool:
        """Whether the store has a record for `key`, usable or not."""
        return key in self._recorded

    def _plan_landed(self, dataset: Dataset, partition: str, file: LandedFile, lost: set[str]) -> PlanEntry:
        holding = self.held(dataset.name).get(partition)
        there = holding or self._review.blocked.get(partition)
        digest = there.source_hash if file.is_missing and there else file.hash
        if file.problem:
            detail = (file.place, file.problem)
            return PlanEntry(dataset.name, partition, Action.HOLD, Because.UNREADABLE, detail=detail)
        if digest is None:
            because = Because.NOT_LANDED if file.is_missing else Because.STILL_WRITTEN
            return PlanEntry(dataset.name, partition, Action.WAIT, because, detail=(file.place,))
        inputs = (input_text(LANDED, "", digest),)
        entry = self._compare(dataset.name, partition, inputs, lost)
        if file.is_missing and entry.action is Action.COMPUTE:
            return entry._replace(action=Action.WAIT, because=Because.SOURCE_GONE, detail=(file.place,))
        return entry._replace(source_hash=digest)

    def _plan_derived(self, dataset: Dataset, partition: str, readers: Sequence[Reader], lost: set[str]) -> PlanEntry:
        reads = [read(partition) for read in readers]
        is_settled = all([read.is_settled for read in reads])  # noqa: C419  a generator costs more, times 100,000
        trouble = None if is_settled else _trouble(dataset.name, partition, reads)
        if trouble and trouble.action is not Action.COMPUTE:
            return trouble
        inputs = tuple([text for read in reads for text in read.texts])
        return trouble._replace(inputs=inputs) if trouble else self._compare(dataset.name, partition, inputs, lost)

    def _compare(self, name: str, partition: str, inputs: tuple[str, ...], lost: set[str]) -> PlanEntry:
        key = self.recipes[name].key(partition, inputs)
        holding = self.held(name).get(partition)
        if (name, partition) in self._wishes.force:
            return PlanEntry(name, partition, Action.COMPUTE, Because.FORCED, key, (), inputs)
        is_current = holding is not None and holding.key == key
        if is_current and partition not in lost:
            return self._plan_current(name, partition, key, inputs)
        if failed := self._failed_before(name, partition, key, inputs):
            return failed
        block = self._review.blocked.get(partition)
        if block and block.key == key:
            is_changed = partition in self._review.to_review
            if is_changed or self._is_wished((name, partition)):
                detail = () if is_changed else (RETRIED,)
                return PlanEntry(name, partition, Action.CHECK, Because.REVIEWED, key, detail, inputs)
            return PlanEntry(name, partition, Action.HOLD, Because.BLOCKED, key, (block.reason,), inputs)
        record = self.restorable(key)
        if record:
            self.state(name).contents[partition] = record.content_hash
            return PlanEntry(name, partition, Action.RESTORE, Because.IN_STORE, key, (), inputs)
        because = Because.LOST if is_current else Because.KEY_CHANGED
        return PlanEntry(name, partition, Action.COMPUTE, because, key, (), inputs)

    def _plan_current(self, name: str, partition: str, key: str, inputs: tuple[str, ...]) -> PlanEntry:
        if partition in self._review.unjudged:
            check = PlanEntry(name, partition, Action.CHECK, Because.RULES_CHANGED, key, (), inputs)
            return self._failed_before(name, partition, key, inputs) or check
        because = Because.RECOVERED if partition in self._troubles else Because.UNCHANGED
        return PlanEntry(name, partition, Action.REUSE, because, key)

    def _failed_before(self, name: str, partition: str, key: str, inputs: tuple[str, ...]) -> PlanEntry | None:
        failure = self._failures.get(partition)
        if failure is None or not self._is_final(failure):
            return None
        if failure.key != self.recipes[name].failed_key(key, failure.error):
            return None
        return PlanEntry(name, partition, Action.HOLD, Because.FAILED_BEFORE, key, (failure.message,), inputs)

    def _is_final(self, failure: Failure) -> bool:
        which = (failure.dataset, failure.partition)
        return not (self._is_wished(which) or (failure.is_retryable and which not in self._wishes.given_up))

    def _is_wished(self, which: tuple[str, str]) -> bool:
        """Whether somebody wants it tried again although nothing has changed."""
        return self._wishes.retry and which not in self._wishes.given_up

    def restorable(self, key: str) -> Record | None:
        """The record of `key`, if the store has it and all its files are whole."""
        record = self.store.get_record(key) if key in self._recorded else None
        if record and all(self.verified(file.hash, file.size) for file in (*record.files, *record.quarantine)):
            return record
        return None

    @cached_property
    def _recorded(self) -> set[str]:
        return self.store.list_records()

    @cached_property
    def _listed(self) -> set[str]:
        return self.store.list_references()

    def find_damaged(self, name: str, partitions: Sequence[str]) -> set[str]:
        """The partitions whose files are missing or damaged, all of them read; the damaged are set aside."""
        damaged = set()
        for partition in partitions:
            references = self.held(name)[partition].references
            if None in [self._verified_reference(reference) for reference in references]:
                damaged.add(partition)
                self._listed.difference_update(references)
        return damaged

    def find_lost(self, name: str, partitions: Sequence[str]) -> set[str]:
        """The partitions whose files are missing or damaged; only files touched since they were verified are read."""
        held, listed = self.held(name), self._listed
        suspects = [p for p in partitions if p in held and held[p].blobs not in listed]
        lost, verified = set(), {}
        for partition in suspects:
            texts = held[partition].references
            blobs = [text if text in listed else self._verified_reference(text) for text in texts]
            if None in blobs:
                lost.add(partition)
            elif blobs != texts:
                verified[partition] = ";".join(blob for blob in blobs if blob)
        if verified:
            self._holdings.verified(name, verified)
        return lost

    def _verified_reference(self, reference: str) -> str | None:
        blob = Blob.parse(reference)
        found = self.verified(blob.hash, blob.size)
        return found.reference if found else None

    def verified(self, name: str, size: int) -> Blob | None:
        """A file of the store, read and found whole; if it is not, it is set aside and does not count."""
        try:
            return self.store.verify_blob(name, size)
        except LostObjectError:
            self.store.set_aside(name)
            return None


def _trouble(name: str, partition: str, reads: Sequence[Read]) -> PlanEntry | None:
    """Why the partition cannot be planned by its key: an input waits, is held, is absent, or is yet to be computed."""
    found: dict[Action, PlanEntry] = {}
    for read in reads:
        state = read.state
        for upstream, action in read.unsettled():
            if action is Action.COMPUTE:
                because, detail = Because.INPUT_PENDING, (state.name, upstream)
                found.setdefault(action, PlanEntry(name, partition, action, because, detail=detail))
            elif upstream == read.required:
                because = Because.INPUT_WAITS if action is Action.WAIT else Because.INPUT_HELD
                found.setdefault(action, PlanEntry(name, partition, action, because, detail=(state.name, upstream)))
        if read.required is not None and read.required not in state.contents and read.required not in state.unsettled:
            absent = PlanEntry(name, partition, Action.HOLD, Because.INPUT_ABSENT, detail=(state.name, read.required))
            found.setdefault(Action.HOLD, absent)
    return next((found[action] for action in (Action.HOLD, Action.WAIT, Action.COMPUTE) if action in found), None)
