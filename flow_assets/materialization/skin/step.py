"""The one step of a multi-asset: carries the plan out, dataset by dataset, and tells Dagster of each partition."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import dagster as dg
from dagster._core.storage.tags import RETRY_NUMBER_TAG

from flow_assets.declaration import Dataset, partition_keys
from flow_assets.errors import StoreError
from flow_assets.materialization.materializer import Materializer
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.project import Project
from flow_assets.materialization.skin.interrupts import interruptible
from flow_assets.materialization.skin.launch import FORCE_TAG, RETRY_TAG
from flow_assets.materialization.skin.measuring import measured
from flow_assets.materialization.skin.provenance import Provenance
from flow_assets.materialization.skin.telling import Selection, Teller
from flow_assets.materialization.stopwatch import Phase
from flow_assets.materialization.warehouse import build_warehouse
from flow_assets.memo.entries import Action
from flow_assets.memo.explain import Explainer
from flow_assets.memo.planner import Planner, Wishes

Listener = Callable[[Outcome], None]

_CAUSES = {Status.BLOCKED: 20, Status.FAILED: 20, Status.HELD: 5, Status.WAITING: 5}
"""How many partitions of each kind are told with their cause; those first that people can do something about."""


def carry_out(
    context: dg.AssetExecutionContext, project: Project, datasets: Sequence[Dataset], listener: Listener | None
) -> Iterator[dg.DagsterEvent | dg.Output[None]]:
    """Make what the run asks for, and fail at the end if a partition is not what it should be.

    Args:
        context: of the run's step.
        project: whose datasets.
        datasets: those of the step, in topological order.
        listener: is told of each partition as it ends; then nobody builds the warehouse here.
    """
    selection = Selection.of(context, is_partitioned=datasets[0].partitions is not None)
    wanted = [dataset for dataset in datasets if dataset.name in {*selection.assets, *selection.checks}]
    problems: list[Outcome] = []
    asked = len(selection.partitions) * len(wanted)
    with measured(context, project, [dataset.name for dataset in wanted], asked) as meter:
        with (
            context.resources.duckdb.get_connection() as connection,
            interruptible(connection),
            project.claims() as claims,
        ):
            with meter.stopwatch.timing(Phase.PLAN):
                planner = project.planner(wanted, _wishes(context.run, selection))
            run_id = context.run.run_id
            materializer = Materializer(project, planner, connection, claims, run_id, meter.stopwatch)
            for dataset in wanted:
                partitions: Sequence[str] = selection.partitions
                if dataset.name not in selection.assets:
                    partitions, unmade = _to_check(dataset, planner, partitions)
                    problems += unmade
                teller = Teller(context, selection, dataset, Provenance(dataset, planner, context.instance))
                for outcomes in materializer.materialize_in_batches(dataset, partitions):
                    yield from meter.timed(Phase.EVENTS, teller.tell(outcomes))
                    meter.count(outcomes)
                    problems += _heard(outcomes, listener)
                yield from meter.timed(Phase.EVENTS, teller.sum_up())
        if not listener:
            with meter.stopwatch.timing(Phase.WAREHOUSE):
                _build(project, problems)
        if problems:
            raise dg.Failure(_summary(problems), allow_retries=False)


def _heard(outcomes: Sequence[Outcome], listener: Listener | None) -> list[Outcome]:
    """Tell the listener, and return what is not as it should be, without what takes memory."""
    for outcome in outcomes:
        if listener:
            listener(outcome)
    return [replace(outcome, findings=(), kpi=None) for outcome in outcomes if not outcome.status.is_published]


def _to_check(dataset: Dataset, planner: Planner, named: Sequence[str]) -> tuple[list[str], list[Outcome]]:
    """The partitions whose checks can be told of without making anything; of those named, also why others cannot.

    Whoever asks for checks and names no partition, as the UI's "Execute all" does, means those that there are.
    """
    entries = planner.plan(dataset, named or partition_keys(dataset.partitions))
    if not named:
        return [entry.partition for entry in entries if entry.action in (Action.REUSE, Action.CHECK)], []
    unmade = {entry.partition: entry for entry in entries if entry.action in (Action.COMPUTE, Action.RESTORE)}
    explainer = Explainer(planner)
    reason = "checks come with the data, which is not up to date ({}); materialize it"
    problems = [
        Outcome(dataset.name, partition, Status.HELD, reason.format(explainer.reason(entry)))
        for partition, entry in unmade.items()
    ]
    return [partition for partition in named if partition not in unmade], problems


def _build(project: Project, problems: Sequence[Outcome]) -> None:
    """Build the warehouse; if that fails, what is said of it does not hide the problems that there are already."""
    try:
        build_warehouse(project)
    except StoreError as error:
        if problems:
            raise dg.Failure(f"{_summary(problems)}\n{error}", allow_retries=False) from error
        raise


def _summary(problems: Sequence[Outcome]) -> str:
    lines = []
    for status, count in _CAUSES.items():
        some = [p for p in problems if p.status is status]
        if some:
            lines.append(f"{len(some)} partition{'s' if len(some) > 1 else ''} {status.value}:")
            lines += [f"  {p.dataset} {p.partition}: {p.reason}" for p in some[:count]]
            lines += [f"  and {len(some) - count} more: {_counted(some[count:])}"] if len(some) > count else []
    return "\n".join(lines)


def _counted(problems: Sequence[Outcome]) -> str:
    counts = Counter(problem.dataset for problem in problems)
    return ", ".join(f"{number} of {dataset}" for dataset, number in counts.items())


def _wishes(run: dg.DagsterRun, selection: Selection) -> Wishes:
    """Whoever asks Dagster for a partition that failed wants it tried again; `flow run` says what it wants in tags.

    A re-execution has its parent's tags, but somebody else asks for it, unless Dagster retries a run that was killed.
    """
    is_as_asked = run.parent_run_id is None or RETRY_NUMBER_TAG in run.tags
    tags = run.tags if is_as_asked else {}
    forced = filter(None, tags.get(FORCE_TAG, "").split(","))
    force = frozenset((name, partition) for name in forced for partition in selection.partitions)
    return Wishes(force, retry=bool(selection.assets) and tags.get(RETRY_TAG, "true") == "true")
