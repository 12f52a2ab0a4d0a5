"""The rows in quarantine: how many by rule and partition, a few to look at, and all of them in a file."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flow_assets.checks.expressions import columns_of
from flow_assets.checks.literals import text
from flow_assets.checks.rows import VIOLATIONS
from flow_assets.declaration import UNPARTITIONED, Dataset, partition_keys
from flow_assets.errors import SelectionError, StoreError
from flow_assets.materialization.project import Project
from flow_assets.materialization.selection import choose_keys
from flow_assets.materialization.set_apart import PARTITION, Files, quarantine_files, rows_sql

FORMATS = {".parquet": "FORMAT parquet", ".csv": "FORMAT csv, HEADER true"}


@dataclass(frozen=True)
class Overview:
    """What is in quarantine of one dataset, as the ledger has it.

    Attributes:
        partitions: partition to its rows in quarantine, in the partitions' order.
        rules: names of the rules that quarantine rows.
    """

    rows: int
    partitions: Mapping[str, int]
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
        rules: those that they break, the one with the most rows first.
        sample: the first rows, with `_partition` and `_violations`.
        about: the columns that identify a row, and those that its rules are about.
        lost: partitions whose quarantined rows are missing in the store.
    """

    dataset: str
    rows: int
    partitions: Mapping[str, int]
    rules: Sequence[RuleCount]
    sample: pa.Table | None
    about: Sequence[str]
    lost: Sequence[str]


def overview(project: Project) -> dict[str, Overview]:
    """Every dataset that has rows in quarantine, or rules that put them there; no file is opened."""
    found = {}
    for dataset in project.graph.datasets.values():
        standings = project.holdings.judgements.standings(dataset.name)
        keys = partition_keys(dataset.partitions)
        partitions = {key: standings[key].quarantined for key in keys if key in standings}
        partitions = {key: rows for key, rows in partitions.items() if rows}
        rules = [rule.name for rule in dataset.rules if rule.quarantine]
        if partitions or rules:
            found[dataset.name] = Overview(sum(partitions.values()), partitions, rules)
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
    standings = project.holdings.judgements.standings(name)
    counts = {key: standings[key].quarantined for key in asked if key in standings and standings[key].quarantined}
    files = {key: paths for key, paths in quarantine_files(project, dataset).items() if key in counts}
    rules, sample = _read(dataset, files, asked, limit) if files else ([], None)
    lost = [key for key in counts if key not in files]
    about = _about(dataset, {rule.name for rule in rules})
    return Quarantine(name, sum(counts.values()), counts, rules, sample, about, lost)


def export(project: Project, name: str, path: Path, partition: str | None = None) -> int:
    """Write the rows of a dataset in quarantine into one file, replacing it; returns how many they are.

    Args:
        project: whose dataset.
        name: the dataset.
        path: ends with `.parquet` or `.csv`; in CSV, `_violations` are separated by `;`.
        partition: `A..B` or a key: only these; all by default.

    Raises:
        SelectionError: there is no such dataset or partition, nothing is in quarantine, or `path` has another ending.
        StoreError: a file cannot be read, or `path` not written.
    """
    if path.suffix not in FORMATS:
        raise SelectionError(f"{path} is neither .parquet nor .csv; name a file that ends so.")
    dataset = project.graph.get(name)
    asked = set(_asked(dataset, partition))
    files = {key: paths for key, paths in quarantine_files(project, dataset).items() if key in asked}
    if not files:
        raise SelectionError(f"No row of {name} is in quarantine; there is nothing to export.")
    columns = f"* REPLACE (array_to_string({VIOLATIONS}, ';') AS {VIOLATIONS})" if path.suffix == ".csv" else "*"
    sql = f"COPY (SELECT {columns} FROM ({rows_sql(files)})) TO {text(str(path))} ({FORMATS[path.suffix]})"
    with _connection() as connection:
        try:
            return int(connection.execute(sql).fetchall()[0][0])
        except duckdb.Error as error:
            raise StoreError(f"{path} cannot be written: {error}") from error


def _asked(dataset: Dataset, partition: str | None) -> tuple[str, ...]:
    keys = partition_keys(dataset.partitions)
    if partition is None:
        return keys
    if keys == (UNPARTITIONED,):
        raise SelectionError(f"{dataset.name} has no partitions; leave the partition out.")
    return choose_keys(dataset.name, keys, partition)


def _read(dataset: Dataset, files: Files, order: Sequence[str], limit: int) -> tuple[list[RuleCount], pa.Table]:
    texts = {rule.name: rule.text for rule in dataset.rules}
    positions = {key: number for number, key in enumerate(order)}
    with _connection() as connection:
        try:
            rows = connection.sql(rows_sql(files))
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
