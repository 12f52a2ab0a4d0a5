"""What findings say alike: partitions, names, and errors that differ only in their numbers."""

import re
from collections.abc import Sequence

from flow_assets.settings import Settings

_FEW = 3
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{8,}\b|\d+")


def partitions_text(partitions: Sequence[str]) -> str:
    """Partitions, in order: each of a few, else the first and the last; empty for a dataset that has none."""
    if len(partitions) <= _FEW:
        return ", ".join(partitions)
    return f"{partitions[0]} .. {partitions[-1]} ({len(partitions)} partitions)"


def named(dataset: str, partitions: Sequence[str]) -> str:
    """A dataset with its partitions: `readings 2024-03-01`."""
    return f"{dataset} {partitions_text(partitions)}".rstrip()


def alike(line: str, partition: str = "") -> str:
    """What a line has in common with those that differ from it in numbers and in the partition they are about."""
    return _NUMBER.sub("#", line.replace(partition, "*") if partition else line)


def without_folders(text: str, settings: Settings) -> str:
    """Paths of landed files told from the landing folder, others of the deployment from the data folder."""
    for folder in (settings.landing, settings.root):
        text = re.sub(rf"(?<![\w./-]){re.escape(str(folder))}/", "", text)
    return text


def paragraph(*lines: str) -> str:
    """A sentence a line, without empty ones."""
    return "\n".join(filter(None, lines))
