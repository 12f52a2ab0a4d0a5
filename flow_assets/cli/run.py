"""Carry the plan out through Dagster, and sum up."""

import functools
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from flow_assets.materialization.outcomes import Outcome
    from flow_assets.materialization.project import Project
    from flow_assets.materialization.requests import Request
    from flow_assets.materialization.run import Launcher, Run
    from flow_assets.materialization.summary import RunSummary
    from flow_assets.memo.entries import PlanEntry

NAME = "run"
EXAMPLES = (
    "flow run",
    "flow run delay_training_set --partitions 2013-01-01..2013-01-31",
    "flow run departures --partitions 2013-02-01 --force",
    "flow run --retry --json",
)

INTERRUPTED = "what was published stays, the next run goes on from there"

_SHOWN_PROBLEMS = 10
_SHOWN_WARNINGS = 3
_WORKED = ("computed", "restored", "checked", "blocked")
_TABLES = 'flow query "SELECT table_schema, table_name FROM information_schema.tables"'


def command(
    datasets: Annotated[list[str] | None, typer.Argument(help="Datasets, with what they read; all by default.")] = None,
    partitions: Annotated[str | None, typer.Option(help="Only these partitions: A..B, or one; bounds all.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Compute anyhow: the named datasets, or all.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what failed, though nothing changed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Carry out the plan."""
    from flow_assets.cli.console import print_json
    from flow_assets.materialization.project import Project
    from flow_assets.materialization.run import Run
    from flow_assets.materialization.selection import select
    from flow_assets.materialization.warehouse import build_warehouse
    from flow_assets.memo.planner import Wishes
    from flow_assets.settings import load_settings

    project = Project.open(load_settings())
    scope = select(project.graph, datasets or (), partitions)
    forced = {(name, p) for name in datasets or scope for p in scope.get(name, ())} if force else set()
    with redirect_stdout(sys.stderr):  # what a dataset's function prints is not the command's answer
        summary = _carry_out(Run(project, scope, Wishes(frozenset(forced), retry=retry)))
    build_warehouse(project)
    if as_json:
        print_json(summary.to_json())
    else:
        _print(summary, project)
    raise typer.Exit(0 if summary.is_successful else 1)


def _carry_out(run: "Run") -> "RunSummary":
    from flow_assets.cli.console import progress

    with progress() as bars, ExitStack() as stack:
        tasks = {}
        awaited: set[tuple[str, str]] = set()

        def on_plan(entries: "list[PlanEntry]") -> None:
            awaited.update((e.dataset, e.partition) for e in entries if e.asks_for_a_run)
            counts = Counter(name for name, _ in awaited)
            tasks.update({name: bars.add_task(name, total=counts[name]) for name in run.scope if counts[name]})

        def on_outcome(outcome: "Outcome") -> None:
            run.listen(outcome)
            if (outcome.dataset, outcome.partition) in awaited:  # others may be asked for only to bridge a gap
                awaited.remove((outcome.dataset, outcome.partition))
                bars.advance(tasks[outcome.dataset])

        return run.carry_out(_launcher(run, on_outcome, stack), on_plan)


def _launcher(run: "Run", listener: "Callable[[Outcome], None]", stack: ExitStack) -> "Launcher":
    """Launches requests through Dagster, which is imported and opened when the first one comes."""
    from flow_assets.declaration import UNPARTITIONED

    @functools.cache
    def dagster() -> "Callable[..., bool]":
        from flow_assets.definitions import build_definitions
        from flow_assets.materialization.skin import launch, open_instance

        instance = stack.enter_context(open_instance(run.project.settings.dagster_home))
        return functools.partial(launch, build_definitions(run.project, listener), instance)

    def launcher(request: "Request", forced: Sequence[str]) -> None:
        is_partitioned = request.partitions != (UNPARTITIONED,)
        partitions = (request.partitions[0], request.partitions[-1]) if is_partitioned else None
        dagster()(request.datasets, partitions, force=forced, retry=run.wishes.retry)

    return launcher


def _grouped(problems: "Sequence[Outcome]") -> "list[list[Outcome]]":
    """What is blocked, failed, held or waits, by dataset and cause."""
    from flow_assets.cli.console import cause_text
    from flow_assets.materialization.outcomes import Status

    groups: dict[tuple[Status, str, str], list[Outcome]] = {}
    for problem in problems:
        is_cause_told = problem.status is not Status.WAITING
        cause = cause_text(problem.reason, problem.partition) if is_cause_told else ""
        groups.setdefault((problem.status, problem.dataset, cause), []).append(problem)
    order = list(Status)
    return [group for _, group in sorted(groups.items(), key=lambda item: order.index(item[0][0]))]


def _print(summary: "RunSummary", project: "Project") -> None:
    from flow_assets.cli.console import out
    from flow_assets.materialization.outcomes import Status
    from flow_assets.settings import Settings

    console = out()
    _print_counts(console, summary)
    computing = sum(of_dataset.seconds for of_dataset in summary.datasets.values())
    if summary.total(Status.COMPUTED) + summary.total(Status.RESTORED):
        console.print(
            f"\n{computing:.1f} of the {summary.seconds:.1f} seconds made data; the rest went into Dagster's records."
        )
    _print_warnings(console, summary)
    _print_problems(console, summary, project)
    if not any(summary.total(status) for status in map(Status, _WORKED)):
        rest = ": everything that can be made is up to date" if summary.is_successful else ""
        console.print(f"\nNothing was computed{rest}.")
    if summary.total(Status.WAITING) and not any(of_dataset.rows for of_dataset in summary.datasets.values()):
        is_demonstration = project.settings.datasets == Settings.model_fields["datasets"].default
        advice = " The demonstration's files: flow land" if is_demonstration else ""
        console.print(f"\nNothing has landed in {project.settings.landing}.{advice}")
    if not summary.is_successful:
        console.print(
            "\nLand a good file, mend the code or relax the rule, then: flow run; though nothing has changed: "
            "flow run --retry"
        )
    console.print(
        f"\nWhere to look next: {_TABLES}; flow status; make dev (Dagster's UI); {project.settings.warehouse}"
    )


def _print_counts(console: "Console", summary: "RunSummary") -> None:
    from flow_assets.cli.console import print_table, table
    from flow_assets.materialization.outcomes import Status
    from flow_assets.materialization.summary import FOUND

    shown = table("Run", "dataset", *(status.value for status in Status), *FOUND, "rows", "seconds")
    for name, of in summary.datasets.items():
        counts = (*(of.counts[status] for status in Status), *(getattr(of, name) for name in FOUND))
        shown.add_row(name, *(f"{n:,}" if n else "·" for n in counts), f"{of.rows:,}", f"{of.seconds:.1f}")
    shown.add_section()
    totals = (*map(summary.total, Status), *map(summary.found, FOUND))
    rows = sum(of.rows for of in summary.datasets.values())
    shown.add_row("all", *(f"{n:,}" if n else "·" for n in totals), f"{rows:,}", f"{summary.seconds:.1f}")
    print_table(console, shown)


def _print_warnings(console: "Console", summary: "RunSummary") -> None:
    """The first few rules that are broken by what was published, and what was set apart."""
    from rich.markup import escape

    from flow_assets.checks.results import reason_of

    for warning in summary.warnings[:_SHOWN_WARNINGS]:
        first, *others = warning.partitions
        where = escape(" ".join(filter(None, (warning.dataset, first)))) + (
            f" and {len(others)} more" if others else ""
        )
        head = "[bold]warning[/]" if warning.is_mild else "[bold]published, though broken[/]"
        console.print(f"\n{head} {where}\n  ", end="")
        console.print(reason_of(warning.rule, warning.measured), markup=False)
    if (more := len(summary.warnings) - _SHOWN_WARNINGS) > 0:
        console.print(f"\n... and {more} more broken rule{'' if more == 1 else 's'}: flow quality")
    if names := [name for name, of in summary.datasets.items() if of.quarantined]:
        rows = sum(summary.datasets[name].quarantined for name in names)
        console.print(f"\nSet apart in this run, {rows:,} row{'' if rows == 1 else 's'}: flow quarantine {names[0]}")


def _print_problems(console: "Console", summary: "RunSummary", project: "Project") -> None:
    from flow_assets.cli.console import keys_text
    from flow_assets.declaration import partition_keys
    from flow_assets.materialization.outcomes import Status

    groups = _grouped(summary.problems)
    for group in groups[:_SHOWN_PROBLEMS]:
        first = group[0]
        every = partition_keys(project.graph.get(first.dataset).partitions)
        keys = keys_text([problem.partition for problem in group], every)
        console.print(f"\n[bold]{first.status.value}[/] {' '.join(filter(None, (first.dataset, keys)))}\n  ", end="")
        where = f"{first.partition}: " if first.status is Status.BLOCKED and len(group) > 1 else ""
        console.print(f"{where}{first.reason}", markup=False)
    if len(groups) > _SHOWN_PROBLEMS:
        console.print(f"\n... and {len(groups) - _SHOWN_PROBLEMS} more; see all with --json.")
    if kept := [problem.dataset for problem in summary.problems if problem.status is Status.BLOCKED]:
        console.print(
            f'\nWhat is blocked is kept: flow query "FROM blocked.{kept[0]}"; readers stay on the last good version.'
        )
