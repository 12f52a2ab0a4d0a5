"""The store keeps what it is given, notices what was lost, and never shows half of anything."""

import os
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from flow_assets.errors import LostObjectError, StoreError
from flow_assets.lake import Blob, ObjectStore, Record

Damage = Callable[[bytes], bytes]


@pytest.fixture
def no_space() -> Iterator[None]:
    """Files cannot grow over 100 kB, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def files_of(store: ObjectStore) -> list[str]:
    return sorted(p.relative_to(store.location).as_posix() for p in store.location.rglob("*") if p.is_file())


def test_a_blob_lies_under_its_hash(store: ObjectStore) -> None:
    blob = store.put_blob(b"rows")
    assert blob == Blob(sha256(b"rows").hexdigest(), 4, blob.e_tag)
    assert blob.e_tag
    assert files_of(store) == [f"objects/sha256/{blob.hash[:2]}/{blob.hash}.parquet"]
    assert store.local_path(blob.hash).read_bytes() == b"rows"


def test_put_list_and_verify_agree_on_the_tag_of_obstore(store: ObjectStore) -> None:
    blobs = [store.put_blob(bytes([n]) * n) for n in range(20)]
    assert store.list_blobs() == {blob.hash: blob for blob in blobs}
    assert [store.verify_blob(blob.hash, blob.size) for blob in blobs] == blobs
    assert [store.put_blob(bytes([n]) * n) for n in range(20)] == blobs
    assert store.size() == sum(range(20))


def test_the_tag_changes_when_a_blob_is_touched(store: ObjectStore) -> None:
    blob = store.put_blob(b"rows")
    store.local_path(blob.hash).write_bytes(b"rowz")
    assert store.list_blobs()[blob.hash].e_tag != blob.e_tag


def test_a_large_blob_is_written_whole(store: ObjectStore) -> None:
    data = os.urandom(1 << 20) * 21
    blob = store.put_blob(data)
    assert store.put_blob(data) == blob
    assert store.verify_blob(blob.hash, len(data)) == blob


def test_a_truncated_leftover_is_replaced(store: ObjectStore) -> None:
    blob = store.put_blob(b"rows")
    store.local_path(blob.hash).write_bytes(b"ro")
    store.put_blob(b"rows")
    assert store.verify_blob(blob.hash, 4).size == 4


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(b"rowz"), "is damaged"),
        (lambda path: path.write_bytes(b"ro"), "has 2 bytes instead of 4"),
        (lambda path: path.write_bytes(b""), "has 0 bytes instead of 4"),
    ],
    ids=["missing", "damaged", "truncated", "emptied"],
)
def test_a_lost_blob_is_named_set_aside_and_written_again(
    store: ObjectStore, damage: Callable[[Path], object], complaint: str
) -> None:
    blob = store.put_blob(b"rows")
    path = store.local_path(blob.hash)
    damage(path)
    with pytest.raises(LostObjectError) as error:
        store.verify_blob(blob.hash, 4)
    assert str(path) in str(error.value)
    assert complaint in str(error.value)
    assert "recomputed" in str(error.value)
    store.set_aside(blob.hash)
    assert store.list_blobs() == {}
    again = store.put_blob(b"rows")
    assert store.verify_blob(blob.hash, 4) == again


def test_each_damaged_blob_is_kept_as_evidence(store: ObjectStore) -> None:
    for evidence in (b"one", b"two"):
        blob = store.put_blob(b"rows")
        store.local_path(blob.hash).write_bytes(evidence)
        store.set_aside(blob.hash)
    store.set_aside(blob.hash)
    assert files_of(store) == [f"damaged/{blob.hash}.1", f"damaged/{blob.hash}.2"]
    assert (store.location / "damaged" / f"{blob.hash}.2").read_bytes() == b"two"


def test_strangers_are_no_blobs(store: ObjectStore) -> None:
    blob = store.put_blob(b"rows")
    folder = store.local_path(blob.hash).parent
    for name in (f"{blob.hash}.parquet#1", f".{blob.hash}.parquet", "readme.txt", "a.parquet", f"{'G' * 64}.parquet"):
        (folder / name).write_bytes(b"x")
    (folder.parent / "stray.parquet").write_bytes(b"x")
    assert set(store.list_blobs()) == {blob.hash}


def test_a_store_that_was_never_written_is_empty(store: ObjectStore) -> None:
    assert (store.list_blobs(), store.list_records(), store.size()) == ({}, set(), 0)
    assert not store.location.exists()
    assert store.get_record("ab") is None
    assert store.get_fingerprint("ab") is None


def test_the_first_record_of_a_key_stands_until_it_is_superseded(store: ObjectStore, record: Record) -> None:
    other = replace(record, rows=99)
    assert store.put_record(record) == record
    assert store.put_record(other) == record
    assert store.get_record(record.key) == record
    assert store.put_record(other, supersede=True) == other
    assert store.get_record(record.key) == other
    assert store.list_records() == {record.key}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: bytes(len(data)),
        lambda data: data[:-9],
        lambda data: data.replace(b'"format_version":1', b'"format_version":99'),
        lambda data: data.replace(b"ab" * 32, b"ff" * 32),
    ],
    ids=["empty", "zeros", "truncated", "future", "misplaced"],
)
def test_a_record_that_cannot_be_read_is_a_miss(store: ObjectStore, record: Record, damage: Damage) -> None:
    store.put_record(record)
    path = store.location / "records" / f"{record.key}.json"
    data = damage(path.read_bytes())
    path.write_bytes(data)
    assert store.get_record(record.key) is None
    assert store.list_records() == set()
    assert (store.location / "damaged" / f"{record.key}.json.1").read_bytes() == data
    path.write_bytes(data)
    assert store.put_record(record) == record
    assert store.get_record(record.key) == record


def test_only_records_are_listed_as_records(store: ObjectStore, record: Record) -> None:
    store.put_record(record)
    (store.location / "records" / f"{'0' * 64}.json#1").write_bytes(b"x")
    assert store.list_records() == {record.key}


def test_a_fingerprint_comes_back(store: ObjectStore) -> None:
    tree = {"function": "departures", "calls": [{"é": None}]}
    store.put_fingerprint("ab", tree)
    store.put_fingerprint("ab", tree)
    assert store.get_fingerprint("ab") == tree
    for nonsense in (b"", b"\xff", b"[]"):
        (store.location / "fingerprints" / "ab.json").write_bytes(nonsense)
        assert store.get_fingerprint("ab") is None
    store.put_fingerprint("ab", tree)
    assert store.get_fingerprint("ab") == tree


@pytest.mark.usefixtures("no_space")
def test_a_full_disk_is_said_and_leaves_nothing(store: ObjectStore, record: Record) -> None:
    with pytest.raises(StoreError, match=r"cannot be written.*too large.*free space") as error:
        store.put_blob(b"x" * 200_000)
    assert str(store.location) in str(error.value)
    with pytest.raises(StoreError, match="free space"):
        store.put_record(replace(record, components={"x": "x" * 200_000}))
    assert files_of(store) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, record: Record) -> None:
    (tmp_path / "file").write_text("in the way")
    for location in (tmp_path / "file", tmp_path / "file" / "store"):
        with pytest.raises(StoreError, match=f"{location}.*who may write"):
            ObjectStore(location).put_blob(b"rows")
    store = ObjectStore(tmp_path / "store")
    (tmp_path / "store" / "records").mkdir(parents=True)
    (tmp_path / "store" / "objects").write_text("in the way")
    with pytest.raises(StoreError, match="objects/sha256"):
        store.put_blob(b"rows")
    (tmp_path / "store" / "records" / f"{record.key}.json").mkdir()
    with pytest.raises(StoreError, match=record.key):
        store.put_record(record, supersede=True)
