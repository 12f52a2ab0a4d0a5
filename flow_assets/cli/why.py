"""Say why a partition was last computed, and what differs now."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from flow_assets.materialization.project import Project

NAME = "why"
EXAMPLES = (
    "flow why departures 2013-02-01",
    "flow why raw_planes",
    "flow why departures 2013-02-01 --json",
)


def command(
    dataset: Annotated[str, typer.Argument(help="A dataset.")],
    partition: Annotated[str, typer.Argument(help="One of its partitions; none for a dataset without.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain one partition."""
    from flow_assets.cli.console import print_json
    from flow_assets.materialization.project import Project
    from flow_assets.settings import load_settings

    explanation = _explain(Project.open(load_settings()), dataset, partition)
    if as_json:
        print_json({**explanation, "differences": [vars(difference) for difference in explanation["differences"]]})
    else:
        _print(explanation)


def _explain(project: "Project", name: str, partition: str) -> dict[str, Any]:
    from flow_assets.errors import SelectionError
    from flow_assets.materialization.requests import plan_scope
    from flow_assets.materialization.selection import select
    from flow_assets.memo.explain import Explainer

    scope = select(project.graph, [name])
    if partition not in scope[name]:
        keys = scope[name]
        what = f"one of {keys[0]} .. {keys[-1]}" if keys != ("",) else "none, because it has no partitions"
        raise SelectionError(f"{name} has no partition {partition!r}; give {what}.")
    planner = project.planner([project.graph.get(n) for n in scope])
    entry = next(e for e in plan_scope(planner, scope) if (e.dataset, e.partition) == (name, partition))
    explainer = Explainer(planner)
    history = project.holdings.history(name, partition)
    return {
        "dataset": name,
        "partition": partition or None,
        "history": [{"at": h.at, "change": h.change, "reason": h.reason, "rows": h.rows} for h in history],
        "action": entry.action.value,
        "reason": explainer.reason(entry),
        "chain": [
            {
                "dataset": e.dataset,
                "partition": e.partition or None,
                "action": e.action.value,
                "reason": explainer.reason(e),
            }
            for e in explainer.chain(entry)[1:]
        ],
        "differences": explainer.differences(entry),
    }


def _print(explanation: dict[str, Any]) -> None:
    from flow_assets.cli.console import out

    console = out()
    console.print(f"[bold]{' '.join(filter(None, (explanation['dataset'], explanation['partition'])))}[/]")
    history = explanation["history"]
    if history:
        last = history[0]
        at = f"{last['at'][:19].replace('T', ' ')} UTC"
        then = f"Last {last['change']} {at} ({last['rows']:,} rows); the reason was: {last['reason']}"
        console.print(then, markup=False)
    else:
        console.print("Never published.")
    console.print(f"Now: {explanation['action']}: {explanation['reason']}", markup=False)
    for cause in explanation["chain"]:
        name = " ".join(filter(None, (cause["dataset"], cause["partition"])))
        console.print(f"  {name}: {cause['action']}: {cause['reason']}", markup=False)
    for difference in explanation["differences"]:
        console.print(f"\n{difference}", markup=False)
        if difference.diff:
            console.print(difference.diff, markup=False)
