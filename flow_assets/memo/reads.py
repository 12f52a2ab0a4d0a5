"""Which partitions of its inputs each partition reads, and what of them enters its key.

Inputs are looked at once for a dataset, not once for a partition: what an input contributes to a key is a text made
once, a window of partitions is a slice of a list, and all partitions of an input are one digest.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flow_assets.declaration import UNPARTITIONED, AllPartitions, Dataset, Lookback
from flow_assets.memo.entries import Action, PlanEntry
from flow_assets.memo.key import input_text

ALL = "*"
"""Stands for a partition in the key's text of an input of which all partitions are read."""


@dataclass
class InputState:
    """What is known of a dataset's partitions while a plan is made.

    Attributes:
        keys: every partition there may be, in order.
        contents: partition to the content hash of what is published, or will be restored.
        unsettled: partition to why the published content is not what it should be: planned as compute, wait or hold.
    """

    name: str
    keys: tuple[str, ...]
    contents: dict[str, str]
    unsettled: dict[str, PlanEntry] = field(default_factory=dict)

    def text(self, partition: str) -> str:
        """What `partition` contributes to the key of a reader."""
        return input_text(self.name, partition, self.contents.get(partition))


class Read(NamedTuple):
    """One input of one partition.

    Attributes:
        texts: what it contributes to the key.
        required: the partition that must be there, if any.
        partitions: all partitions that are read.
    """

    state: InputState
    texts: Sequence[str]
    required: str | None
    partitions: Sequence[str]

    @property
    def is_settled(self) -> bool:
        """Whether nothing of the input is to be made, and what is required is published."""
        return not self.state.unsettled and (self.required is None or self.required in self.state.contents)

    def unsettled(self) -> Iterator[tuple[str, Action]]:
        """The partitions read that are to be computed, wait or are held."""
        if self.state.unsettled:
            for partition in self.partitions:
                if partition in self.state.unsettled:
                    yield partition, self.state.unsettled[partition].action


Reader = Callable[[str], Read]


def reader(dataset: Dataset, state: InputState) -> Reader:
    """A function from a partition of `dataset` to what it reads of the input `state`."""
    mapping = dataset.ins[state.name]
    if isinstance(mapping, AllPartitions):
        everything = Read(state, (all_text(state),), None, state.keys)
        return lambda partition: everything
    if state.keys == (UNPARTITIONED,):
        whole = Read(state, (state.text(UNPARTITIONED),), UNPARTITIONED, state.keys)
        return lambda partition: whole
    if isinstance(mapping, Lookback):
        return _window_reader(mapping, state)
    return lambda partition: Read(state, (state.text(partition),), partition, (partition,))


def all_text(state: InputState) -> str:
    """What all published partitions of an input contribute to a key: one digest."""
    digest = hashlib.sha256(",".join(published(state)).encode()).hexdigest()
    return input_text(state.name, ALL, digest)


def published(state: InputState) -> list[str]:
    """The texts of all published partitions, in order."""
    return [state.text(key) for key in state.keys if key in state.contents]


def windows(dataset: Dataset, name: str, keys: Sequence[str], partitions: Sequence[str]) -> list[str]:
    """Those of `keys`, the partitions of the input `name`, that `partitions` of `dataset` read; in order."""
    mapping = dataset.ins[name]
    if isinstance(mapping, AllPartitions) or tuple(keys) == (UNPARTITIONED,):
        return list(keys)
    if not isinstance(mapping, Lookback):
        return list(partitions)
    positions = _positions(keys)
    wanted = {i for p in partitions for i in range(*_span(mapping, positions[p]))}
    return [keys[i] for i in sorted(wanted)]


def _window_reader(mapping: Lookback, state: InputState) -> Reader:
    positions = _positions(state.keys)
    texts = [state.text(key) for key in state.keys]

    def read(partition: str) -> Read:
        start, end = _span(mapping, positions[partition])
        required = partition if mapping.require_current else None
        return Read(state, texts[start:end], required, state.keys[start:end])

    return read


def _positions(keys: Sequence[str]) -> Mapping[str, int]:
    return {key: position for position, key in enumerate(keys)}


def _span(mapping: Lookback, position: int) -> tuple[int, int]:
    return max(0, position - mapping.count), position + mapping.include_current
