"""Several processes write to one store, and some are killed while they do."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from flow_assets.lake import ObjectStore, Record
from flow_assets_tests.lake.test_records import RECORD

WRITERS = 4
KEYS = [f"{n:064x}" for n in range(25)]
# Forked processes would inherit obstore's threads in whatever state they are.
CONTEXT = multiprocessing.get_context("spawn")


def write_records(location: Path, writer: int, barrier: Barrier, answers: "SimpleQueue[Any]") -> None:
    store = ObjectStore(location)
    barrier.wait()
    mine = [replace(RECORD, key=key, producer={"run_id": writer}) for key in KEYS]
    answers.put((writer, [store.put_record(record).producer["run_id"] for record in mine]))


def write_blobs(location: Path, writer: int, barrier: Barrier, answers: "SimpleQueue[Any]") -> None:
    store = ObjectStore(location)
    barrier.wait()
    answers.put((writer, [store.put_blob(key.encode() * 1000) for key in KEYS]))


def write_for_ever(location: Path, barrier: Barrier) -> None:
    store = ObjectStore(location)
    data = os.urandom(1 << 20) * 8
    barrier.wait()
    for n in range(10**9):
        store.put_blob(n.to_bytes(8, "big") + data)
        store.put_record(replace(RECORD, key=f"{n:064x}", components={"x": "x" * 100_000}))


def together(location: Path, target: Callable[..., None]) -> dict[int, list[Any]]:
    barrier, answers = CONTEXT.Barrier(WRITERS), CONTEXT.SimpleQueue()
    writers = [CONTEXT.Process(target=target, args=(location, n, barrier, answers)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    found = dict(answers.get() for _ in writers)
    for writer in writers:
        writer.join()
    return found


def test_each_key_has_one_winner_and_everybody_is_told_which(tmp_path: Path) -> None:
    told = together(tmp_path, write_records)
    store = ObjectStore(tmp_path)
    standing: list[Record | None] = [store.get_record(key) for key in KEYS]
    winners = [record.producer["run_id"] for record in standing if record]
    assert told == dict.fromkeys(range(WRITERS), winners)
    assert not (tmp_path / "damaged").exists()


def test_one_blob_may_be_put_by_several_at_once(tmp_path: Path) -> None:
    told = together(tmp_path, write_blobs)
    store = ObjectStore(tmp_path)
    assert told == dict.fromkeys(range(WRITERS), [store.verify_blob(b.hash, b.size) for b in told[0]])
    assert len(store.list_blobs()) == len(KEYS)


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2])
def test_a_killed_writer_leaves_nothing_half_written(tmp_path: Path, seconds: float) -> None:
    barrier = CONTEXT.Barrier(2)
    writer = CONTEXT.Process(target=write_for_ever, args=(tmp_path, barrier))
    writer.start()
    barrier.wait()
    time.sleep(seconds)
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join()
    store = ObjectStore(tmp_path)
    for blob in store.list_blobs().values():
        assert store.verify_blob(blob.hash, (1 << 23) + 8) == blob
    assert all(store.get_record(key) for key in store.list_records())
