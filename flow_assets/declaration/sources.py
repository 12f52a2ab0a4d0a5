"""Files that somebody else delivers, and how to read them."""

import codecs
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from flow_assets.declaration.partitions import UNPARTITIONED, Partitions, StaticPartitions
from flow_assets.declaration.time_partitions import HourlyPartitions, TimePartitions
from flow_assets.errors import DefinitionError

JSON_FORMATS = (".jsonl", ".jsonl.gz", ".jsonl.bz2", ".ndjson", ".ndjson.gz", ".ndjson.bz2")
FORMATS = (".csv", ".csv.gz", ".csv.bz2", *JSON_FORMATS, ".parquet")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_REMOTE = ("http", "https")

_OFF_BOUNDARIES = {
    "hours": datetime(1970, 5, 17, 13),
    "days": datetime(1970, 5, 17),
    "months": datetime(1970, 5, 1),
}
"""For each unit, a window that begins no longer one: its time has nothing that could be left out unnoticed."""


@dataclass(frozen=True)
class Landed:
    """A source of landed files: one for each partition, or a single one; see `landed` for the meaning of each field."""

    pattern: str
    format: str
    null_values: tuple[str, ...] = ("",)
    allow_empty: bool = False
    encoding: str = "utf-8"
    settle_seconds: float | None = None

    @property
    def is_partitioned(self) -> bool:
        """Whether each partition has a file of its own."""
        return "{" in self.pattern

    @property
    def is_remote(self) -> bool:
        """Whether the files lie on a server."""
        return _is_remote(self.pattern)

    def place(self, partition: str = UNPARTITIONED, partitions: Partitions | None = None) -> str:
        """Where the file of `partition` is: a path below the landing folder, an absolute path, or a URL."""
        pattern = self.pattern.removeprefix("file://")
        if not (formats := [f for f in self._placeholders if f.startswith("date:")]):
            return pattern.replace("{date}", partition).replace("{partition}", partition)
        assert isinstance(partitions, TimePartitions)
        start = partitions.start(partition)
        for form in formats:
            pattern = pattern.replace(f"{{{form}}}", start.strftime(form.removeprefix("date:")))
        return pattern.replace("{date}", partition).replace("{partition}", partition)

    def problem(self, partitions: Partitions | None) -> str | None:
        """Why a dataset with these partitions cannot read the source; None if it can."""
        if self.is_partitioned != (partitions is not None):
            return (
                "a landed file a partition needs `{date}` or `{partition}` in its pattern, and a single file must not "
                "have it"
            )
        if isinstance(partitions, StaticPartitions):
            return self._static_problem(partitions)
        return self._time_problem(partitions) if partitions is not None else None

    @property
    def _placeholders(self) -> list[str]:
        return _PLACEHOLDER.findall(self.pattern)

    def _static_problem(self, partitions: StaticPartitions) -> str | None:
        if any(name != "partition" for name in self._placeholders):
            return f"in {self.pattern}, `{{date}}` stands for a time; static partitions are `{{partition}}`"
        unfit = [key for key in partitions.partition_keys if "/" in key or "\\" in key or set(key) == {"."}]
        return f"partition {unfit[0]!r} cannot be part of a file's name" if unfit else None

    def _time_problem(self, partitions: TimePartitions) -> str | None:
        if {"date", "partition"} & set(self._placeholders):
            return None
        form = "|".join(dict.fromkeys(re.findall("%.", "|".join(self._placeholders))))
        if not _tells(form, partitions):
            return (
                f"{self.pattern} gives two {partitions.unit} the same file; name all of the time, or write `{{date}}`"
            )
        if isinstance(partitions, HourlyPartitions) and partitions.has_double_hours and "%z" not in form:
            return (
                f"{self.pattern} gives two hours the same file where the clock of {partitions.timezone} is put back; "
                "add %z, or write `{date}`"
            )
        return None


def landed(
    pattern: str,
    *,
    format: str | None = None,
    null_values: list[str] | tuple[str, ...] | None = None,
    allow_empty: bool = False,
    encoding: str = "utf-8",
    settle_seconds: float | None = None,
) -> Landed:
    """Declare a source of landed files: CSV or JSON lines (plain, `.gz` or `.bz2`), or Parquet.

    Args:
        pattern: path below the landing folder, or a URL (`http://`, `https://`, `file://`). `{date}` and `{partition}`
            stand for the partition's key, `{date:%Y/%m/%d/%H}` for the time at which it begins.
        format: what the file is, such as `csv.gz` or `jsonl`, where its name does not end so.
        null_values: texts of a CSV field that mean "no value"; the empty one by default.
        allow_empty: take a file without rows for a delivery of nothing, and not for a broken one.
        encoding: how a CSV file's text is written.
        settle_seconds: how long a file must not have changed to be taken for whole, instead of the setting's.

    Example:
        `source=landed("flights/{date}.csv.gz", null_values=["NA"])`
    """
    call = f"landed({pattern!r})"
    found = f".{format.lstrip('.')}" if format is not None else _ending(pattern)
    if found not in FORMATS:
        said = f"format={format!r}" if format is not None else "the file name"
        raise DefinitionError(
            f"{call}: {said} must end in one of {', '.join(FORMATS)}; give `format=` if the name does not say it."
        )
    _require_place(pattern, call)
    _require_placeholders(pattern, call)
    if null_values is not None and not found.startswith(".csv"):
        raise DefinitionError(f"{call}: {found} files have nulls of their own; leave out `null_values`.")
    if encoding != "utf-8":
        _require_encoding(encoding, found, call)
    if settle_seconds is not None and (settle_seconds < 0 or _is_remote(pattern)):
        raise DefinitionError(f"{call}: `settle_seconds` is for files in a folder, and at least 0.")
    nulls = ("",) if null_values is None else tuple(null_values)
    return Landed(pattern, found, nulls, allow_empty, encoding, settle_seconds)


def _is_remote(pattern: str) -> bool:
    return pattern.startswith(tuple(f"{scheme}://" for scheme in _REMOTE))


def _ending(pattern: str) -> str | None:
    return next((f for f in sorted(FORMATS, key=len, reverse=True) if pattern.endswith(f)), None)


def _require_place(pattern: str, call: str) -> None:
    scheme = _SCHEME.match(pattern)
    rest = pattern[scheme.end() :] if scheme else pattern
    if scheme and scheme[1] not in (*_REMOTE, "file"):
        raise DefinitionError(
            f"{call}: {scheme[0]} is not supported; give a path below the landing folder, http://, https:// or file://."
        )
    if ".." in PurePosixPath(rest).parts or (not scheme and PurePosixPath(pattern).is_absolute()):
        raise DefinitionError(f"{call}: give a path below the landing folder.")
    if scheme and scheme[1] == "file" and not rest.startswith("/"):
        raise DefinitionError(f"{call}: write the whole path, as in file:///data/{{date}}.csv.")
    if scheme and scheme[1] in _REMOTE:
        host, _, path = rest.partition("/")
        if not host or not path or "@" in host or set("?#") & set(path) or "{" in host:
            raise DefinitionError(
                f"{call}: give an address with a host and a path, without a user, a query or a fragment."
            )
        if {"", "."} & set(path.split("/")) or "%" in _PLACEHOLDER.sub("", path) or not path.isprintable():
            raise DefinitionError(
                f"{call}: write the path's parts as they are, unquoted (no %20), and none of them empty."
            )


def _require_placeholders(pattern: str, call: str) -> None:
    names = _PLACEHOLDER.findall(pattern)
    unknown = {f"{{{name}}}" for name in names if name not in ("date", "partition") and not re.match("date:.*%", name)}
    if unknown or set("{}") & set(_PLACEHOLDER.sub("", pattern)):
        raise DefinitionError(
            f"{call}: {', '.join(sorted(unknown)) or 'a brace'} stands for nothing; write {{date}}, {{date:%Y/%m/%d}} "
            "or {partition}."
        )


def _require_encoding(encoding: str, form: str, call: str) -> None:
    if not form.startswith(".csv"):
        raise DefinitionError(f"{call}: {form} files have an encoding of their own; leave out `encoding`.")
    try:
        codecs.lookup(encoding)
        "".encode(encoding)
    except LookupError as error:
        raise DefinitionError(f"{call}: there is no encoding {encoding!r}; name one as in 'cp1252'.") from error


def _tells(form: str, partitions: TimePartitions) -> bool:
    """Whether the text that `form` makes of the time at which a window begins says which it was."""
    begin = _OFF_BOUNDARIES[partitions.unit].replace(year=int(partitions.start_date[:4]), tzinfo=partitions.zone)
    try:
        return datetime.strptime(begin.strftime(form), form).replace(tzinfo=partitions.zone) == begin
    except ValueError:
        return False
