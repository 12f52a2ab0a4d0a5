"""What the published partitions of a dataset were at one time, so that the same rows can be asked for again."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from flow_assets.errors import StoreError
from flow_assets.lake.records import canonical_json

VERSION_FORMAT_VERSION = 1

NAME_DIGITS = 12


@dataclass(frozen=True, slots=True)
class VersionedPartition:
    """One partition of a version.

    Attributes:
        files: hash and size of each Parquet blob, in order.
    """

    partition: str
    rows: int
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class DatasetVersion:
    """The files of every published partition of a dataset, in the order of the partitions.

    Equal files make equal versions, whoever published them and when.
    """

    dataset: str
    partitions: tuple[VersionedPartition, ...]

    @cached_property
    def digest(self) -> str:
        """Hash of the version, under which the store keeps it."""
        return sha256(self.to_json()).hexdigest()

    @property
    def name(self) -> str:
        """The first digits of the digest, as people are shown it."""
        return self.digest[:NAME_DIGITS]

    def to_json(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, the format's version."""
        partitions = [{"partition": p.partition, "rows": p.rows, "files": p.files} for p in self.partitions]
        return canonical_json(
            {"format_version": VERSION_FORMAT_VERSION, "dataset": self.dataset, "partitions": partitions}
        )

    @classmethod
    def from_json(cls, data: bytes, digest: str) -> "DatasetVersion":
        """The version that `to_json` wrote.

        Raises:
            StoreError: `data` is not what the digest was made of.
        """
        try:
            if sha256(data).hexdigest() != digest:
                raise ValueError("its bytes do not match its hash")
            fields = json.loads(data)
            if fields["format_version"] != VERSION_FORMAT_VERSION:
                raise ValueError(f"its format version is {fields['format_version']!r}, not {VERSION_FORMAT_VERSION}")
            return cls(fields["dataset"], tuple(_partition(p) for p in fields["partitions"]))
        except (ValueError, TypeError, KeyError) as error:
            raise StoreError(
                f"The version {digest[:NAME_DIGITS]} cannot be read ({error}); if it is what is published now, "
                "loading it without `version` writes it again."
            ) from error


def _partition(fields: Any) -> VersionedPartition:
    return VersionedPartition(fields["partition"], fields["rows"], tuple((h, size) for h, size in fields["files"]))
