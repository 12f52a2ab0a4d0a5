"""Show what a run would do and why, without doing it."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from flow_assets.memo.entries import PlanEntry
    from flow_assets.memo.explain import Explainer

NAME = "plan"
EXAMPLES = (
    "flow plan",
    "flow plan delay_training_set --partitions 2013-02-01..2013-02-07",
    "flow plan --json",
)

_SHOWN_REASONS = 12


def command(
    datasets: Annotated[list[str] | None, typer.Argument(help="Datasets, with what they read; all by default.")] = None,
    partitions: Annotated[str | None, typer.Option(help="Only these partitions: A..B, or one.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="As if what failed were tried again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the plan."""
    from flow_assets.cli.console import print_json
    from flow_assets.materialization.project import Project
    from flow_assets.materialization.requests import plan_scope
    from flow_assets.materialization.selection import select
    from flow_assets.memo.explain import Explainer
    from flow_assets.memo.planner import Wishes
    from flow_assets.settings import load_settings

    project = Project.open(load_settings())
    scope = select(project.graph, datasets or (), partitions)
    planner = project.planner([project.graph.get(name) for name in scope], Wishes(retry=retry))
    entries = plan_scope(planner, scope)
    explainer = Explainer(planner)
    if as_json:
        print_json(_json(entries, explainer))
    else:
        _print(entries, explainer)


def _json(entries: "list[PlanEntry]", explainer: "Explainer") -> dict[str, Any]:
    from flow_assets.memo.entries import Action

    counts = Counter(entry.action for entry in entries)
    return {
        "summary": {action.value: counts[action] for action in Action},
        "partitions": [
            {
                "dataset": entry.dataset,
                "partition": entry.partition or None,
                "action": entry.action.value,
                "reason": explainer.reason(entry),
            }
            for entry in entries
        ],
    }


def _print(entries: "list[PlanEntry]", explainer: "Explainer") -> None:
    from flow_assets.cli.console import keys_text, out, print_table, table
    from flow_assets.memo.entries import Action, Because

    counts: dict[str, Counter[Action]] = {}
    for entry in entries:
        counts.setdefault(entry.dataset, Counter())[entry.action] += 1
    shown = table("Plan", "dataset", *(action.value for action in Action))
    for name, of_dataset in counts.items():
        shown.add_row(name, *(str(of_dataset[action] or "·") for action in Action))
    console = out()
    print_table(console, shown)
    grouped: dict[tuple[str, str, str], list[PlanEntry]] = {}
    for entry in entries:
        if entry.action is not Action.REUSE:
            is_own = entry.because in (Because.FAILED_BEFORE, Because.BLOCKED) or (
                entry.action is Action.COMPUTE and entry.because is not Because.INPUT_PENDING
            )
            group = (entry.dataset, entry.action.value, explainer.reason(entry) if is_own else "")
            grouped.setdefault(group, []).append(entry)
    if not grouped:
        console.print("\nNothing to do.")
    for (dataset, action, _), group_entries in list(grouped.items())[:_SHOWN_REASONS]:
        keys = keys_text([entry.partition for entry in group_entries])
        console.print(f"\n[bold]{action}[/] {' '.join(filter(None, (dataset, keys)))}\n  ", end="")
        console.print(explainer.reason(group_entries[0]), markup=False)
    if len(grouped) > _SHOWN_REASONS:
        console.print(f"\n... and {len(grouped) - _SHOWN_REASONS} more reasons; see all with --json.")
