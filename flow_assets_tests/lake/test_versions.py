"""A version survives JSON, has a name of its own, and nothing else passes for it."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from flow_assets.errors import StoreError
from flow_assets.lake import DatasetVersion, ObjectStore, VersionedPartition

VERSION = DatasetVersion(
    "departures",
    (
        VersionedPartition("2013-05-05", 3, (("ab" * 32, 10), ("cd" * 32, 20))),
        VersionedPartition("2013-05-06", 0, (("ef" * 32, 5),)),
    ),
)
FIRST, SECOND = VERSION.partitions


def test_it_is_read_as_it_was_kept(store: ObjectStore) -> None:
    digest = store.put_version(VERSION)
    assert store.get_version(digest) == VERSION
    assert store.list_versions() == [digest]
    assert (digest, digest[:12]) == (VERSION.digest, VERSION.name)


def test_what_is_not_there(store: ObjectStore) -> None:
    assert (store.get_version("0" * 64), store.list_versions()) == (None, [])


@pytest.mark.parametrize(
    "other",
    [
        replace(VERSION, dataset="arrivals"),
        replace(VERSION, partitions=(SECOND, FIRST)),
        replace(VERSION, partitions=(FIRST,)),
        replace(VERSION, partitions=(replace(FIRST, partition="2013-05-04"), SECOND)),
        replace(VERSION, partitions=(replace(FIRST, files=FIRST.files[::-1]), SECOND)),
    ],
)
def test_what_differs_has_another_digest(other: DatasetVersion) -> None:
    assert other.digest != VERSION.digest


def test_the_digest_does_not_depend_on_who_computes_it() -> None:
    text = (
        '{"dataset":"departures","format_version":1,"partitions":['
        f'{{"files":[["{"ab" * 32}",10],["{"cd" * 32}",20]],"partition":"2013-05-05","rows":3}},'
        f'{{"files":[["{"ef" * 32}",5]],"partition":"2013-05-06","rows":0}}]}}'
    )
    assert VERSION.digest == sha256(text.encode()).hexdigest()


def test_it_is_written_once(store: ObjectStore) -> None:
    path = store.location / "versions" / f"{store.put_version(VERSION)}.json"
    before = path.stat()
    store.put_version(VERSION)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\xff", None])
def test_a_damaged_one_is_told_and_written_again(store: ObjectStore, damage: bytes | None) -> None:
    digest = store.put_version(VERSION)
    path = store.location / "versions" / f"{digest}.json"
    path.write_bytes(path.read_bytes().replace(b"2013", b"2014") if damage is None else damage)
    with pytest.raises(StoreError, match=rf"The version {digest[:12]} cannot be read \(its bytes do not match"):
        store.get_version(digest)
    store.put_version(VERSION)
    assert store.get_version(digest) == VERSION


def test_a_later_format_is_not_guessed_at() -> None:
    data = json.dumps({"format_version": 2}).encode()
    with pytest.raises(StoreError, match="its format version is 2, not 1"):
        DatasetVersion.from_json(data, sha256(data).hexdigest())


def test_a_store_that_cannot_be_written(store: ObjectStore) -> None:
    digest = store.put_version(VERSION)
    folder: Path = store.location / "versions"
    (folder / f"{digest}.json").unlink()
    folder.rmdir()
    folder.write_text("no folder")
    with pytest.raises(StoreError, match="cannot be"):
        store.put_version(VERSION)
