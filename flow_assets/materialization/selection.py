"""What a command is about: the datasets and partitions that somebody asked for."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from flow_assets.declaration import Dataset, DatasetGraph, partition_keys
from flow_assets.errors import SelectionError


def select(
    graph: DatasetGraph, names: Collection[str] = (), partitions: str | None = None
) -> dict[str, tuple[str, ...]]:
    """The named datasets and what they read, in topological order, each with its partitions.

    Args:
        graph: all datasets.
        names: datasets; all of them where none is named.
        partitions: `A..B` or a single key: bounds every dataset that has these keys. Datasets without partitions stay;
            datasets with other partitions are left out.

    Raises:
        SelectionError: a dataset or a partition does not exist.
    """
    chosen, asked = graph.select(names), set(names)
    if partitions is None:
        return {dataset.name: partition_keys(dataset.partitions) for dataset in chosen}
    first, _, last = partitions.partition("..")
    bounded = {dataset.name: _between(dataset, first, last or first) for dataset in chosen}
    lacking = [graph.get(name) for name in asked if not bounded[name]]
    if lacking or not any(keys and graph.get(name).partitions for name, keys in bounded.items()):
        which = ", ".join(sorted(dataset.name for dataset in lacking)) + " has" if lacking else "no dataset has"
        ranges = {f"{k[0]}..{k[-1]}" for d in lacking or chosen if d.partitions and (k := partition_keys(d.partitions))}
        raise SelectionError(
            f"--partitions {partitions}: {which} {'no such partitions' if lacking else 'them'}; "
            f"there are {', '.join(sorted(ranges)) or 'none'}."
        )
    return {name: keys for name, keys in bounded.items() if keys}


def _between(dataset: Dataset, first: str, last: str) -> tuple[str, ...]:
    keys = partition_keys(dataset.partitions)
    return keys if dataset.partitions is None else keys_between(keys, first, last)


def keys_between(keys: tuple[str, ...], first: str, last: str) -> tuple[str, ...]:
    """Those of `keys` from `first` to `last`; none where one of the two is not among them.

    Raises:
        SelectionError: `first` comes after `last`.
    """
    if first not in keys or last not in keys:
        return ()
    start, end = keys.index(first), keys.index(last)
    if start > end:
        raise SelectionError(f"partitions {first}..{last}: {first} comes after {last}; turn them round.")
    return keys[start : end + 1]


def choose_keys(name: str, keys: tuple[str, ...], partitions: str | Sequence[str]) -> tuple[str, ...]:
    """Those of a dataset's `keys` that somebody asks for, in order.

    Args:
        name: the dataset's.
        keys: all it has.
        partitions: `A..B`, a single key, or a list of keys.

    Raises:
        SelectionError: one of them does not exist; the message suggests the nearest.
    """
    ends = partitions.split("..", 1) if isinstance(partitions, str) else list(partitions)
    unknown = [key for key in ends if key not in keys]
    if unknown or not ends:
        near = get_close_matches(unknown[0], keys, n=1) if unknown else []
        there = f"did you mean {near[0]!r}?" if near else f"there are {keys[0]}..{keys[-1]}."
        raise SelectionError(f"{name} has no partition {', '.join(unknown)}; {there}")
    if isinstance(partitions, str):
        return keys_between(keys, ends[0], ends[-1])
    return tuple(key for key in keys if key in set(ends))
