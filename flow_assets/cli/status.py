"""Show what is there: partitions present, missing, stale, failed and blocked, rows set apart, the store's size."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flow_assets.insight.status import DatasetStatus

NAME = "status"
EXAMPLES = (
    "flow status",
    "flow status --json",
)


def command(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the status."""
    from dataclasses import asdict

    from flow_assets.cli.console import out, print_json, print_table, size_text, table
    from flow_assets.insight.status import find_status
    from flow_assets.materialization.project import Project
    from flow_assets.settings import load_settings

    project = Project.open(load_settings())
    status = find_status(project)
    if as_json:
        print_json(asdict(status))
        return
    counted = ("partitions", "present", "missing", "stale", "failed", "blocked", "broken", "warned", "quarantined")
    shown = table("Status", "dataset", *counted, "newest", "rows", "size", "published")
    for name, of in status.datasets.items():
        counts = (getattr(of, name) for name in counted)
        published = of.published_at[:19].replace("T", " ") + " UTC" if of.published_at else "never"
        newest = of.newest or "·"
        shown.add_row(
            name, *(f"{n:,}" if n else "·" for n in counts), newest, f"{of.rows:,}", size_text(of.bytes), published
        )
    console = out()
    print_table(console, shown)
    console.print(f"\nStore: {size_text(status.store_bytes)} in {project.settings.store}")
    for line in _advice(status.datasets):
        console.print(f"\n{line}")


def _advice(datasets: "Mapping[str, DatasetStatus]") -> list[str]:
    """What to do where data is kept back, broken or set apart."""
    blocked = [name for name, of in datasets.items() if of.blocked]
    broken = [name for name, of in datasets.items() if of.broken]
    quarantined = [name for name, of in datasets.items() if of.quarantined]
    lines = (
        (
            blocked,
            "Blocked, so that readers stay on the last good version: {}. Why: flow quality; their rows: FROM "
            "blocked.{}. Land a good file or relax the rule, then: flow run",
        ),
        (broken, "Published, though they break rules made since: {}. Which: flow quality {}"),
        (quarantined, "Rows are set apart: {}. Look at them: flow quarantine {}"),
    )
    return [line.format(", ".join(names), names[0]) for names, line in lines if names]
