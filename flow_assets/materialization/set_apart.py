"""Rows that are kept and not published: those in quarantine, and the versions of partitions that are blocked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flow_assets.checks.literals import text
from flow_assets.declaration import Dataset, partition_keys
from flow_assets.lake import Blob, ObjectStore, PartitionFile, Record
from flow_assets.materialization.project import Project

PARTITION = "_partition"
IS_BLOCKED = "_is_blocked"
_PATH = "flow_assets_path"
_KEY = "flow_assets_key"
_PLACE = "flow_assets_place"


@dataclass(frozen=True)
class Kept:
    """A file of rows that are not published.

    Attributes:
        is_blocked: whether it belongs to a version that is kept back, and not to what is published.
        rows: how many it holds, where that is known without opening it.
    """

    partition: str
    hash: str
    size: int
    is_blocked: bool
    rows: int = 0

    def path(self, store: ObjectStore) -> Path:
        """Where it lies; it need not be there."""
        return store.local_path(self.hash)


def quarantine_files(project: Project, dataset: Dataset) -> list[Kept]:
    """The files of rows that left what is published, or a version that is kept back, in the partitions' order."""
    standings = project.holdings.judgements.standings(dataset.name)
    left = quarantines_of_blocked(project, dataset.name)
    found: list[Kept] = []
    for key in partition_keys(dataset.partitions):
        if (standing := standings.get(key)) and standing.quarantine:
            blob = Blob.parse(standing.quarantine)
            found.append(Kept(key, blob.hash, blob.size, is_blocked=False, rows=standing.quarantined))
        found += [Kept(key, f.hash, f.size, is_blocked=True, rows=f.rows) for f in left.get(key, ())]
    return found


def quarantines_of_blocked(project: Project, dataset: str) -> Mapping[str, Sequence[PartitionFile]]:
    """Partition to the rows that left the version of it that is kept back; only those that rows left."""
    judgements = project.holdings.judgements
    records = judgements.blocked_records(dataset, list(judgements.blocked(dataset)))
    files = {partition: Record.from_json(text.encode()).quarantine for partition, text in records.items()}
    return {partition: left for partition, left in files.items() if left}


def blocked_files(project: Project, dataset: Dataset) -> list[Kept]:
    """The files of the versions that are kept back, in the partitions' order."""
    blocked = project.holdings.judgements.blocked(dataset.name)
    keys = (key for key in partition_keys(dataset.partitions) if key in blocked)
    blobs = ((key, Blob.parse(reference)) for key in keys for reference in blocked[key].blobs.split(";"))
    return [Kept(key, blob.hash, blob.size, is_blocked=True) for key, blob in blobs]


def blocked_sql(paths: Iterable[tuple[Kept, Path]]) -> str:
    """A query for the rows of at least one file, with the partition's key in `_partition`: null where there is none."""
    return f"SELECT nullif({_KEY}, '') AS {PARTITION}, * EXCLUDE ({_PATH}, {_KEY}, {_PLACE}, {IS_BLOCKED}) {_of(paths)}"


def quarantine_sql(paths: Iterable[tuple[Kept, Path]]) -> str:
    """As `blocked_sql`, with `_is_blocked`, and always in one order: of `paths`, and within a file as it was sorted."""
    return (
        f"SELECT nullif({_KEY}, '') AS {PARTITION}, {IS_BLOCKED}, "
        f"* EXCLUDE ({_PATH}, {_KEY}, {_PLACE}, {IS_BLOCKED}, file_row_number) "
        f"{_of(paths, ', file_row_number = true')} ORDER BY {_PLACE}, file_row_number"
    )


def _of(paths: Iterable[tuple[Kept, Path]], options: str = "") -> str:
    pairs = [(kept, text(str(path))) for kept, path in paths]
    distinct = ", ".join(dict.fromkeys(path for _, path in pairs))  # partitions of the same rows share a file
    keys = ", ".join(
        f"({path}, {text(kept.partition)}, {place}, {str(kept.is_blocked).lower()})"
        for place, (kept, path) in enumerate(pairs)
    )
    return (
        f"FROM read_parquet([{distinct}], union_by_name = true, filename = '{_PATH}'{options}) "
        f"JOIN (VALUES {keys}) AS keys ({_PATH}, {_KEY}, {_PLACE}, {IS_BLOCKED}) USING ({_PATH})"
    )
