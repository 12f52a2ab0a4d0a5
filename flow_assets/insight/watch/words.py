"""What findings say alike: partitions as a span, names, titles, and errors that differ only in their numbers."""

import re
from collections.abc import Sequence

from flow_assets.settings import Settings

_LISTED = 3
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{8,}\b|\d+")
_LONGEST_TITLE = 240
_LONGEST_WORD = 80


def span(partitions: Sequence[str]) -> str:
    """Partitions, in order: each of a few, else the first and the last; empty for a dataset that has none."""
    if len(partitions) <= _LISTED:
        return ", ".join(partitions)
    return f"{partitions[0]} .. {partitions[-1]} ({len(partitions)} partitions)"


def named(dataset: str, partitions: Sequence[str]) -> str:
    """A dataset with its partitions as a span: `readings 2024-03-01`."""
    return f"{dataset} {span(partitions)}".rstrip()


def listed(texts: Sequence[str], most: int = _LISTED, between: str = ", ") -> str:
    """The first few, and how many more there are: `a, b, c and 2 more`."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return between.join(texts[:most]) + more


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 run`, `3 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def alike(line: str, partition: str = "") -> str:
    """What a line has in common with those that differ from it in numbers and in the partition they are about."""
    return _NUMBER.sub("#", line.replace(partition, "*") if partition else line)


def titled(text: str, longest: int = _LONGEST_TITLE) -> str:
    """A title on one line, and not too long for a channel."""
    return shortened(one_line(text), longest)


def one_line(text: str) -> str:
    """In one line, and without characters that cannot be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shortened(text: str, longest: int) -> str:
    """At most so many characters, cut between words; three dots stand for what is left out.

    Only a word of more than 80 characters, which is no name, is cut itself.
    """
    if len(text) <= longest:
        return text
    kept = text[: longest - 3]
    end = max(kept.rfind(" "), kept.rfind("\n"))
    if end > max(0, len(kept) - _LONGEST_WORD) and not text[len(kept)].isspace():
        kept = kept[:end]
    return f"{kept.rstrip(' ,;:' + chr(10))}..."


def without_folders(text: str, settings: Settings) -> str:
    """Paths of landed files told from the landing folder, others of the deployment from the data folder."""
    for folder in (settings.landing, settings.root):
        text = re.sub(rf"(?<![\w./-]){re.escape(str(folder))}/", "", text)
    return text


def paragraph(*lines: str) -> str:
    """A sentence a line, without empty ones."""
    return "\n".join(filter(None, lines))
