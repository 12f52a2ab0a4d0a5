"""Rows that are kept and not published: those in quarantine, and the versions of partitions that are blocked."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from flow_assets.checks.literals import text
from flow_assets.declaration import Dataset, partition_keys
from flow_assets.lake import Blob
from flow_assets.materialization.project import Project

PARTITION = "_partition"
_PATH = "flow_assets_path"

Files = Mapping[str, Sequence[Path]]
"""Partition to its files, in the partitions' order."""


def quarantine_files(project: Project, dataset: Dataset) -> Files:
    """The files of rows that left what is published now; one that is lost is left out."""
    standings = project.holdings.judgements.standings(dataset.name)
    kept = {partition: [standing.quarantine] for partition, standing in standings.items() if standing.quarantine}
    return _existing(project, dataset, kept)


def blocked_files(project: Project, dataset: Dataset) -> Files:
    """The files of the versions that are kept back; one that is lost is left out."""
    blocked = project.holdings.judgements.blocked(dataset.name)
    return _existing(project, dataset, {partition: block.blobs.split(";") for partition, block in blocked.items()})


def rows_sql(files: Files) -> str:
    """A query for the rows of at least one file, with the partition's key in `_partition`: null where there is none."""
    pairs = [(str(path), partition) for partition, paths in files.items() for path in paths]
    distinct = _list(dict.fromkeys(path for path, _ in pairs))  # partitions of the same rows share a file
    keys = ", ".join(f"({text(path)}, {text(partition)})" for path, partition in pairs)
    return (
        f"SELECT nullif(flow_assets_key, '') AS {PARTITION}, * EXCLUDE ({_PATH}, flow_assets_key) "
        f"FROM read_parquet({distinct}, union_by_name = true, filename = '{_PATH}') "
        f"JOIN (VALUES {keys}) AS keys ({_PATH}, flow_assets_key) USING ({_PATH})"
    )


def _existing(project: Project, dataset: Dataset, references: Mapping[str, Sequence[str]]) -> Files:
    found: dict[str, Sequence[Path]] = {}
    for key in partition_keys(dataset.partitions):
        paths = (project.store.local_path(Blob.parse(reference).hash) for reference in references.get(key, ()))
        if there := [path for path in paths if path.exists()]:
            found[key] = there
    return found


def _list(paths: Iterable[str]) -> str:
    return "[" + ", ".join(map(text, paths)) + "]"
