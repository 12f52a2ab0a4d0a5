"""The files of a dataset's version: that they are there and whole, their columns, and their rows through DuckDB."""

from collections.abc import Sequence
from functools import reduce

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flow_assets.declaration import Frame
from flow_assets.engines import FrameLoader
from flow_assets.errors import LostObjectError, SchemaMismatchError
from flow_assets.lake import DatasetVersion, ObjectStore, VersionedPartition

_NAMED_PARTITIONS = 10


class VersionFiles:
    """The files of some partitions of one version; each is compared with its hash before its rows are first read.

    Attributes:
        schema: the columns; one that some of the partitions lack is null there.
    """

    def __init__(self, store: ObjectStore, version: DatasetVersion, partitions: Sequence[VersionedPartition]) -> None:
        """Look at the files.

        Raises:
            LostObjectError: files are missing or unreadable.
            SchemaMismatchError: a column's types in several partitions have no type in common.
        """
        self._store = store
        self._version = version
        self._verified: set[str] = set()
        self._require([p.partition for p in partitions if not self._is_present(p)], "missing")
        schemas = self._schemas(partitions)
        self._are_alike = len(schemas) == 1
        try:
            self.schema = reduce(_merged, schemas)
        except pa.ArrowException as error:
            raise SchemaMismatchError(
                f"{version.dataset}: a column has types that do not go together ({error}); run `flow run "
                f"{version.dataset}`, or load partitions that were computed alike."
            ) from error

    def relation(
        self, partitions: Sequence[VersionedPartition], connection: duckdb.DuckDBPyConnection
    ) -> duckdb.DuckDBPyRelation:
        """The rows of some partitions, lazily; partition after partition, each in its stored order.

        Raises:
            LostObjectError: a file is missing or not what the version names.
        """
        self._require([p.partition for p in partitions if not self._is_whole(p)], "missing or damaged")
        paths = [self._store.local_path(name) for p in partitions for name, _ in p.files]
        loader = FrameLoader(connection)
        if self._are_alike:  # else DuckDB opens every file anew for each step of the query
            return connection.read_parquet([str(path) for path in paths])
        relation: duckdb.DuckDBPyRelation = loader.load_files(Frame.DUCKDB, paths, self.schema)
        return relation

    def _schemas(self, partitions: Sequence[VersionedPartition]) -> list[pa.Schema]:
        found: dict[pa.Schema, None] = {}
        unreadable = []
        for partition in partitions:
            try:
                schema = pq.read_schema(self._store.local_path(partition.files[0][0]))
                found[schema.remove_metadata()] = None
            except (OSError, pa.ArrowException):
                unreadable.append(partition.partition)
        self._require(unreadable, "damaged")
        return list(found)

    def _is_present(self, partition: VersionedPartition) -> bool:
        return all(self._store.local_path(name).exists() for name, _ in partition.files)

    def _is_whole(self, partition: VersionedPartition) -> bool:
        try:
            for name, size in partition.files:
                if name not in self._verified:
                    self._store.verify_blob(name, size)
                    self._verified.add(name)
        except LostObjectError:
            return False
        return True

    def _require(self, lost: Sequence[str], how: str) -> None:
        if lost:
            more = f" and {len(lost) - _NAMED_PARTITIONS} more" if len(lost) > _NAMED_PARTITIONS else ""
            named = ", ".join(lost[:_NAMED_PARTITIONS]) + more
            which = f"files are {how} of {named}" if named else f"its file is {how}"
            raise LostObjectError(
                f"{self._version.dataset}, version {self._version.name}: {which}. If that version is what is published "
                f"now, `flow run {self._version.dataset}` computes them again; otherwise load another version, or "
                f"restore {self._store.location} from a copy."
            )


def _merged(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    common = set(one.names) & set(other.names)
    merged = pa.unify_schemas([one, other], promote_options="permissive")
    return pa.schema([f if f.name in common else f.with_nullable(True) for f in merged])
