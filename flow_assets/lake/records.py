"""What is remembered of one computed partition, as it is written to the store."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flow_assets.errors import StoreError

RECORD_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class BucketSpan:
    """One row group of a partition's file, and the bucket whose rows it holds.

    Attributes:
        row_group: number of the row group in the file, from 0.
    """

    bucket: int
    row_group: int
    rows: int


@dataclass(frozen=True, slots=True)
class PartitionFile:
    """One Parquet blob of a partition.

    Attributes:
        hash: sha256 of the bytes, the blob's name.
        size: bytes.
        buckets: where each bucket lies, in the order of the row groups; empty for a dataset without buckets.
    """

    hash: str
    size: int
    rows: int
    buckets: tuple[BucketSpan, ...]


@dataclass(frozen=True)
class Record:
    """That a partition was computed for a key, where its rows lie, and why the key is what it is.

    Attributes:
        schema: each column's name, Arrow type as text, and whether it may be null.
        components: what the key was made of; JSON values.
        producer: who computed it: run id, seconds, nothing of the host; JSON values.
        preview: its first rows in Markdown, for people to look at; empty in records written before there was one.
        checks: how each rule fared when it was written; JSON values, empty in records from before there were rules.
        states: of its columns' profile, encoded, in base64.
        quarantine: the file of rows that left it because of a rule; at most one.
    """

    key: str
    dataset: str
    partition: str
    content_hash: str
    rows: int
    files: tuple[PartitionFile, ...]
    schema: tuple[tuple[str, str, bool], ...]
    components: dict[str, Any]
    producer: dict[str, Any]
    preview: str = ""
    checks: dict[str, Any] = field(default_factory=dict)
    states: str = ""
    quarantine: tuple[PartitionFile, ...] = ()

    def to_json(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, the format's version.

        Raises:
            StoreError: `components` or `producer` holds something that is no JSON value.
        """
        try:
            files = {"files": _files(self.files), "quarantine": _files(self.quarantine)}
            return canonical_json({"format_version": RECORD_FORMAT_VERSION, **vars(self), **files})
        except (TypeError, ValueError) as error:
            raise StoreError(
                f"The record {self.key} of {self.dataset} {self.partition} cannot be written as JSON ({error}); "
                "put only JSON values into its components and producer."
            ) from error

    @classmethod
    def from_json(cls, data: bytes) -> "Record":
        """The record that `to_json` wrote.

        Raises:
            StoreError: `data` is no record of this format version.
        """
        try:
            fields = json.loads(data)
            version = fields.pop("format_version")
            if version != RECORD_FORMAT_VERSION:
                raise ValueError(f"its format version is {version!r}, not {RECORD_FORMAT_VERSION}")
            fields["files"] = tuple(_file(f) for f in _typed(fields["files"], list))
            fields["quarantine"] = tuple(_file(f) for f in _typed(fields.get("quarantine", []), list))
            fields["schema"] = tuple(_column(*c) for c in _typed(fields["schema"], list))
            return cls(**{name: _typed(value, _FIELD_TYPES[name]) for name, value in fields.items()})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"This is no record that can be read ({type(error).__name__}: {error}); delete it to recompute."
            ) from error


def canonical_json(value: Any) -> bytes:
    """The one way the store writes JSON; raises ValueError or TypeError for what is no JSON value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


_FIELD_TYPES: dict[str, Callable[..., Any]] = {
    "key": str,
    "dataset": str,
    "partition": str,
    "content_hash": str,
    "rows": int,
    "files": tuple,
    "schema": tuple,
    "components": dict,
    "producer": dict,
    "preview": str,
    "checks": dict,
    "states": str,
    "quarantine": tuple,
}


def _typed(value: Any, expected: Callable[..., Any]) -> Any:
    # `type() is`, because True is an instance of int.
    if type(value) is not expected:
        raise TypeError(f"{value!r:.40} is a {type(value).__name__}, not a {expected.__name__}")
    return value


def _files(files: tuple[PartitionFile, ...]) -> list[dict[str, Any]]:
    return [
        {
            "hash": file.hash,
            "size": file.size,
            "rows": file.rows,
            "buckets": [{"bucket": s.bucket, "row_group": s.row_group, "rows": s.rows} for s in file.buckets],
        }
        for file in files
    ]


def _file(fields: Any) -> PartitionFile:
    spans = tuple(
        BucketSpan(_typed(s["bucket"], int), _typed(s["row_group"], int), _typed(s["rows"], int))
        for s in _typed(fields["buckets"], list)
    )
    return PartitionFile(_typed(fields["hash"], str), _typed(fields["size"], int), _typed(fields["rows"], int), spans)


def _column(name: Any, type_: Any, nullable: Any) -> tuple[str, str, bool]:
    return _typed(name, str), _typed(type_, str), _typed(nullable, bool)
