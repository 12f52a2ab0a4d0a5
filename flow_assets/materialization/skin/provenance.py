"""What a materialization was made from, told in the tags by which Dagster itself finds out what is stale.

Of an input without partitions Dagster compares the data version. Of one with partitions it asks which events were
stored after a pointer, and whether the version changed with them; so one pointer does for all partitions of an input.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

import dagster as dg

from flow_assets.declaration import UNPARTITIONED, AllPartitions, Dataset, Lookback, partition_keys
from flow_assets.memo.planner import Planner
from flow_assets.memo.reads import windows

_VERSION = "dagster/input_data_version/"
_POINTER = "dagster/input_event_pointer/"
_NO_EVENT = "NULL"
_NEVER = str(2**62)
"""A pointer after which no event is ever stored."""


class Provenance:
    """The inputs of one dataset as they are now: make it after their events are stored, before they are read."""

    def __init__(self, dataset: Dataset, planner: Planner, instance: dg.DagsterInstance) -> None:
        self._dataset = dataset
        self._contents = {name: planner.state(name).contents for name in dataset.ins}
        self._keys = {name: partition_keys(planner.graph.get(name).partitions) for name in dataset.ins}
        self._pointers = _latest_events(dataset.ins, instance)
        for name, mapping in dataset.ins.items():  # what Dagster takes for its input, the same partition, is not read
            if isinstance(mapping, Lookback) and not mapping.include_current:
                self._pointers[name] = _NEVER
        self._of_all: dict[str, str] = {}

    def tags(self, partition: str) -> dict[str, str]:
        """The tags of the materialization of `partition`."""
        versions = {_VERSION + name: self._version(name, partition) for name in self._dataset.ins}
        return {**versions, **{_POINTER + name: pointer for name, pointer in self._pointers.items()}}

    def _version(self, name: str, partition: str) -> str:
        """The input's content; where several partitions are read, a hash of theirs."""
        contents, mapping = self._contents[name], self._dataset.ins[name]
        if tuple(self._keys[name]) == (UNPARTITIONED,):
            return contents.get(UNPARTITIONED, "")
        if isinstance(mapping, AllPartitions):
            if name not in self._of_all:
                self._of_all[name] = _together(contents, self._keys[name])
            return self._of_all[name]
        if isinstance(mapping, Lookback):
            return _together(contents, windows(self._dataset, name, self._keys[name], [partition]))
        return contents.get(partition, "")


def _together(contents: Mapping[str, str], keys: Iterable[str]) -> str:
    return sha256("".join(f"{key} {contents.get(key, '')}\n" for key in keys).encode()).hexdigest()


def _latest_events(names: Iterable[str], instance: dg.DagsterInstance) -> dict[str, str]:
    pointers = dict.fromkeys(names, _NO_EVENT)
    for record in instance.get_asset_records([dg.AssetKey(name) for name in pointers]) if pointers else ():
        if latest := record.asset_entry.last_materialization_storage_id:
            pointers[record.asset_entry.asset_key.to_user_string()] = str(latest)
    return pointers
