"""What Dagster's UI draws as a table."""

from collections.abc import Iterable, Sequence

import dagster as dg

from flow_assets.materialization.preview import literal


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> dg.MarkdownMetadataValue:
    """A Markdown table; nothing in its cells is markup."""
    lines = (header, "-" * len(header), *rows)
    return dg.MetadataValue.md("\n".join(f"|{'|'.join(map(literal, line))}|" for line in lines))
