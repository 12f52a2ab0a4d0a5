"""Which rows break which rules: what one scan can count, what leaves for the quarantine, and a few to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa

from flow_assets.checks.compile import broken, broken_count, count_of
from flow_assets.checks.expressions import columns_of
from flow_assets.checks.literals import identifier
from flow_assets.checks.python_rules import failing_in_python
from flow_assets.checks.referenced import unreferenced
from flow_assets.checks.scan import NUMBER, concatenated, registered
from flow_assets.checks.unique import ROW, Mask, repeated, repeated_sorted
from flow_assets.declaration import Rule
from flow_assets.declaration.constraints import PythonCheck, References, Unique

VIOLATIONS = "_violations"
SAMPLE_ROWS = 5


@dataclass(frozen=True)
class Circumstances:
    """What rules on rows need to know beside the rows.

    Attributes:
        sort_by: columns by which each partition is sorted.
        keys: by dataset that a rule refers to: what rows of each partition of the batch may refer to.
    """

    sort_by: tuple[str, ...] = ()
    keys: Mapping[str, Mapping[str, pa.Table]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A batch of partitions, and each rule on rows as SQL over it.

    Attributes:
        batch: the partitions, with a column of truth values for each rule that SQL over one row cannot say.
        broken: rule's name to SQL that is true exactly for rows that break it, false or null for others.
        counted: rule's name to SQL that counts those rows.
    """

    batch: Mapping[str, pa.Table]
    broken: Mapping[str, str]
    counted: Mapping[str, str]

    @property
    def aliases(self) -> dict[str, str]:
        """Rule's name to what it is called in SQL, where a name of people's could be another's."""
        return {name: f"rule_{number}" for number, name in enumerate(self.broken)}

    @property
    def counts(self) -> list[tuple[str, str]]:
        """For `scan`: how many rows break each rule, by its alias."""
        return [(self.aliases[name], sql) for name, sql in self.counted.items()]


@dataclass(frozen=True)
class Failing:
    """The rows of a partition that break a rule.

    Attributes:
        rows: their numbers, ascending, from 0.
        breaks: rule's name to whether each of them breaks it.
    """

    rows: pa.ChunkedArray
    breaks: Mapping[str, pa.ChunkedArray]


def ask(
    connection: duckdb.DuckDBPyConnection,
    batch: Mapping[str, pa.Table],
    rules: Sequence[Rule],
    circumstances: Circumstances | None = None,
) -> Asked:
    """Make everything ready to count in one scan which rows of `batch` break which of `rules`.

    Args:
        connection: where what SQL over one row cannot say is computed.
        batch: conformed tables of one dataset, by partition.
        rules: rules on rows.
        circumstances: how the tables are sorted, and what they may refer to.

    Raises:
        RuleError: a rule's Python function raised, or answered what says nothing of rows.
    """
    schema = next(iter(batch.values())).schema
    columns = dict(zip(schema.names, schema.types, strict=True))
    compiled = {rule.name: broken(rule, columns) for rule in rules}
    counted = {rule.name: broken_count(rule, columns) for rule in rules}
    others = [rule for rule in rules if compiled[rule.name] is None]
    together = concatenated(batch) if others else None
    marked = batch
    for number, rule in enumerate(others):
        mask = _mask(connection, batch, together, rule, circumstances or Circumstances())
        marked = _with_column(marked, f"__fails_{number}", mask)
        compiled[rule.name] = identifier(f"__fails_{number}")
        counted[rule.name] = count_of(identifier(f"__fails_{number}"))
    return Asked(marked, _all_there(compiled), _all_there(counted))


def _all_there(sql: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in sql.items() if text}


def _mask(
    connection: duckdb.DuckDBPyConnection,
    batch: Mapping[str, pa.Table],
    together: pa.Table,
    rule: Rule,
    circumstances: Circumstances,
) -> Mask:
    constraint = rule.constraint
    if isinstance(constraint, PythonCheck):
        return np.concatenate([failing_in_python(table, rule) for table in batch.values()])
    if isinstance(constraint, References):
        return unreferenced(connection, together, constraint, circumstances.keys[constraint.dataset])
    assert isinstance(constraint, Unique)
    key = [NUMBER, *rule.columns]
    is_sorted = set(rule.columns) == set(circumstances.sort_by[: len(rule.columns)])
    return repeated_sorted(together, key) if is_sorted else repeated(connection, together, key)


def _with_column(batch: Mapping[str, pa.Table], name: str, mask: Mask) -> dict[str, pa.Table]:
    ends = np.cumsum([len(table) for table in batch.values()])
    parts = np.split(mask, ends[:-1])
    return {
        partition: table.append_column(name, pa.array(part))
        for (partition, table), part in zip(batch.items(), parts, strict=True)
    }


def failing_rows(connection: duckdb.DuckDBPyConnection, asked: Asked, partition: str, rules: Sequence[str]) -> Failing:
    """The rows of a partition that break one of `rules`, which are given by their names."""
    aliases = {rule: asked.aliases[rule] for rule in rules}
    selected = ", ".join(f"coalesce({asked.broken[rule]}, false) AS {alias}" for rule, alias in aliases.items())
    is_broken = " OR ".join(aliases.values())
    table = asked.batch[partition]
    with registered(connection, rows=table.append_column(ROW, pa.array(np.arange(len(table))))):
        query = f"SELECT * FROM (SELECT {ROW}, {selected} FROM rows) WHERE {is_broken} ORDER BY {ROW}"
        found = connection.sql(query).to_arrow_table()
    return Failing(found.column(ROW), {rule: found.column(alias) for rule, alias in aliases.items()})


def split(table: pa.Table, failing: Failing) -> tuple[pa.Table, pa.Table]:
    """A partition's rows that stay, and those that leave, with the names of the rules they break in `_violations`."""
    leaves = np.zeros(len(table), dtype=bool)
    leaves[failing.rows.to_numpy()] = True
    return table.filter(pa.array(~leaves)), table.filter(pa.array(leaves)).append_column(
        VIOLATIONS, _violations(failing)
    )


def _violations(failing: Failing) -> pa.Array:
    """The rules that each row breaks, in the order in which they are declared."""
    breaks = np.column_stack([column.to_numpy() for column in failing.breaks.values()])
    offsets = np.concatenate([[0], np.cumsum(breaks.sum(axis=1))]).astype(np.int32)
    names = pa.array(list(failing.breaks), pa.string()).take(pa.array(np.nonzero(breaks)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets), names)


def sample(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, failing: Failing, rule: Rule, key: Sequence[str]
) -> pa.Table:
    """The first few rows that break `rule`: the columns of `key` first, then those the rule is about.

    A rule in Python on the whole row is about all columns.

    Args:
        connection: reads what a row expression is about.
        table: the partition.
        failing: what `failing_rows` said of it.
        rule: one of the rules it was asked for.
        key: the columns that identify a row.
    """
    about = columns_of(connection, rule, table.column_names) or table.column_names
    rows = failing.rows.filter(failing.breaks[rule.name]).slice(0, SAMPLE_ROWS)
    return table.select(list(dict.fromkeys([*key, *about]))).take(rows)
