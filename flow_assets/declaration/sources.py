"""Files that somebody else delivers, and how to read them."""

import re
from dataclasses import dataclass
from pathlib import Path

from flow_assets.declaration.partitions import UNPARTITIONED
from flow_assets.errors import DefinitionError

FORMATS = (".csv", ".csv.gz", ".csv.bz2", ".parquet")
PLACEHOLDER = "{date}"


@dataclass(frozen=True)
class Landed:
    """A source of landed files: one for each partition, or a single one.

    Attributes:
        pattern: path below the landing folder; `{date}` stands for the partition's key.
        null_values: texts of a CSV field that mean "no value".
        allow_empty: whether a file without rows is a delivery; otherwise it is taken for a broken one.
    """

    pattern: str
    null_values: tuple[str, ...] = ("",)
    allow_empty: bool = False

    @property
    def format(self) -> str:
        """Format and compression, as a file name's ending: one of `FORMATS`."""
        return next(f for f in sorted(FORMATS, key=len, reverse=True) if self.pattern.endswith(f))

    @property
    def is_partitioned(self) -> bool:
        """Whether each partition has a file of its own."""
        return PLACEHOLDER in self.pattern

    def path(self, landing: Path, partition: str = UNPARTITIONED) -> Path:
        """Where the file of `partition` lands."""
        return landing / self.pattern.replace(PLACEHOLDER, partition)


def landed(pattern: str, *, null_values: list[str] | tuple[str, ...] = ("",), allow_empty: bool = False) -> Landed:
    """Declare a source of landed files: CSV (plain, `.gz` or `.bz2`) or Parquet.

    Args:
        pattern: path below the landing folder; `{date}` stands for the partition's key.
        null_values: texts of a CSV field that mean "no value".
        allow_empty: take a file without rows for a delivery of nothing, and not for a broken one.

    Example:
        `source=landed("flights/{date}.csv.gz", null_values=["NA"])`
    """
    if not pattern.endswith(FORMATS):
        raise DefinitionError(f"landed({pattern!r}): the file name must end in one of {', '.join(FORMATS)}.")
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise DefinitionError(f"landed({pattern!r}): give a path below the landing folder.")
    if unknown := set(re.findall(r"\{.*?\}", pattern)) - {PLACEHOLDER}:
        raise DefinitionError(
            f"landed({pattern!r}): {', '.join(sorted(unknown))} stands for nothing; write {PLACEHOLDER}."
        )
    return Landed(pattern, tuple(null_values), allow_empty)
