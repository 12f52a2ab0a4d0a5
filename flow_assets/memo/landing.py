"""What has landed: which files are there, whole, and with which content."""

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from flow_assets.declaration import Dataset
from flow_assets.ledger import Holdings
from flow_assets.memo.landed_file import LandedFile
from flow_assets.memo.remote_landing import Looks, RemoteLanding


class Landing:
    """The landed files as they were looked at once; hashes of files that have not changed are remembered.

    Args:
        folder: the landing folder.
        holdings: remembers hashes.
        settle_seconds: for sources that say nothing else.
        fetched: folder in which a file from a server is kept between its hashing and its reading; without it, it is
            fetched again.
        looks: what this process was told of files on servers already.
        may_wait: whether a young file is waited for; else it counts as still being written.
    """

    def __init__(
        self,
        folder: Path,
        holdings: Holdings,
        settle_seconds: float,
        fetched: Path | None = None,
        looks: Looks | None = None,
        *,
        may_wait: bool = True,
    ) -> None:
        self.folder = folder
        self._holdings = holdings
        self._settle_seconds = settle_seconds
        self._remote = RemoteLanding(looks or Looks(0), fetched)
        self._may_wait = may_wait

    def observe(self, dataset: Dataset, partitions: Iterable[str]) -> dict[str, LandedFile]:
        """Partition to the state of its landed file.

        A file that changed less than the settle time ago is looked at again once that time has passed; if it is still
        changing then, or may not be waited for, it has no hash.
        """
        source = dataset.source
        assert source is not None
        places = {partition: source.place(partition, dataset.partitions) for partition in partitions}
        remembered = self._holdings.landed_files()
        found: dict[str, tuple[str, str]] = {}
        if source.is_remote:
            seen = self._remote.observe(places.values(), remembered, found)
            files = {partition: seen[place] for partition, place in places.items()}
        else:
            settle = self._settle_seconds if source.settle_seconds is None else source.settle_seconds
            files = self._observe_local(places, remembered, found, settle)
        if new := {place: identified for place, identified in found.items() if remembered.get(place) != identified}:
            self._holdings.remember_landed_files(new)
        return files

    def locate(self, dataset: Dataset, partition: str) -> str:
        """Path or URL of the file of `partition`, as people are told."""
        assert dataset.source is not None
        place = dataset.source.place(partition, dataset.partitions)
        return place if dataset.source.is_remote else str(self.folder / place)

    def read(self, dataset: Dataset, partition: str, expected: str | None) -> bytes | None:
        """The bytes of the file of `partition` as they are now, or as they were fetched for the hash `expected`.

        Raises:
            StoreError: its server cannot be reached.
            OSError: the file cannot be read.
        """
        place = self.locate(dataset, partition)
        if dataset.source and dataset.source.is_remote:
            return self._remote.read(place, expected)
        path = Path(place)
        return path.read_bytes() if path.exists() else None

    def _observe_local(
        self,
        places: Mapping[str, str],
        remembered: Mapping[str, tuple[str, str]],
        found: dict[str, tuple[str, str]],
        settle_seconds: float,
    ) -> dict[str, LandedFile]:
        paths = {place: self.folder / place for place in places.values()}
        identities = {place: _identity(path) for place, path in paths.items()}
        whole = {place for place, (identity, _) in remembered.items() if identities.get(place) == identity}
        unsettled = _young(identities, settle_seconds) - whole
        if unsettled and self._may_wait:
            unsettled = _wait_for(unsettled, paths, identities, settle_seconds)
        files = {}
        for partition, place in places.items():
            identity = identities[place]
            shown = str(paths[place])
            if identity is None:
                files[partition] = LandedFile(shown, None, is_missing=True)
            elif place in unsettled:
                files[partition] = LandedFile(shown, None)
            else:
                known = remembered.get(place)
                is_known = known is not None and known[0] == identity
                files[partition] = LandedFile(shown, known[1]) if known and is_known else _hashed(paths[place])
                if digest := files[partition].hash:
                    found[place] = (identity, digest)
        return files


def hash_file(path: Path) -> str:
    """Sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _young(identities: Mapping[str, str | None], settle_seconds: float) -> set[str]:
    """What changed less than the settle time ago."""
    now = time.time_ns()
    return {
        p for p, identity in identities.items() if identity and now - _changed_ns(identity, now) < settle_seconds * 1e9
    }


def _wait_for(
    young: set[str], paths: Mapping[str, Path], identities: dict[str, str | None], settle_seconds: float
) -> set[str]:
    """Wait until what is young has settled; returns what has changed meanwhile."""
    now = time.time_ns()
    latest = max(_changed_ns(identities[place] or "", now) for place in young)
    time.sleep(min(settle_seconds, max(0.0, settle_seconds - (now - latest) / 1e9)))
    changing = set()
    for place in young:
        before, identities[place] = identities[place], _identity(paths[place])
        if identities[place] != before:
            changing.add(place)
    return changing


def _hashed(path: Path) -> LandedFile:
    try:
        return LandedFile(str(path), hash_file(path))
    except FileNotFoundError:
        return LandedFile(str(path), None, is_missing=True)
    except OSError as error:
        return LandedFile(str(path), None, problem=str(error.strerror))


def _identity(path: Path) -> str | None:
    """What changes when a file's content does, however it was written: no program can set the change time back."""
    try:
        found = os.stat(path)  # noqa: PTH116  a Path's own stat costs three times as much, times 100,000
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return "0 0 0 0"  # reading it will tell why
    return f"{found.st_mtime_ns} {found.st_ctime_ns} {found.st_size} {found.st_ino}"


def _changed_ns(identity: str, now: int) -> int:
    """When the file was written; where that lies in the future, when anything of it was changed."""
    written, changed = (int(text) for text in identity.split(" ", 2)[:2])
    return written if written <= now else changed
