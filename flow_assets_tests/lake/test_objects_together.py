"""Several processes write to one store, and some are killed while they do."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flow_assets.lake import ObjectStore, Record

WRITERS = 4
KEYS = [f"{n:064x}" for n in range(25)]

PREPARE = """
import json, os, sys
from dataclasses import replace
from pathlib import Path
from flow_assets.lake import ObjectStore, Record
location, writer, template = sys.argv[1], sys.argv[2], Record.from_json(sys.argv[3].encode())
store, keys = ObjectStore(Path(location)), [f"{n:064x}" for n in range(25)]
print("ready", flush=True)
sys.stdin.readline()
"""
WRITE_RECORDS = """
records = [store.put_record(replace(template, key=key, producer={"run_id": writer})) for key in keys]
print(json.dumps([record.producer["run_id"] for record in records]))
"""
WRITE_BLOBS = """
print(json.dumps([store.put_blob(key.encode() * 1000)._asdict() for key in keys]))
"""
WRITE_UNTIL_KILLED = """
data = os.urandom(1 << 20) * 8
for n in range(10**9):
    store.put_blob(n.to_bytes(8, "big") + data)
    store.put_record(replace(template, key=f"{n:064x}", components={"x": "x" * 100_000}))
"""


def writer(location: Path, name: str, template: Record, script: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PREPARE + script, str(location), name, template.to_json().decode()]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ready(process: "subprocess.Popen[str]") -> "subprocess.Popen[str]":
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def together(location: Path, template: Record, script: str) -> list[Any]:
    writers = [ready(w) for w in [writer(location, str(n), template, script) for n in range(WRITERS)]]
    for process in writers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [json.loads(process.communicate(timeout=60)[0]) for process in writers]


def test_each_key_has_one_winner_and_everybody_is_told_which(tmp_path: Path, record: Record) -> None:
    told = together(tmp_path, record, WRITE_RECORDS)
    store = ObjectStore(tmp_path)
    standing = [store.get_record(key) for key in KEYS]
    assert told == [[found.producer["run_id"] for found in standing if found]] * WRITERS
    assert not (tmp_path / "damaged").exists()


def test_one_blob_may_be_put_by_several_at_once(tmp_path: Path, record: Record) -> None:
    told = together(tmp_path, record, WRITE_BLOBS)
    blobs = ObjectStore(tmp_path).list_blobs()
    assert len(blobs) == len(KEYS)
    for blob in told[0]:
        found = ObjectStore(tmp_path).verify_blob(blob["hash"], blob["size"])
        assert found == blobs[found.hash]
    assert told == [told[0]] * WRITERS


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2])
def test_a_killed_writer_leaves_nothing_half_written(tmp_path: Path, record: Record, seconds: float) -> None:
    with ready(writer(tmp_path, "0", record, WRITE_UNTIL_KILLED)) as process:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        time.sleep(seconds)
        process.kill()
    store = ObjectStore(tmp_path)
    for blob in store.list_blobs().values():
        assert store.verify_blob(blob.hash, (1 << 23) + 8) == blob
    assert all(store.get_record(key) for key in store.list_records())
