"""The key of a partition: everything that decides its content, as canonical JSON and as one hash.

The JSON has sorted fields and no white space, and writes numbers, text and truth values as different things. What is
the same for all partitions of a dataset is encoded once, so that a key costs a few microseconds.
"""

import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from flow_assets.declaration import Dataset, DatasetSchema, Frame, HourlyPartitions, TimePartitions
from flow_assets.errors import SettingsError
from flow_assets.lake.records import canonical_json
from flow_assets.memo.fingerprint import Fingerprint, fingerprint, fingerprint_value
from flow_assets.memo.rule_book import RuleBook

KEY_FORMAT_VERSION = 1

_quoted = json.encoder.encode_basestring_ascii
"""A text as JSON; `json.dumps` costs ten times as much, and a plan needs it for every partition."""

_PACKAGES = {Frame.DUCKDB: ("duckdb",), Frame.PANDAS: ("pandas", "pyarrow"), Frame.ARROW: ("pyarrow",)}

_ABOUT_ROWS = ("RuleError", "SchemaMismatchError", "LandedFileError")
"""Errors after which a partition is tried again once its rules change: a null was such an error before it broke one."""


@dataclass(frozen=True)
class Recipe:
    """How a dataset is made now: what of its partitions' keys is the same for all of them.

    Attributes:
        reads: the schemas through which its inputs are read.
        book: its rules; those that quarantine rows are part of the key.
    """

    dataset: Dataset
    code: Fingerprint
    config: BaseModel | None
    packages: Mapping[str, str]
    stage_versions: Mapping[str, int]
    reads: Mapping[str, type[DatasetSchema]]
    book: RuleBook

    @cached_property
    def components(self) -> dict[str, Any]:
        """The components of a key without its partition and inputs."""
        return {
            "format": KEY_FORMAT_VERSION,
            "dataset": self.dataset.name,
            "code": self.code.digest,
            "frames": {name: frame.value for name, frame in self.dataset.frames.items()},
            "config": self._config(),
            "packages": dict(self.packages),
            "stages": dict(self.stage_versions),
            "schema": [[c.name, str(c.type), c.nullable, c.digits] for c in self.dataset.schema.columns()],
            "read as": {name: [[c.name, str(c.type)] for c in schema.columns()] for name, schema in self.reads.items()},
            "sort_by": list(self.dataset.sort_by),
            "partition_column": self.dataset.partition_column,
            "buckets": self._buckets(),
            "source": self._source(),
            **self._clock(),
            **({"quarantine": list(self.book.quarantining)} if self.book.quarantining else {}),
        }

    @cached_property
    def _prefix(self) -> Any:
        return hashlib.sha256(canonical_json(self.components))

    def key(self, partition: str, inputs: Sequence[str]) -> str:
        """The key of `partition`, given its inputs as the JSON texts that `input_text` makes."""
        digest = self._prefix.copy()
        digest.update(f"{_quoted(partition)}[{','.join(inputs)}]".encode())
        return str(digest.hexdigest())

    def failed_key(self, key: str, error: str) -> str:
        """What stands for the key where it failed by a class of `error`: where rules may help, they are part of it."""
        return f"{key} {self.book.digest}" if error in _ABOUT_ROWS else key

    def record_components(self, partition: str, inputs: Sequence[str]) -> dict[str, Any]:
        """All components of a key, as they are recorded."""
        return {**self.components, "partition": partition, "inputs": [json.loads(text) for text in inputs]}

    def _config(self) -> dict[str, str] | None:
        """A field's value with its type: what a model would print may leave out some, or put a set in any order."""
        if self.config is None:
            return None
        module = type(self.config).__module__
        return {
            name: fingerprint_value(f"config.{name}", getattr(self.config, name), module)
            for name in type(self.config).model_fields
        }

    def _buckets(self) -> list[Any] | None:
        """They change how the rows lie, but not the content: the dataset is written anew, and its readers are not."""
        buckets = self.dataset.buckets
        return buckets.declaration if buckets else None

    def _clock(self) -> dict[str, list[str]]:
        """The partitions' unit and time zone, where they say what a key means to the function or in its column."""
        partitions = self.dataset.partitions
        is_read = self.dataset.context is not None or isinstance(partitions, HourlyPartitions)
        if not is_read or not isinstance(partitions, TimePartitions):
            return {}
        return {"clock": [partitions.unit, partitions.timezone]}

    def _source(self) -> dict[str, Any] | None:
        """How the landed file is read; where it lies and how long it must settle do not change its rows."""
        source = self.dataset.source
        if source is None:
            return None
        read = {"format": source.format, "null_values": list(source.null_values), "allow_empty": source.allow_empty}
        return read if source.encoding == "utf-8" else {**read, "encoding": source.encoding}


def make_recipe(
    dataset: Dataset,
    config: Mapping[str, Any],
    package_precision: Literal["patch", "minor"],
    stage_versions: Mapping[str, int],
    reads: Mapping[str, type[DatasetSchema]],
) -> Recipe:
    """How `dataset` is made now: its code is fingerprinted, its config validated, its packages looked up.

    Raises:
        FingerprintError: the code refers to something that cannot be fingerprinted.
        SettingsError: the config's fields are unknown or have values that cannot be used.
    """
    config_models = (dataset.config[1],) if dataset.config else ()
    code = fingerprint(
        dataset.function,
        code_version=dataset.code_version,
        depends_on=(*dataset.depends_on, *config_models),
        ignore=dataset.ignore,
    )
    book = RuleBook.of(dataset)
    frames = {*dataset.frames.values(), *((Frame.DUCKDB,) if book.quarantining else ())}  # it finds the rows that leave
    names = {*code.packages, *book.packages, *(name for frame in frames for name in _PACKAGES[frame])}
    packages = {name: _version(name, package_precision) for name in sorted(names)}
    packages["python"] = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Recipe(dataset, code, make_config(dataset, config), packages, stage_versions, reads, book)


def make_config(dataset: Dataset, fields: Mapping[str, Any]) -> BaseModel | None:
    """The dataset's config: its model's defaults with `fields` from the settings.

    Raises:
        SettingsError: the dataset takes no config, or a field is unknown or cannot be used.
    """
    if dataset.config is None:
        if fields:
            raise SettingsError(f"FLOW_ASSETS_CONFIG: dataset {dataset.name} takes no config; remove its entry.")
        return None
    model = dataset.config[1]
    if unknown := set(fields) - set(model.model_fields):
        raise SettingsError(
            f"FLOW_ASSETS_CONFIG: {dataset.name} has no config field {', '.join(sorted(unknown))}; "
            f"it has {', '.join(model.model_fields)}."
        )
    try:
        return model(**fields)
    except ValidationError as error:
        raise SettingsError(f"FLOW_ASSETS_CONFIG: {dataset.name}: {error}") from error


def input_text(dataset: str, partition: str, content: str | None) -> str:
    """One input in a key; `content` is its content hash, or None where the partition is absent."""
    return f"[{_quoted(dataset)},{_quoted(partition)},{'null' if content is None else _quoted(content)}]"


def _version(distribution: str, precision: str) -> str:
    version = importlib.metadata.version(distribution)
    return ".".join(version.split(".")[:2]) if precision == "minor" else version
