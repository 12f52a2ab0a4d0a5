"""What has landed: which files are there, whole, and with which content."""

import hashlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flow_assets.declaration import Dataset
from flow_assets.ledger import Holdings


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One expected file of a source.

    Attributes:
        hash: sha256 of its bytes; None where it is missing, still being written, or cannot be read.
        is_missing: whether nothing has landed.
        problem: why it cannot be read.
    """

    path: Path
    hash: str | None
    is_missing: bool = False
    problem: str | None = None


class Landing:
    """The landing folder as it was looked at once; hashes of files that have not changed are remembered."""

    def __init__(self, folder: Path, holdings: Holdings, settle_seconds: float) -> None:
        self.folder = folder
        self._holdings = holdings
        self._settle_seconds = settle_seconds

    def observe(self, dataset: Dataset, partitions: Iterable[str]) -> dict[str, LandedFile]:
        """Partition to the state of its landed file.

        A file that changed less than the settle time ago is looked at again once that time has passed; if it is still
        changing then, it has no hash.
        """
        assert dataset.source is not None
        paths = {partition: dataset.source.path(self.folder, partition) for partition in partitions}
        identities = {path: _identity(path) for path in paths.values()}
        unsettled = self._wait_for_young(identities)
        remembered = self._holdings.landed_files()
        hashes: dict[str, tuple[str, str]] = {}
        files = {}
        for partition, path in paths.items():
            identity = identities[path]
            if identity is None:
                files[partition] = LandedFile(path, None, is_missing=True)
            elif path in unsettled:
                files[partition] = LandedFile(path, None)
            else:
                name = path.relative_to(self.folder).as_posix()
                known = remembered.get(name)
                files[partition] = LandedFile(path, known[1]) if known and known[0] == identity else _hashed(path)
                if digest := files[partition].hash:
                    hashes[name] = (identity, digest)
        if new := {name: found for name, found in hashes.items() if remembered.get(name) != found}:
            self._holdings.remember_landed_files(new)
        return files

    def _wait_for_young(self, identities: dict[Path, str | None]) -> set[Path]:
        oldest_young = time.time_ns() - int(self._settle_seconds * 1e9)
        young = {path for path, identity in identities.items() if identity and _changed_ns(identity) > oldest_young}
        if not young:
            return set()
        latest = max(_changed_ns(identities[path] or "") for path in young)
        time.sleep(min(self._settle_seconds, max(0.0, self._settle_seconds - (time.time_ns() - latest) / 1e9)))
        changing = set()
        for path in young:
            before, identities[path] = identities[path], _identity(path)
            if identities[path] != before:
                changing.add(path)
        return changing


def hash_file(path: Path) -> str:
    """Sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hashed(path: Path) -> LandedFile:
    try:
        return LandedFile(path, hash_file(path))
    except FileNotFoundError:
        return LandedFile(path, None, is_missing=True)
    except OSError as error:
        return LandedFile(path, None, problem=str(error.strerror))


def _identity(path: Path) -> str | None:
    """What changes when a file's content does, however it was written: no program can set the change time back."""
    try:
        found = os.stat(path)  # noqa: PTH116  a Path's own stat costs three times as much, times 100,000
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return "0 0 0 0"  # reading it will tell why
    return f"{found.st_mtime_ns} {found.st_ctime_ns} {found.st_size} {found.st_ino}"


def _changed_ns(identity: str) -> int:
    return int(identity.split(" ", 1)[0])
