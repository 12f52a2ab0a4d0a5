"""What partitions are checked beside: what their rows refer to, and the partitions that come before them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from flow_assets.checks import Keys, Past, PastPartition
from flow_assets.checks.distributions import distributions
from flow_assets.checks.drift import ColumnDistribution
from flow_assets.checks.partition_rules import Needs
from flow_assets.checks.states import decode, is_readable
from flow_assets.errors import LostObjectError
from flow_assets.lake import Blob
from flow_assets.ledger import Holdings
from flow_assets.memo.key import Recipe
from flow_assets.memo.planner import Planner
from flow_assets.memo.review import Referred


class Surroundings:
    """Reads what one dataset's partitions are checked beside, as it is published now."""

    def __init__(self, recipe: Recipe, planner: Planner, holdings: Holdings) -> None:
        self._dataset = recipe.dataset
        self._book = recipe.book
        self._planner = planner
        self._holdings = holdings

    def referred(self) -> Referred:
        """What the rules refer to now, as a text a partition."""
        return Referred(self._dataset, self._book, self._planner.state)

    def keys(self, partitions: Iterable[str], referred: Referred) -> Keys:
        """What rows may refer to; a dataset whose partitions are others is read once.

        Raises:
            LostObjectError: a file of what is referred to is missing or damaged.
        """
        keys: dict[str, dict[str, pa.Table]] = {name: {} for name in self._book.referred}
        read: dict[tuple[str, tuple[str, ...]], pa.Table] = {}
        for partition in partitions if keys else ():
            for name, there in referred.partitions(partition).items():
                if (name, there) not in read:
                    read[name, there] = self._read(name, there)
                keys[name][partition] = read[name, there]
        return keys

    def past(self, needs: Needs, partitions: Sequence[str]) -> Past:
        """What is kept of the published partitions that come before `partitions`, which are in order."""
        count = needs.past
        if not count:
            return Past()
        held, order = self._planner.held(self._dataset.name), self._planner.state(self._dataset.name).keys
        first, last = order.index(partitions[0]), order.index(partitions[-1])
        before = [key for key in order[:first] if key in held][-count:]
        near = [*before, *(key for key in order[first:last] if key in held)]
        known = self._distributions(near, needs.columns)
        return Past(order, {key: PastPartition(key, held[key].rows, known.get(key, {})) for key in near})

    def _distributions(
        self, partitions: Sequence[str], columns: Sequence[str]
    ) -> dict[str, dict[str, ColumnDistribution]]:
        if not (partitions and columns):
            return {}
        found = self._holdings.states.current(self._dataset.name, partitions)
        stored = {key: states for key, states in found.items() if is_readable(states)}
        decoded = decode(list(stored.values()))
        return dict(zip(stored, distributions(decoded, columns), strict=True)) if stored else {}

    def _read(self, name: str, partitions: Sequence[str]) -> pa.Table:
        columns = list(self._book.keys_of(name))
        declared = self._planner.graph.get(name).schema.arrow_schema()
        # A column may hold nulls against its declaration, where that is only warned of.
        wanted = pa.schema([declared.field(column).with_nullable(True) for column in columns])
        held = self._planner.held(name)
        tables = [wanted.empty_table()]
        for partition in partitions:
            blobs = (Blob.parse(reference) for reference in held[partition].references)
            paths = [self._planner.store.local_path(blob.hash) for blob in blobs]
            try:
                tables += [_columns(path, wanted) for path in paths]
            except (OSError, pa.ArrowException) as error:
                if not self._planner.find_damaged(name, [partition]):
                    raise
                which = " ".join(filter(None, (name, partition)))
                raise LostObjectError(
                    f"{self._dataset.name}: files of {which}, to which its rules refer, are missing or damaged. "
                    "Run again."
                ) from error
        return pa.concat_tables(tables)


def _columns(path: Path, wanted: pa.Schema) -> pa.Table:
    """Some columns of a file; one that it lacks is null. Where it has them all, in a third of the time."""
    with pa.parquet.ParquetFile(path) as file:
        if set(wanted.names) <= set(file.schema_arrow.names):
            return file.read(columns=wanted.names, use_threads=False).select(wanted.names).cast(wanted)
    return pa.parquet.read_table(path, schema=wanted)
