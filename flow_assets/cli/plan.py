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
    from flow_assets.declaration import partition_keys
    from flow_assets.memo.entries import Action

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
            grouped.setdefault((entry.dataset, entry.action.value, _cause(entry, explainer)), []).append(entry)
    if not grouped:
        console.print("\nNothing to do.")
    for (dataset, action, _), group_entries in list(grouped.items())[:_SHOWN_REASONS]:
        every = partition_keys(explainer.planner.graph.get(dataset).partitions)
        keys = keys_text([entry.partition for entry in group_entries], every)
        console.print(f"\n[bold]{action}[/] {' '.join(filter(None, (dataset, keys)))}\n  ", end="")
        console.print(_told(group_entries, explainer), markup=False)
    if len(grouped) > _SHOWN_REASONS:
        console.print(f"\n... and {len(grouped) - _SHOWN_REASONS} more reasons; see all with --json.")


def _cause(entry: "PlanEntry", explainer: "Explainer") -> str:
    """Alike for what is shown as one; of what only follows from others, that is all of an action."""
    from flow_assets.cli.console import cause_text
    from flow_assets.memo.entries import Action, Because

    if entry.action in (Action.WAIT, Action.CHECK, Action.RESTORE) or entry.because is Because.INPUT_PENDING:
        return ""
    reason = explainer.reason(entry)
    return cause_text(reason, entry.partition) if entry.action is Action.HOLD else reason


def _told(alike: "list[PlanEntry]", explainer: "Explainer") -> str:
    """Why, of the first; with its partition where others are blocked by the same rules, but by other rows."""
    from flow_assets.memo.entries import Because

    first = alike[0]
    is_one_of_many = first.because is Because.BLOCKED and len(alike) > 1
    return f"{first.partition}: {explainer.reason(first)}" if is_one_of_many else explainer.reason(first)
