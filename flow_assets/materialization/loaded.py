"""Chosen rows of one version of a dataset, in the form that somebody works with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import pandas as pd
import pyarrow as pa
from duckdb import ColumnExpression, DuckDBPyConnection, DuckDBPyRelation

from flow_assets.errors import LostObjectError, MissingExtraError, SelectionError
from flow_assets.lake import DatasetVersion, ObjectStore, VersionedPartition
from flow_assets.materialization.batches import Batches
from flow_assets.materialization.condition import filter_rows, unanswerable
from flow_assets.materialization.versioned import VersionFiles

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Choice:
    """Which rows and columns of a version somebody wants.

    Attributes:
        columns: in the order wanted; all of them where None.
        where: a SQL condition on any of the version's columns.
        absent: partitions within the asked range of which the version has nothing.
    """

    partitions: tuple[VersionedPartition, ...]
    columns: tuple[str, ...] | None = None
    where: str | None = None
    absent: tuple[str, ...] = ()


class LoadedDataset:
    """Rows of one version of a dataset; every form holds the same rows in the same order, and reads them anew.

    The order is that of the partitions and, within each, the one in which its rows are stored.
    """

    def __init__(self, store: ObjectStore, version: DatasetVersion, choice: Choice, config: dict[str, Any]) -> None:
        self.dataset = version.dataset
        self._version = version
        self._choice = choice
        self._config = config
        self._files = VersionFiles(store, version, choice.partitions)
        self._columns = _required(self.dataset, choice.columns, self._files.schema.names)
        self._rows = self._count()

    @property
    def version(self) -> str:
        """Names the content of all partitions that were published; ask for it again with `load(..., version=...)`."""
        return self._version.name

    @property
    def partitions(self) -> tuple[str, ...]:
        """The keys of the partitions that were chosen, in order; `""` for a dataset without partitions."""
        return tuple(p.partition for p in self._choice.partitions)

    @property
    def absent(self) -> tuple[str, ...]:
        """Keys within the range asked for of which nothing was published."""
        return self._choice.absent

    @cached_property
    def schema(self) -> pa.Schema:
        """The chosen columns, as `arrow()` has them."""
        return pa.schema([self._files.schema.field(name) for name in self._columns])

    def __len__(self) -> int:
        """How many rows were chosen."""
        return self._rows

    def __str__(self) -> str:
        where = f" where {' '.join(self._choice.where.split())}" if self._choice.where else ""
        absent = f" ({len(self.absent)} more are not published)" if self.absent else ""
        return (
            f"{self.dataset}, version {self.version}: {_keys_text(self.partitions)}{absent}, "
            f"{len(self):,} rows{where}, {len(self._columns)} of {len(self._files.schema)} columns"
        )

    def __repr__(self) -> str:
        return f"<{self}>"

    def arrow(self) -> pa.Table:
        """All rows as one Arrow table."""
        return self._read(self._choice.partitions)

    def pandas(self, dtypes: Literal["arrow", "numpy"] = "arrow") -> pd.DataFrame:
        """All rows as a pandas frame.

        Args:
            dtypes: `arrow` keeps every column's type; `numpy` gives what most libraries for models expect: floats with
                NaN where a number is null, `datetime64` for dates and times.
        """
        options: dict[str, dict[str, Any]] = {
            "arrow": {"types_mapper": pd.ArrowDtype},
            "numpy": {"date_as_object": False},
        }
        if dtypes not in options:
            raise SelectionError(f"pandas(dtypes={dtypes!r}): there are {', '.join(options)}.")
        frame: pd.DataFrame = self.arrow().to_pandas(**options[dtypes])
        return frame

    def polars(self) -> "polars.DataFrame":
        """All rows as a polars frame.

        Raises:
            MissingExtraError: polars is not installed.
        """
        try:
            import polars
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "polars is not installed; install it with: pip install 'flow_assets[polars]'"
            ) from error
        frame = polars.from_arrow(self.arrow())
        assert isinstance(frame, polars.DataFrame)
        return frame

    def duckdb(self, connection: DuckDBPyConnection | None = None) -> DuckDBPyRelation:
        """The rows as a DuckDB relation, which reads nothing until it is used.

        Args:
            connection: on which the relation works, and whose time zone becomes UTC; one of its own by default.
        """
        return self._relation(self._choice.partitions, connection or self._connect())

    def batches(self, rows: int, shuffle_seed: int | None = None) -> Batches:
        """All rows in record batches of `rows` rows, the last one shorter; for a training loop, epoch after epoch.

        Only a few partitions are in memory at a time: as many as together have 65,536 rows, and at least one.

        Args:
            rows: size of a batch.
            shuffle_seed: shuffle the partitions, and the rows of those read together; take another seed for each epoch.
        """
        if rows < 1 or (shuffle_seed is not None and shuffle_seed < 0):
            raise SelectionError(f"batches({rows}, {shuffle_seed}): rows must be 1 or more, and a seed 0 or more.")
        return Batches(self._read, self._choice.partitions, rows, len(self), shuffle_seed)

    def _connect(self) -> DuckDBPyConnection:
        return duckdb.connect(config=self._config)

    def _read(self, partitions: Sequence[VersionedPartition]) -> pa.Table:
        with self._connect() as connection, self._explained():
            return self._relation(partitions, connection).to_arrow_table().cast(self.schema)

    def _count(self) -> int:
        if self._choice.where is None:
            return sum(p.rows for p in self._choice.partitions)
        with self._connect() as connection, self._explained():
            rows: list[tuple[int]] = self._relation(self._choice.partitions, connection).count("*").fetchall()
            return rows[0][0]

    def _relation(self, partitions: Sequence[VersionedPartition], connection: DuckDBPyConnection) -> DuckDBPyRelation:
        relation = self._files.relation(partitions, connection)
        if self._choice.where is not None:
            relation = filter_rows(relation, self._choice.where, connection)
        return relation.select(*(ColumnExpression(name) for name in self._columns))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """The files were found whole before: what DuckDB refuses is the condition, or a file that has just vanished."""
        try:
            yield
        except duckdb.Error as error:
            if self._choice.where is not None and not isinstance(error, duckdb.IOException):
                raise unanswerable(self._choice.where, error) from error
            raise LostObjectError(f"{self.dataset}, version {self.version}: cannot be read: {error}") from error


def _required(dataset: str, columns: tuple[str, ...] | None, known: list[str]) -> tuple[str, ...]:
    if columns is None:
        return tuple(known)
    if not columns or len(set(columns)) < len(columns):
        raise SelectionError(f"{dataset}: name at least one column, and each once; it has {', '.join(known)}.")
    if unknown := [name for name in columns if name not in known]:
        near = get_close_matches(unknown[0], known, n=1)
        raise SelectionError(
            f"{dataset} has no column {', '.join(unknown)}; "
            + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}.")
        )
    return columns


def _keys_text(keys: tuple[str, ...]) -> str:
    if len(keys) == 1:
        return keys[0] or "whole"
    return f"{keys[0]} .. {keys[-1]} ({len(keys)} partitions)"
