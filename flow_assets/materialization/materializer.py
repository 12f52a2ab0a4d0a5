"""Carries a plan out: dataset by dataset, batch by batch, sharing the work with whoever else runs.

One partition's failure stops neither the others nor what does not require it. A batch is claimed, computed, and
published in one transaction; a process that dies loses only the batch in hand.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import duckdb

from flow_assets.checks import Finding
from flow_assets.declaration import Dataset, Severity
from flow_assets.engines import FrameLoader
from flow_assets.ledger import Block, Claims, Failure, Judgement, Publication
from flow_assets.ledger.times import now_text
from flow_assets.materialization.attempt import Attempt
from flow_assets.materialization.batch import Batch
from flow_assets.materialization.compute import Computer
from flow_assets.materialization.judging import Judge
from flow_assets.materialization.meter import Meter
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.stopwatch import Phase, Stopwatch
from flow_assets.materialization.told import Told
from flow_assets.materialization.write import Writer
from flow_assets.memo.entries import Action, Because, PlanEntry
from flow_assets.memo.explain import Explainer
from flow_assets.memo.planner import Planner
from flow_assets.memo.reads import windows

BATCH_PARTITIONS = 32
"""Partitions computed one by one between two publications."""

SET_BASED_PARTITIONS = 128
"""Partitions computed in one call; two runs at once share a dataset by such portions."""

POLL_SECONDS = 0.2

_Change = TypeVar("_Change", Publication, Block, Judgement, Failure)

_ENDED = {Action.REUSE: Status.REUSED, Action.WAIT: Status.WAITING, Action.HOLD: Status.HELD}


class Materializer:
    """Materializes datasets on one DuckDB connection, as one owner of claims.

    What belongs to no partition is timed by `stopwatch`, if one is given.
    """

    def __init__(
        self,
        project: Project,
        planner: Planner,
        connection: duckdb.DuckDBPyConnection,
        claims: Claims,
        run_id: str,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self._project = project
        self._planner = planner
        self._connection = connection
        connection.execute("SET enable_progress_bar = false")  # after two seconds it is drawn into what `--json` prints
        self._loader = FrameLoader(connection)
        self._claims = claims
        self._run_id = run_id
        self._explainer = Explainer(planner)
        self._timing = (stopwatch or Stopwatch()).timing

    def materialize(self, dataset: Dataset, partitions: Sequence[str]) -> Iterator[Outcome]:
        """Make `partitions` of `dataset` what they should be now, and tell of each how it ended.

        Datasets must come in topological order; each sees what was published of those before.
        """
        for outcomes in self.materialize_in_batches(dataset, partitions):
            yield from outcomes

    def materialize_in_batches(self, dataset: Dataset, partitions: Sequence[str]) -> Iterator[list[Outcome]]:
        """The same; the outcomes of partitions that were published together come together, as soon as they are.

        Whoever comes back for the next has told Dagster of the last: until then these partitions ask for a run.
        """
        since = now_text()
        with self._timing(Phase.PLAN):
            entries = self._planner.plan(dataset, partitions)
        work = [entry for entry in entries if entry.action not in _ENDED]
        recovered = [entry.partition for entry in entries if entry.because is Because.RECOVERED]
        unchanged = self._unchanged(dataset, [entry for entry in entries if entry.action in _ENDED])
        yield from self._tell(dataset, unchanged, recovered, since)
        for outcomes in self._share(dataset, work) if work else ():
            published = [outcome.partition for outcome in outcomes if outcome.status.is_published]
            yield from self._tell(dataset, outcomes, published, since)

    def _tell(
        self, dataset: Dataset, outcomes: list[Outcome], settled: Sequence[str], since: str
    ) -> Iterator[list[Outcome]]:
        """Hand over `outcomes`; when they have been taken, those of `settled` partitions are in no trouble."""
        holdings = self._project.holdings
        if begun := [outcome.partition for outcome in outcomes if not outcome.status.is_published]:
            holdings.note_troubles(dataset.name, begun, self._run_id)
        yield outcomes
        if settled:
            holdings.end_troubles(dataset.name, settled, self._run_id, since)

    def _share(self, dataset: Dataset, work: Sequence[PlanEntry]) -> Iterator[list[Outcome]]:
        """Claim and carry out batches; what others have claimed is looked at again when they are done with it."""
        recipe = self._planner.recipes[dataset.name]
        meter = Meter(recipe)
        writer = Writer(meter, self._project.store, self._run_id)
        judge = Judge(recipe, self._planner, self._project.holdings, self._connection)
        self._project.holdings.judgements.keep_rule_set(dataset.name, recipe.book.digest, recipe.book.to_json())
        attempt = Attempt(self._planner, Computer(meter, self._planner, self._loader), writer, judge)
        size = SET_BASED_PARTITIONS if dataset.set_based else BATCH_PARTITIONS
        queue = deque((list(work[start : start + size]), False) for start in range(0, len(work), size))
        while queue:
            entries, was_elsewhere = queue.popleft()
            won = self._claims.take(dataset.name, [e.partition for e in entries])
            if elsewhere := [e for e in entries if e.partition not in won]:
                queue.append((elsewhere, True))
            mine = [e for e in entries if e.partition in won]
            if not mine:
                with self._timing(Phase.WAIT):
                    time.sleep(POLL_SECONDS)
                continue
            with self._timing(Phase.PLAN):
                mine = self._look_again(dataset, mine, was_elsewhere=was_elsewhere)
            ended: set[str] = set()
            for batch in attempt.run(mine):
                batch.settled += [e for e in mine if e.action in _ENDED and e.partition not in ended]
                yield list(self._publish(dataset, batch))
                ended |= batch.ended
            if left := [e for e in mine if e.partition not in ended]:
                queue.append((left, True))

    def _look_again(self, dataset: Dataset, entries: Sequence[PlanEntry], *, was_elsewhere: bool) -> list[PlanEntry]:
        """Plan anew what others may have made, or made of its inputs, between the plan and the claim."""
        partitions = [e.partition for e in entries]
        changed = self._planner.refresh(dataset.name, partitions)
        if self._refresh_inputs(dataset, partitions) or was_elsewhere:
            changed = set(partitions)
        anew = {e.partition: e for e in self._planner.plan(dataset, sorted(changed))} if changed else {}
        return [anew.get(e.partition, e) for e in entries]

    def _refresh_inputs(self, dataset: Dataset, partitions: Sequence[str]) -> bool:
        """Whether others have published inputs; a result of older ones would take the place of a newer one."""
        read = {name: windows(dataset, name, self._planner.state(name).keys, partitions) for name in dataset.ins}
        return any([bool(self._planner.refresh(name, keys)) for name, keys in read.items()])  # noqa: C419  all of them

    def _publish(self, dataset: Dataset, batch: Batch) -> Iterator[Outcome]:
        """Publish what is to be published and keep what is kept; the batch is left without what others took over."""
        holdings = self._project.holdings
        batch.publications = self._store(batch.publications, holdings.publish)
        batch.blocks = self._store(batch.blocks, holdings.block)
        batch.judgements = self._store(batch.judgements, holdings.judge)
        batch.failures = self._store(batch.failures, holdings.fail)
        if batch.settled:
            self._claims.give_up(dataset.name, [e.partition for e in batch.settled])
        self._planner.refresh(dataset.name, [p.partition for p in batch.publications])
        yield from (self._published(p, batch) for p in batch.publications)
        yield from (self._checked(j, batch) for j in batch.judgements)
        for block in batch.blocks:
            self._planner.hold(block.dataset, block.partition, Because.BLOCKED, block.reason)
            findings = batch.findings[block.partition]
            left = block.judgement.quarantined
            reason = block.reason
            yield Outcome(block.dataset, block.partition, Status.BLOCKED, reason, findings=findings, quarantined=left)
        there = self._told(dataset).of_published(dataset.name, [failure.partition for failure in batch.failures])
        for failure in batch.failures:
            if failure.partition not in batch.unjudged:
                self._planner.hold(failure.dataset, failure.partition, Because.FAILED_BEFORE, failure.message)
            findings = there.get(failure.partition, ())
            yield Outcome(failure.dataset, failure.partition, Status.FAILED, failure.message, findings=findings)
        yield from self._unchanged(dataset, batch.settled)

    def _store(
        self, changes: list[_Change], store: Callable[[list[_Change], str, str], set[tuple[str, str]]]
    ) -> list[_Change]:
        with self._timing(Phase.PUBLISH):
            stored = store(changes, self._run_id, self._claims.owner.owner) if changes else set()
        return [change for change in changes if (change.dataset, change.partition) in stored]

    def _published(self, publication: Publication, batch: Batch) -> Outcome:
        partition = publication.partition
        return Outcome(
            publication.dataset,
            partition,
            Status(publication.change),
            publication.reason,
            publication.content_hash,
            self._planner.recipes[publication.dataset].code.digest,
            publication.rows,
            publication.bytes,
            publication.kpi.wall_seconds if publication.kpi else 0.0,
            publication.key,
            batch.previews[partition],
            batch.findings[partition],
            publication.judgement.quarantined if publication.judgement else 0,
            publication.kpi,
        )

    def _checked(self, judgement: Judgement, batch: Batch) -> Outcome:
        """What is published stays so, whatever was found of it."""
        partition, findings = judgement.partition, batch.findings[judgement.partition]
        broken = [f.rule.name for f in findings if not f.is_passed and f.rule.severity is Severity.ERROR]
        reason = (
            f"stays published, but breaks by now: {', '.join(broken)}" if broken else "keeps its rules as they are now"
        )
        held = self._planner.held(judgement.dataset)[partition]
        return Outcome(
            judgement.dataset,
            partition,
            Status.CHECKED,
            reason,
            held.content_hash,
            self._planner.recipes[judgement.dataset].code.digest,
            held.rows,
            held.bytes,
            batch.costs[partition].wall,
            held.key,
            batch.previews[partition],
            findings,
            judgement.quarantined,
        )

    def _unchanged(self, dataset: Dataset, entries: Sequence[PlanEntry]) -> list[Outcome]:
        """What is told of partitions of which nothing is made."""
        told = self._told(dataset).findings(dataset.name, entries)
        return [self._ended(entry, told.get(entry.partition, ())) for entry in entries]

    def _told(self, dataset: Dataset) -> Told:
        return Told(self._planner, self._project.holdings, self._planner.recipes[dataset.name].book)

    def _ended(self, entry: PlanEntry, findings: tuple[Finding, ...]) -> Outcome:
        status, reason = _ENDED[entry.action], self._explainer.reason(entry)
        held = self._planner.held(entry.dataset).get(entry.partition)
        if status is not Status.REUSED or held is None:
            status = Status.BLOCKED if entry.because is Because.BLOCKED else status
            return Outcome(entry.dataset, entry.partition, status, reason, findings=findings)
        digest = self._planner.recipes[entry.dataset].code.digest
        record = self._project.store.get_record(held.key)
        return Outcome(
            entry.dataset,
            entry.partition,
            status,
            reason,
            held.content_hash,
            digest,
            held.rows,
            held.bytes,
            key=held.key,
            preview=record.preview if record else "",
            findings=findings,
        )
