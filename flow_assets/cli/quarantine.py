"""Show the rows that were set apart because they break a rule, and export them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from flow_assets.declaration import DatasetGraph
    from flow_assets.insight.quarantine import Overview, Quarantine, RuleCount

NAME = "quarantine"
EXAMPLES = (
    "flow quarantine",
    "flow quarantine hourly_weather",
    "flow quarantine hourly_weather 2013-05-08 --json",
    "flow quarantine hourly_weather --export rows.parquet",
)

_SHOWN_PARTITIONS = 5
_RETURN = "Rows come back when a good file lands, or when their rule is relaxed; then: flow run"


def command(
    dataset: Annotated[str | None, typer.Argument(help="A dataset; an overview of all by default.")] = None,
    partition: Annotated[str | None, typer.Argument(help="One partition, or A..B; all by default.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows to show at most.")] = 10,
    export: Annotated[Path | None, typer.Option(help="Write all rows to this .parquet or .csv.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the quarantine."""
    from flow_assets.cli.console import print_json
    from flow_assets.errors import SelectionError
    from flow_assets.insight import quarantine
    from flow_assets.materialization.project import Project
    from flow_assets.settings import load_settings

    if export and dataset is None:
        raise SelectionError("--export writes the rows of one dataset; name it.")
    project = Project.open(load_settings())
    if dataset is None:
        everything = quarantine.overview(project)
        print_json(_overview_json(everything)) if as_json else _print_overview(everything, project.graph)
        return
    found = quarantine.find_quarantine(project, dataset, partition, limit=limit)
    exported = quarantine.export(project, dataset, export, partition) if export else None
    if as_json:
        more = {} if export is None else {"exported": {"path": str(export), "rows": exported}}
        print_json({**_json(found), **more})
        return
    _print(found)
    if export:
        typer.echo(f"\nWritten to {export}: {rows_text(exported or 0)}.")


def _overview_json(found: "dict[str, Overview]") -> dict[str, Any]:
    return {
        "rows": sum(of.rows for of in found.values()),
        "datasets": {
            name: {
                "rows": of.rows,
                "partitions": _keys_json(of.partitions),
                "blocked": _keys_json(of.blocked),
                "rules": list(of.rules),
            }
            for name, of in found.items()
        },
    }


def _json(found: "Quarantine") -> dict[str, Any]:
    return {
        "dataset": found.dataset,
        "rows": found.rows,
        "partitions": _keys_json(found.partitions),
        "blocked": _keys_json(found.blocked),
        "rules": [
            {"name": r.name, "text": r.text, "rows": r.rows, "partitions": _keys_json(r.partitions)}
            for r in found.rules
        ],
        "lost": [key or None for key in found.lost],
        "sample": [{k: _plain(v) for k, v in row.items()} for row in found.sample.to_pylist()] if found.sample else [],
    }


def _keys_json(counts: "Any") -> list[dict[str, Any]]:
    return [{"partition": key or None, "rows": rows} for key, rows in counts.items()]


def _plain(value: Any) -> Any:
    """JSON has neither NaN nor infinity; what else it lacks becomes text."""
    from math import isfinite

    return None if isinstance(value, float) and not isfinite(value) else value


def _print_overview(found: "dict[str, Overview]", graph: "DatasetGraph") -> None:
    from flow_assets.cli.console import keys_text, out, print_table, table
    from flow_assets.declaration import partition_keys

    console = out()
    shown = table("Quarantine", "dataset", "rows", "partitions", "which", "rules", texts=("which", "rules"))
    for name, of in found.items():
        every = partition_keys(graph.get(name).partitions)
        which = keys_text(list(of.partitions), every) if any(of.partitions) else "·"
        rules = ", ".join(of.rules) or "none any longer"
        counts = (f"{of.rows:,}" if of.rows else "·", f"{len(of.partitions):,}" if of.partitions else "·")
        shown.add_row(name, *counts, _escaped(which), _escaped(rules))
    if not found:
        console.print("No dataset has a rule that quarantines rows, and no row is in quarantine.")
        return
    print_table(console, shown)
    if not any(of.rows for of in found.values()):
        console.print("\nNo row is in quarantine.")
        return
    console.print(f"\nLook at them: flow quarantine DATASET; all of them: FROM quarantine.DATASET\n{_RETURN}")


def _print(found: "Quarantine") -> None:
    from flow_assets.cli.console import out, print_table, table

    console = out()
    if not found.rows:
        why = "" if found.is_ruled else f"; no rule of {found.dataset} quarantines rows"
        console.print(f"No row of {found.dataset} is in quarantine there{why}.")
        return
    of_partitions = f" in {len(found.partitions)} partitions" if len(found.partitions) > 1 else ""
    title = f"{found.dataset}: {rows_text(found.rows)} in quarantine{of_partitions}"
    shown = table(title, "rule", "rows", "partitions", "what must hold", texts=("partitions", "what must hold"))
    for rule in found.rules:
        shown.add_row(
            _escaped(rule.name), f"{rule.rows:,}", _escaped(_most(rule)), _escaped(rule.text or "(no longer declared)")
        )
    print_table(console, shown)
    if found.blocked:
        console.print(f"\n{_of_blocked(found)}")
    if found.lost:
        console.print(f"\n{_lost(found)}", soft_wrap=True)
    _print_sample(console, found)
    console.print(f"\nAll of them: --export FILE.parquet, or FROM quarantine.{found.dataset}\n{_RETURN}")


def _of_blocked(found: "Quarantine") -> str:
    rows = sum(found.blocked.values())
    which = "a version that is blocked" if len(found.blocked) == 1 else "versions that are blocked"
    return f"{rows_text(rows)} of them left {which}, not what is published."


def _lost(found: "Quarantine") -> str:
    """Which rows cannot be shown, and how they are made again."""
    if not any(found.lost):
        return f"Missing or damaged in the store; make them again: flow run {found.dataset} --force"
    named, more = found.lost[:_SHOWN_PARTITIONS], len(found.lost) - _SHOWN_PARTITIONS
    which = ", ".join([*named, *([f"{more} more"] if more > 0 else [])])
    again = "; ".join(f"flow run {found.dataset} --partitions {key} --force" for key in named)
    return f"Missing or damaged in the store: {which}; make them again: {again}{', and so on' if more > 0 else ''}"


def _print_sample(console: "Console", found: "Quarantine") -> None:
    from flow_assets.cli.console import print_table, table

    if not found.sample:
        return
    there = found.sample.column_names
    apart = ("_is_blocked",) if found.blocked else ()
    names = [name for name in ("_partition", *apart, "_violations", *found.about) if name in there]
    sample = table(None, *names, texts=names)
    for row in found.sample.select(names).to_pylist():
        sample.add_row(*(_escaped(_shown(row[name])) for name in names))
    console.print()
    print_table(console, sample)
    shown, hidden = found.sample.num_rows, len({*there} - {*names, "_is_blocked"})
    if shown < found.rows or hidden:
        console.print(f"{shown:,} of {rows_text(found.rows)}, without {hidden} columns.")


def _shown(value: Any) -> str:
    if value is None:
        return "NULL"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def rows_text(rows: int) -> str:
    """So many rows, in words."""
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def _most(rule: "RuleCount") -> str:
    """The partitions with the most rows."""
    most = sorted(rule.partitions.items(), key=lambda item: -item[1])
    shown = [f"{key} ({rows:,})" for key, rows in most[:_SHOWN_PARTITIONS] if key]
    more = len(most) - _SHOWN_PARTITIONS
    return ", ".join([*shown, *([f"{more} more"] if more > 0 else [])]) or "·"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
