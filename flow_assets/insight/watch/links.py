"""Paths within Dagster's UI."""

from urllib.parse import quote


def link_to(dataset: str, partition: str = "") -> str:
    """Where Dagster's UI shows a dataset's partitions, or one of them."""
    if not partition:
        return f"/assets/{quote(dataset)}"
    return f"/assets/{quote(dataset)}?view=partitions&partition={quote(partition)}"
