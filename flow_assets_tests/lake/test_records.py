"""A record survives JSON, and nothing else passes for one."""

import json
from dataclasses import replace
from typing import Any

import pytest

from flow_assets.errors import StoreError
from flow_assets.lake import BucketSpan, PartitionFile, Record

RECORD = Record(
    key="ab" * 32,
    dataset="departures",
    partition="2013-05-05",
    content_hash="cd" * 32,
    rows=3,
    files=(
        PartitionFile("ef" * 32, 1234, 3, (BucketSpan(0, 0, 2), BucketSpan(8, 1, 1))),
        PartitionFile("0" * 64, 9, 0, ()),
    ),
    schema=(("tail_number", "string", True), ("Flugzeug ✈", "timestamp[us, tz=UTC]", False)),
    components={"inputs": [["raw_flights", "2013-05-05", None]], "packages": {"duckdb": "2.0.0"}},
    producer={"run_id": "r1", "seconds": 0.5},
)


def test_a_record_is_read_as_it_was_written() -> None:
    assert Record.from_json(RECORD.to_json()) == RECORD


def test_equal_records_have_equal_bytes() -> None:
    other = replace(RECORD, producer=dict(reversed(RECORD.producer.items())))
    assert list(other.producer) != list(RECORD.producer)
    assert other.to_json() == RECORD.to_json()


def test_the_json_states_its_format_version() -> None:
    assert json.loads(RECORD.to_json())["format_version"] == 1


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_what_is_no_json_is_refused_with_the_partition(value: Any) -> None:
    with pytest.raises(StoreError, match="departures 2013-05-05"):
        replace(RECORD, components={"x": value}).to_json()


def changed(**changes: Any) -> bytes:
    return json.dumps({**json.loads(RECORD.to_json()), **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe",
        b"[]",
        b"null",
        b"3",
        b"{}",
        b"[" * 100_000,
        RECORD.to_json()[:-1],
        changed(format_version=2),
        changed(format_version=None),
        changed(rows="3"),
        changed(rows=True),
        changed(rows=None),
        changed(key=3),
        changed(files=None),
        changed(files=[{}]),
        changed(files=[3]),
        changed(files=[{"hash": "a", "size": 1, "rows": "x", "buckets": []}]),
        changed(files=[{"hash": "a", "size": 1, "rows": 1, "buckets": [[0, 0, 1]]}]),
        changed(schema=[["a", "string"]]),
        changed(schema=[["a", "string", 1]]),
        changed(components=[]),
        changed(something_more=1),
    ],
)
def test_nonsense_is_no_record(data: bytes) -> None:
    with pytest.raises(StoreError, match="no record"):
        Record.from_json(data)


def test_a_record_without_a_field_is_no_record() -> None:
    fields = json.loads(RECORD.to_json())
    for name in fields:
        with pytest.raises(StoreError):
            Record.from_json(json.dumps({k: v for k, v in fields.items() if k != name}).encode())
