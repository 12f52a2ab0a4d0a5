"""The rows in quarantine: how many by rule and partition, a few to look at, and all of them in a file."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flow_assets.checks.expressions import columns_of
from flow_assets.checks.literals import text
from flow_assets.checks.rows import VIOLATIONS
from flow_assets.declaration import UNPARTITIONED, Dataset, partition_keys
from flow_assets.errors import LostObjectError, OutputFileError, SelectionError, StoreError
from flow_assets.insight.output_file import output_file
from flow_assets.materialization.project import Project
from flow_assets.materialization.selection import choose_keys
from flow_assets.materialization.set_apart import IS_BLOCKED, PARTITION, Kept, quarantine_files, quarantine_sql

FORMATS = {".parquet": "FORMAT parquet, USE_TMP_FILE false", ".csv": "FORMAT csv, HEADER true, USE_TMP_FILE false"}


@dataclass(frozen=True)
class Overview:
    """What is in quarantine of one dataset, as the ledger has it.

    Attributes:
        partitions: partition to its rows in quarantine, in the partitions' order.
        blocked: partition to how many of them left a version that is kept back, where any did.
        rules: names of the rules that quarantine rows.
    """

    rows: int
    partitions: Mapping[str, int]
    blocked: Mapping[str, int]
    rules: Sequence[str]


@dataclass(frozen=True)
class RuleCount:
    """How many rows a rule has set apart; a row may break several.

    Attributes:
        text: what must hold; None where the rule is no longer declared.
        partitions: partition to rows.
    """

    name: str
    text: str | None
    rows: int
    partitions: Mapping[str, int]


@dataclass(frozen=True)
class Quarantine:
    """The rows of one dataset in quarantine.

    Attributes:
        partitions: partition to rows.
        blocked: partition to how many of them left a version that is kept back, where any did.
        is_ruled: whether a rule of the dataset quarantines rows.
        rules: those that they break, the one with the most rows first.
        sample: the first rows, with `_partition`, `_is_blocked` and `_violations`.
        about: the columns that identify a row, and those that its rules are about.
        lost: partitions whose quarantined rows are missing in the store, or damaged.
    """

    dataset: str
    rows: int
    partitions: Mapping[str, int]
    blocked: Mapping[str, int]
    is_ruled: bool
    rules: Sequence[RuleCount]
    sample: pa.Table | None
    about: Sequence[str]
    lost: Sequence[str]


def overview(project: Project) -> dict[str, Overview]:
    """Every dataset that has rows in quarantine, or rules that put them there; no file is opened."""
    found = {}
    for dataset in project.graph.datasets.values():
        kept = quarantine_files(project, dataset)
        partitions, blocked = _rows(kept), _rows(k for k in kept if k.is_blocked)
        rules = [rule.name for rule in dataset.rules if rule.quarantine]
        if partitions or rules:
            found[dataset.name] = Overview(sum(partitions.values()), partitions, blocked, rules)
    return found


def find_quarantine(project: Project, name: str, partition: str | None = None, *, limit: int = 10) -> Quarantine:
    """What is in quarantine of a dataset.

    Args:
        project: whose dataset.
        name: the dataset.
        partition: `A..B` or a key: only these; all by default.
        limit: rows in the sample at most.

    Raises:
        SelectionError: there is no such dataset or partition.
        StoreError: a file in the store cannot be read.
    """
    dataset = project.graph.get(name)
    asked = _asked(dataset, partition)
    kept = [file for file in quarantine_files(project, dataset) if file.partition in asked]
    whole = _whole(project, kept)
    rules, sample = _read(dataset, whole, asked, limit) if whole else ([], None)
    partitions = _rows(kept)
    return Quarantine(
        dataset=name,
        rows=sum(partitions.values()),
        partitions=partitions,
        blocked=_rows(file for file in kept if file.is_blocked),
        is_ruled=any(rule.quarantine for rule in dataset.rules),
        rules=rules,
        sample=sample,
        about=_about(dataset, {rule.name for rule in rules}),
        lost=list(dict.fromkeys(file.partition for file in kept if file not in whole)),
    )


def export(project: Project, name: str, path: Path, partition: str | None = None) -> int:
    """Write the rows of a dataset in quarantine into one file, replacing it; returns how many they are.

    Args:
        project: whose dataset.
        name: the dataset.
        path: ends with `.parquet` or `.csv`; in CSV, `_violations` are separated by `;`.
        partition: `A..B` or a key: only these; all by default.

    Raises:
        SelectionError: there is no such dataset or partition, or `path` has another ending or lies in no folder.
        OutputFileError: `path` cannot be written.
    """
    if path.suffix not in FORMATS:
        raise SelectionError(f"{path} is neither .parquet nor .csv; name a file that ends so.")
    if not path.parent.is_dir():
        raise SelectionError(f"{path} cannot be written: there is no folder {path.parent}; make it first.")
    dataset = project.graph.get(name)
    asked = set(_asked(dataset, partition))
    whole = _whole(project, [kept for kept in quarantine_files(project, dataset) if kept.partition in asked])
    columns = f"* REPLACE (array_to_string({VIOLATIONS}, ';') AS {VIOLATIONS})" if path.suffix == ".csv" else "*"
    with output_file(path) as file, _connection() as connection:
        connection.register("nothing", _nothing(dataset))
        rows = quarantine_sql(whole.items()) if whole else "FROM nothing"
        sql = f"COPY (SELECT {columns} FROM ({rows})) TO {text(str(file))} ({FORMATS[path.suffix]})"
        try:
            return int(connection.execute(sql).fetchall()[0][0])
        except duckdb.Error as error:
            raise OutputFileError(f"{path} cannot be written: {error}") from error


def _rows(files: Iterable[Kept]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for file in files:
        counts[file.partition] = counts.get(file.partition, 0) + file.rows
    return counts


def _whole(project: Project, files: Sequence[Kept]) -> dict[Kept, Path]:
    """Those that are there and undamaged; each is read, for a damaged one may look well until its rows are wanted."""
    found = {}
    for file in files:
        try:
            project.store.verify_blob(file.hash, file.size)
        except LostObjectError:
            continue
        found[file] = file.path(project.store)
    return found


def _nothing(dataset: Dataset) -> pa.Table:
    before = [pa.field(PARTITION, pa.string()), pa.field(IS_BLOCKED, pa.bool_())]
    violations = pa.field(VIOLATIONS, pa.list_(pa.string()))
    return pa.schema([*before, *dataset.schema.arrow_schema(), violations]).empty_table()


def _asked(dataset: Dataset, partition: str | None) -> tuple[str, ...]:
    keys = partition_keys(dataset.partitions)
    if partition is None:
        return keys
    if keys == (UNPARTITIONED,):
        raise SelectionError(f"{dataset.name} has no partitions; leave the partition out.")
    return choose_keys(dataset.name, keys, partition)


def _read(
    dataset: Dataset, files: Mapping[Kept, Path], order: Sequence[str], limit: int
) -> tuple[list[RuleCount], pa.Table]:
    texts = {rule.name: rule.text for rule in dataset.rules}
    positions = {key: number for number, key in enumerate(order)}
    with _connection() as connection:
        try:
            rows = connection.sql(quarantine_sql(files.items()))
            counted = connection.sql(
                f"SELECT rule, coalesce({PARTITION}, '') AS key, count(*) "
                f"FROM (SELECT unnest({VIOLATIONS}) AS rule, {PARTITION} FROM rows) GROUP BY ALL"
            ).fetchall()
            sample = rows.limit(limit).to_arrow_table()
        except duckdb.Error as error:
            raise StoreError(f"Rows of {dataset.name} in quarantine cannot be read: {error}") from error
    by_rule: dict[str, dict[str, int]] = {}
    for rule, key, number in sorted(counted, key=lambda row: positions[row[1]]):
        by_rule.setdefault(rule, {})[key] = number
    rules = [RuleCount(rule, texts.get(rule), sum(of.values()), of) for rule, of in by_rule.items()]
    return sorted(rules, key=lambda rule: (-rule.rows, rule.name)), sample


def _about(dataset: Dataset, broken: Collection[str]) -> list[str]:
    names = dataset.schema.arrow_schema().names
    with _connection() as connection:
        columns = (columns_of(connection, rule, names) for rule in dataset.rules if rule.name in broken)
        return list(dict.fromkeys((*dataset.sort_by, *(name for of in columns for name in of))))


def _connection() -> Any:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
