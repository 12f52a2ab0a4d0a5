"""The kinds of frame a function may take and return, and the way to and from each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from flow_assets.declaration import Frame
from flow_assets.errors import ComputeError

FRAMES_VERSION = 1
"""Raise it when the same files would become other frames, or the same frame another table."""


class FrameLoader:
    """Turns stored partitions and tables into frames on one DuckDB connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute("SET TimeZone = 'UTC'")

    def load_files(self, kind: Frame, paths: Sequence[Path], schema: pa.Schema) -> Any:
        """The rows of Parquet files as one frame; DuckDB relations read nothing until they are used.

        Args:
            kind: the frame wanted.
            paths: files of partitions, in order; none gives an empty frame.
            schema: the columns of the frame. One that a file lacks, because it was written before the column was
                declared, is null there.
        """
        if kind is Frame.DUCKDB and paths:
            return self._relation([str(path) for path in paths], schema)
        tables = [pa.parquet.read_table(path, schema=schema) for path in paths]
        return self.load_table(kind, pa.concat_tables(tables) if tables else empty_table(schema))

    def _relation(self, paths: list[str], schema: pa.Schema) -> duckdb.DuckDBPyRelation:
        declared = self._connection.from_arrow(empty_table(schema))
        relation = self._connection.read_parquet(paths, union_by_name=len(paths) > 1)
        if relation.columns == declared.columns and relation.types == declared.types:
            return relation
        columns = zip(declared.columns, declared.types, strict=True)
        return relation.project(", ".join(_column(name, kind, relation.columns) for name, kind in columns))

    def load_table(self, kind: Frame, table: pa.Table) -> Any:
        """An Arrow table as a frame of another kind; pandas frames keep the Arrow types."""
        if kind is Frame.DUCKDB:
            return self._connection.from_arrow(table)
        return table.to_pandas(types_mapper=pd.ArrowDtype) if kind is Frame.PANDAS else table


def _column(name: str, kind: Any, present: Sequence[str]) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"{quoted if name in present else 'NULL'}::{kind} AS {quoted}"


def arrow_of(frame: Any, dataset: str) -> pa.Table:
    """What a dataset's function returned, as an Arrow table.

    Raises:
        ComputeError: it is no frame.
    """
    if isinstance(frame, duckdb.DuckDBPyRelation):
        return frame.to_arrow_table()
    if isinstance(frame, pd.DataFrame):
        return pa.Table.from_pandas(frame, preserve_index=False)
    if isinstance(frame, pa.Table):
        return frame
    raise ComputeError(f"{dataset}: its function returned {type(frame).__name__}; return one of {', '.join(Frame)}.")


def empty_table(schema: pa.Schema) -> pa.Table:
    """A table of no rows."""
    return schema.empty_table()
