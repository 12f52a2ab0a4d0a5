"""Calls a dataset's function for one partition, or for many at once, and takes the result apart."""

import hashlib
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from flow_assets.checks import conform, repeats_previous
from flow_assets.declaration import Dataset, Landed, PartitionContext
from flow_assets.engines import FrameLoader, arrow_of, read_landed
from flow_assets.errors import (
    AuditError,
    ComputeError,
    FlowError,
    LandedFileError,
    LostObjectError,
    SchemaMismatchError,
)
from flow_assets.lake import Blob
from flow_assets.ledger import Holding
from flow_assets.materialization.meter import Meter, Volume
from flow_assets.materialization.stopwatch import Phase
from flow_assets.memo.content import content_hash
from flow_assets.memo.planner import Planner
from flow_assets.memo.reads import windows

OUTSIDE_CAUSES = (OSError, MemoryError, duckdb.IOException, duckdb.OutOfMemoryException)
"""Errors that say nothing about data or code: what failed by them is tried again."""

INTERRUPTED = "Query interrupted"
"""What DuckDB makes of a signal's exception, whichever it is, that comes during a query: a plain RuntimeError."""


class Computer:
    """Computes partitions of one dataset from what is published of its inputs."""

    def __init__(self, meter: Meter, planner: Planner, loader: FrameLoader) -> None:
        self._recipe = meter.recipe
        self._dataset = meter.recipe.dataset
        self._timing = meter.stopwatch.timing
        self._planner = planner
        self._loader = loader

    def compute_landed(self, data: bytes, place: str, partition: str) -> pa.Table:
        """The rows of `partition` from the bytes of its landed file.

        Raises:
            LandedFileError: the file is not what the dataset declares.
        """
        source, (parameter, kind) = self._dataset.source, next(iter(self._dataset.frames.items()))
        assert source is not None
        lines = self._read(data, source, place)
        try:
            with self._timing(Phase.SCAN):
                frame = self._loader.load_table(kind, lines)
            table = self._call({parameter: frame}, [partition])
            return self._require_own(table, partition)
        except SchemaMismatchError as error:
            raise LandedFileError(f"{place}: {error} Land a file that fits.") from error
        except LandedFileError as error:
            raise LandedFileError(f"{place}: {error}") from error
        except ComputeError as error:
            raise ComputeError(f"{error} (It read {place}: land a file that fits, or mend the function.)") from error

    def _read(self, data: bytes, source: Landed, place: str) -> pa.Table:
        """The lines of a landed file; whatever its bytes do to a parser, it is this file's failure alone."""
        try:
            with self._timing(Phase.SCAN):
                return read_landed(data, source, place, self._dataset.schema.columns())
        except (FlowError, *OUTSIDE_CAUSES):
            raise
        except Exception as error:
            raise LandedFileError(
                f"{place} cannot be read ({type(error).__name__}: {error}). Land it again."
            ) from error

    def compute_one(self, partition: str) -> pa.Table:
        """The rows of `partition`, from its own inputs alone."""
        table = self._compute([partition])
        if self._dataset.set_based:
            table = self._split(table, [partition])[partition]
        return self._require_own(table, partition)

    def compute_many(self, partitions: Sequence[str]) -> dict[str, pa.Table]:
        """The rows of several partitions of a set-based dataset, in one call that is audited.

        Raises:
            AuditError: one of the partitions comes out differently when it is computed alone.
        """
        table = self._compute(partitions)
        with self._timing(Phase.SORT):
            tables = self._split(table, partitions)
        if len(partitions) > 1:
            self._audit(tables, partitions)
        return tables

    def volume(self, partitions: Sequence[str]) -> Volume:
        """How much computing `partitions` reads of its inputs."""
        inputs = [holding for _, _, holding in self._inputs(partitions)]
        return Volume(sum(h.rows for h in inputs), sum(h.bytes for h in inputs))

    def _compute(self, partitions: Sequence[str]) -> pa.Table:
        """Call the function; if that fails because of a damaged input, it is the input that is to blame.

        Raises:
            LostObjectError: a file of an input is missing or damaged; it was set aside.
        """
        with self._timing(Phase.SCAN):
            self._require_whole(partitions, self._planner.find_lost)
        try:
            with self._timing(Phase.SCAN):
                frames = self._frames(partitions)
            return self._call(frames, partitions)
        except (ComputeError, duckdb.Error, pa.ArrowException, OSError) as error:
            self._require_whole(partitions, self._planner.find_damaged)
            if isinstance(error, (ComputeError, *OUTSIDE_CAUSES)):
                raise
            raise ComputeError(f"{self._dataset.name}: {_described(error, self._dataset)}") from error

    def _require_whole(self, partitions: Sequence[str], find: Callable[[str, Sequence[str]], set[str]]) -> None:
        read: dict[str, list[str]] = {}
        for name, partition, _ in self._inputs(partitions):
            read.setdefault(name, []).append(partition)
        lost = [(name, partition) for name, keys in read.items() for partition in sorted(find(name, keys))]
        if lost:
            names = ", ".join(" ".join(filter(None, which)) for which in lost)
            raise LostObjectError(
                f"{self._dataset.name}: files of its input are missing or damaged: {names}. Run again."
            )

    def _call(self, frames: Mapping[str, Any], partitions: Sequence[str]) -> pa.Table:
        dataset, arguments = self._dataset, dict(frames)
        if dataset.config:
            arguments[dataset.config[0]] = self._recipe.config
        if dataset.context:
            arguments[dataset.context] = PartitionContext.of(dataset.partitions, partitions)
        try:
            with interruptible(), self._timing(Phase.COMPUTE):
                table = arrow_of(dataset.function(**arguments), dataset.name)
        except (FlowError, *OUTSIDE_CAUSES):
            raise
        except Exception as error:
            raise ComputeError(f"{dataset.name}: {_described(error, dataset)}") from error
        with self._timing(Phase.SORT):
            return conform(table, dataset, order_of(dataset))

    def _frames(self, partitions: Sequence[str]) -> dict[str, Any]:
        paths: dict[str, list[Path]] = {name: [] for name in self._dataset.ins}
        for name, _, holding in self._inputs(partitions):
            paths[name].extend(self._planner.store.local_path(Blob.parse(blob).hash) for blob in holding.references)
        return {
            name: self._loader.load_files(
                self._dataset.frames[name], paths[name], self._planner.graph.get(name).schema.arrow_schema()
            )
            for name in self._dataset.frames
        }

    def _inputs(self, partitions: Sequence[str]) -> Iterator[tuple[str, str, Holding]]:
        for name in self._dataset.ins:
            held = self._planner.held(name)
            for partition in windows(self._dataset, name, self._planner.state(name).keys, partitions):
                if partition in held:
                    yield name, partition, held[partition]

    def _require_own(self, table: pa.Table, partition: str) -> pa.Table:
        """Rows of other partitions are refused; what else they must be is checked later, by rules."""
        column = self._dataset.partition_column
        if column and not self._dataset.set_based:
            values = table.column(column)
            strangers = set(self._keys_in(values.drop_null())) - {partition}
            problems = [f"column {column} holds {s!r} in partition {partition}" for s in sorted(strangers)]
            if values.null_count:
                problems.append(f"column {column} must not be null, but {values.null_count} of {len(values)} rows are")
            if problems:
                raise SchemaMismatchError(f"{self._dataset.name} {partition}: {'; '.join(problems)}.")
        return table

    def _split(self, table: pa.Table, partitions: Sequence[str]) -> dict[str, pa.Table]:
        """Take a table sorted by the partition column apart; rows of partitions that were not asked for are dropped."""
        column = table.column(self._dataset.partition_column or "")
        if column.null_count:
            raise SchemaMismatchError(
                f"{self._dataset.name}: column {self._dataset.partition_column} must not be null, but "
                f"{column.null_count} of {len(column)} rows are, so they belong to no partition."
            )
        keys = self._keys_in(column)
        declared = set(self._planner.state(self._dataset.name).keys)
        if undeclared := sorted(set(keys) - declared):
            raise SchemaMismatchError(
                f"{self._dataset.name}: column {self._dataset.partition_column} holds {undeclared[0]!r}, which no "
                "partition declares; add it to the partitions."
            )
        tables = dict.fromkeys(partitions, table.slice(0, 0))
        for key, (start, length) in keys.items():
            if key in tables:
                tables[key] = table.slice(start, length)
        return tables

    def _keys_in(self, column: pa.ChunkedArray) -> dict[str, tuple[int, int]]:
        """Partition key to first row and number of rows in the partition column, whose equal values stand together."""
        partitions = self._dataset.partitions
        assert partitions is not None
        return {partitions.key_of(value): (start, length) for value, start, length in _spans(column)}

    def _audit(self, tables: Mapping[str, pa.Table], partitions: Sequence[str]) -> None:
        """Recompute one partition alone; which one changes with the call, but not with its repetition."""
        digest = hashlib.sha256(",".join(partitions).encode()).digest()
        later = partitions[len(partitions) // 2 :]  # where a query that looks back too far finds most
        partition = later[int.from_bytes(digest[:8], "big") % len(later)]
        alone, together = self.compute_one(partition), tables[partition]
        if repeats_previous(together, self._dataset.sort_by).any():  # then nothing says which row comes first
            alone, together = _in_full_order(alone), _in_full_order(together)
        with self._timing(Phase.HASH):
            is_same = content_hash(alone) == content_hash(together)
        if not is_same:
            raise AuditError(
                f"{self._dataset.name} is declared set_based, but partition {partition} differs when it is computed "
                f"alone: {_first_difference(alone, together)}. Let its query use only the partition's own "
                "window, or leave set_based out."
            )


@contextmanager
def interruptible() -> Iterator[None]:
    """Makes a signal's exception that came during a query of DuckDB's what it was.

    Raises:
        KeyboardInterrupt: somebody wants the process to end.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, duckdb.InterruptException) or str(error) == INTERRUPTED:
            raise KeyboardInterrupt from error
        raise


def order_of(dataset: Dataset) -> tuple[str, ...]:
    """The columns a result is sorted by: the rows of a partition stand together, in the order of `sort_by`."""
    first = (dataset.partition_column,) if dataset.set_based and dataset.partition_column else ()
    return tuple(dict.fromkeys((*first, *dataset.sort_by)))


def _spans(column: pa.ChunkedArray) -> list[tuple[Any, int, int]]:
    """Value, first row and number of rows, for a column in which equal values stand together."""
    if not len(column):
        return []
    codes = column.combine_chunks().dictionary_encode()
    if isinstance(codes, pa.ChunkedArray):
        codes = codes.combine_chunks()
    numbers = codes.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    lengths = np.diff(np.append(starts, len(numbers)))
    values = codes.dictionary.to_pylist()
    return [
        (values[numbers[start]] if numbers[start] >= 0 else None, int(start), int(length))
        for start, length in zip(starts, lengths, strict=True)
    ]


def _in_full_order(table: pa.Table) -> pa.Table:
    """The rows in an order that only their values give."""
    return table.sort_by([(name, "ascending") for name in table.column_names])


def _first_difference(alone: pa.Table, together: pa.Table) -> str:
    for row in range(min(len(alone), len(together))):
        left, right = alone.slice(row, 1).to_pylist()[0], together.slice(row, 1).to_pylist()[0]
        names = [name for name in left if not _is_same(left[name], right[name])]
        if names:
            return f"row {row + 1}, " + ", ".join(f"{n} is {left[n]!r} alone and {right[n]!r} together" for n in names)
    return f"{len(alone)} rows alone and {len(together)} together"


def _is_same(left: Any, right: Any) -> bool:
    return bool(left == right or (left != left and right != right))  # NaN differs from itself


def _described(error: Exception, dataset: Dataset) -> str:
    file = dataset.location.rpartition(":")[0]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f" at {file}:{lines[-1]}" if lines else ""
    return f"{type(error).__name__}{where}: {str(error).strip() or 'no message'}"
