"""Show what is there: partitions present, missing, stale and failed, the newest data, the size of the store."""

from typing import Annotated

import typer

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
    columns = ("dataset", "partitions", "present", "missing", "stale", "failed", "newest", "rows", "size", "published")
    shown = table("Status", *columns)
    for name, of in status.datasets.items():
        counts = (of.partitions, of.present, of.missing, of.stale, of.failed)
        published = of.published_at[:19].replace("T", " ") + " UTC" if of.published_at else "never"
        newest = of.newest or "·"
        shown.add_row(name, *(str(n or "·") for n in counts), newest, f"{of.rows:,}", size_text(of.bytes), published)
    console = out()
    print_table(console, shown)
    console.print(f"\nStore: {size_text(status.store_bytes)} in {project.settings.store}")
