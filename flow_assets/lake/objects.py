"""The store: content-addressed blobs, one record for each key, and versions of datasets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Literal, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore

from flow_assets.errors import LostObjectError, StoreError
from flow_assets.lake import local
from flow_assets.lake.records import Record, canonical_json
from flow_assets.lake.versions import DatasetVersion

_BLOB_SUFFIX = ".parquet"
_HASH_LENGTH = 64
_RECORD_ATTEMPTS = 10


class Blob(NamedTuple):
    """A file of bytes that never change.

    Attributes:
        hash: sha256 of the bytes, in hexadecimal; the blob's name.
        size: bytes.
        e_tag: changes whenever the file is written anew; compared to notice that a verified blob was touched.
    """

    hash: str
    size: int
    e_tag: str

    @property
    def reference(self) -> str:
        """The blob as one text: `hash size e_tag`; equal as long as nobody has touched the file."""
        return f"{self.hash} {self.size} {self.e_tag}"

    @classmethod
    def parse(cls, reference: str) -> "Blob":
        """The blob of a reference."""
        name, size, e_tag = reference.split(" ", 2)
        return cls(name, int(size), e_tag)


class ObjectStore:
    """Content-addressed blobs, records and fingerprints in a folder, through obstore.

    Several processes may use one store at once: nothing is ever half written, and of several writers of one name
    exactly one wins.
    """

    def __init__(self, location: Path) -> None:
        self.location = location

    def put_blob(self, data: bytes) -> Blob:
        """Keep `data` under its sha256; a blob that is there already and whole is left alone.

        Raises:
            StoreError: the store cannot be written.
        """
        name = sha256(data).hexdigest()
        path = _blob_path(name)
        try:
            return Blob(name, len(data), self._put(path, data, "create"))
        except AlreadyExistsError:
            pass
        try:
            return self.verify_blob(name, len(data))
        except LostObjectError:  # damaged since, or left half written by a crash of the machine
            return Blob(name, len(data), self._put(path, data, "overwrite"))

    def list_references(self) -> set[str]:
        """The references of all blobs, in one bulk listing; files that are no blobs are ignored."""
        references: set[str] = set()
        with self._explained("listed", "objects"):
            for folder in local.entries(self.location / "objects" / "sha256"):
                references.update(local.references(Path(folder.path), _BLOB_SUFFIX, _HASH_LENGTH))
        return references

    def list_blobs(self) -> dict[str, Blob]:
        """Every blob by hash, in one bulk listing."""
        blobs = map(Blob.parse, self.list_references())
        return {blob.hash: blob for blob in blobs}

    def local_path(self, hash: str) -> Path:
        """A file that readers can open; it need not exist."""
        return self.location / _blob_path(hash)

    def verify_blob(self, hash: str, size: int) -> Blob:
        """Read a blob whole and compare it with its hash.

        Raises:
            LostObjectError: the blob is missing or damaged.
            StoreError: the store cannot be read.
        """
        path = _blob_path(hash)
        digest, length = sha256(), 0
        with self._explained("read", path):
            try:
                found = obstore.get(self._store, path)
            except FileNotFoundError:
                raise _lost(self.local_path(hash), "is missing") from None
            for chunk in found:
                digest.update(chunk)
                length += len(chunk)
        if length != size:
            raise _lost(self.local_path(hash), f"has {length} bytes instead of {size}")
        if digest.hexdigest() != hash:
            raise _lost(self.local_path(hash), "is damaged: its bytes do not match its hash")
        return Blob(hash, length, found.meta["e_tag"] or "")

    def set_aside(self, hash: str) -> None:
        """Move a damaged blob to `damaged/<hash>.<n>`, as evidence; a missing one is fine."""
        self._move_aside(_blob_path(hash), hash)

    def put_record(self, record: Record, *, supersede: bool = False) -> Record:
        """Write the record of a key unless there is one, and return the one that stands.

        Args:
            record: what was computed.
            supersede: write it even if there is one.

        Raises:
            StoreError: the store cannot be written.
        """
        path, data = _record_path(record.key), record.to_json()
        if supersede:
            self._put(path, data, "overwrite")
            return record
        for _ in range(_RECORD_ATTEMPTS):
            try:
                self._put(path, data, "create")
            except AlreadyExistsError:
                standing = self.get_record(record.key)
                if standing:
                    return standing
            else:
                return record
        raise StoreError(f"{self.location / path}: others keep writing it; stop them and run again.")

    def get_record(self, key: str) -> Record | None:
        """The record of a key; one that cannot be read is set aside and counts as absent."""
        path = _record_path(key)
        data = self._get(path)
        if data is None:
            return None
        with suppress(StoreError):
            record = Record.from_json(data)
            if record.key == key:
                return record
        self._move_aside(path, f"{key}.json")
        return None

    def list_records(self) -> set[str]:
        """The keys of all records, in one bulk listing."""
        with self._explained("listed", "records"):
            names = (entry.name for entry in local.entries(self.location / "records"))
            return {name.removesuffix(".json") for name in names if name.endswith(".json")}

    def put_fingerprint(self, digest: str, tree: dict[str, Any]) -> None:
        """Keep what a code fingerprint was made of, to explain later how it changed."""
        self._put(_fingerprint_path(digest), canonical_json(tree), "overwrite")

    def get_fingerprint(self, digest: str) -> dict[str, Any] | None:
        """What `put_fingerprint` kept; None if nothing readable is there."""
        data = self._get(_fingerprint_path(digest))
        try:
            tree = json.loads(data) if data is not None else None
        except ValueError:
            return None
        return tree if isinstance(tree, dict) else None

    def put_version(self, version: DatasetVersion) -> str:
        """Keep a version of a dataset under its digest, which is returned; nothing is written if it is there already.

        Raises:
            StoreError: the store cannot be written.
        """
        digest, data = version.digest, version.to_json()
        if self._get(_version_path(digest)) != data:  # absent, or damaged: nothing else can bear this name
            self._put(_version_path(digest), data, "overwrite")
        return digest

    def get_version(self, digest: str) -> DatasetVersion | None:
        """What `put_version` kept.

        Raises:
            StoreError: it is damaged.
        """
        data = self._get(_version_path(digest))
        return DatasetVersion.from_json(data, digest) if data is not None else None

    def list_versions(self) -> list[str]:
        """The digests of all versions, in order."""
        with self._explained("listed", "versions"):
            names = (Path(entry.name) for entry in local.entries(self.location / "versions"))
            return sorted(name.stem for name in names if name.suffix == ".json")

    def size(self) -> int:
        """Bytes of all blobs together."""
        return sum(blob.size for blob in self.list_blobs().values())

    @cached_property
    def _store(self) -> LocalStore:
        with self._explained("opened", ""):
            return LocalStore(self.location, mkdir=True)

    def _put(self, path: str, data: bytes, mode: Literal["create", "overwrite"]) -> str:
        with self._explained("written", path):
            # A multipart upload has no "create".
            return obstore.put(self._store, path, data, mode=mode, use_multipart=False)["e_tag"] or ""

    def _get(self, path: str) -> bytes | None:
        with self._explained("read", path):
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                return None

    def _move_aside(self, path: str, name: str) -> None:
        with self._explained("moved aside", path):
            for n in count(1):
                with suppress(AlreadyExistsError):
                    with suppress(FileNotFoundError):
                        obstore.rename(self._store, path, f"damaged/{name}.{n}", overwrite=False)
                    return

    @contextmanager
    def _explained(self, done: str, path: str) -> Iterator[None]:
        try:
            yield
        except AlreadyExistsError:
            raise
        except (BaseError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise StoreError(
                f"{self.location / path}: cannot be {done} ({reason}); check the free space and who may write there, "
                "then run again."
            ) from error


def _blob_path(hash: str) -> str:
    return f"objects/sha256/{hash[:2]}/{hash}.parquet"


def _record_path(key: str) -> str:
    return f"records/{key}.json"


def _fingerprint_path(digest: str) -> str:
    return f"fingerprints/{digest}.json"


def _version_path(digest: str) -> str:
    return f"versions/{digest}.json"


def _lost(path: Path, what: str) -> LostObjectError:
    return LostObjectError(f"{path} {what}; the partition it belongs to will be recomputed.")
