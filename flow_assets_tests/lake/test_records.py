"""A record survives JSON, and nothing else passes for one."""

import json
from dataclasses import replace
from typing import Any

import pytest

from flow_assets.errors import StoreError
from flow_assets.lake import Record


def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert Record.from_json(record.to_json()) == record


def test_a_record_of_before_there_were_previews_has_none(record: Record) -> None:
    fields = json.loads(record.to_json())
    del fields["preview"]
    assert Record.from_json(json.dumps(fields).encode()) == replace(record, preview="")


def test_equal_records_have_equal_bytes(record: Record) -> None:
    other = replace(record, producer=dict(reversed(record.producer.items())))
    assert list(other.producer) != list(record.producer)
    assert other.to_json() == record.to_json()


def test_the_json_states_its_format_version(record: Record) -> None:
    assert json.loads(record.to_json())["format_version"] == 1


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()], ids=["nan", "set", "object"])
def test_what_is_no_json_is_refused_with_the_partition(record: Record, value: Any) -> None:
    with pytest.raises(StoreError, match="departures 2013-05-05"):
        replace(record, components={"x": value}).to_json()


@pytest.mark.parametrize("data", [b"", b"\x00" * 99, b"\xff\xfe", b"[]", b"null", b"3", b"{}", b"[" * 100_000])
def test_nonsense_is_no_record(data: bytes) -> None:
    with pytest.raises(StoreError, match="no record"):
        Record.from_json(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": 2},
        {"format_version": None},
        {"rows": "3"},
        {"rows": True},
        {"rows": None},
        {"key": 3},
        {"files": None},
        {"files": [{}]},
        {"files": [3]},
        {"files": [{"hash": "a", "size": 1, "rows": "x", "buckets": []}]},
        {"files": [{"hash": "a", "size": 1, "rows": 1, "buckets": [[0, 0, 1]]}]},
        {"schema": [["a", "string"]]},
        {"schema": [["a", "string", 1]]},
        {"components": []},
        {"preview": None},
        {"something_more": 1},
    ],
    ids=str,
)
def test_a_record_with_one_wrong_field_is_no_record(record: Record, changes: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="no record"):
        Record.from_json(json.dumps({**json.loads(record.to_json()), **changes}).encode())


def test_a_record_without_one_of_its_fields_is_no_record(record: Record) -> None:
    fields = json.loads(record.to_json())
    for name in set(fields) - {"preview", "checks", "states", "quarantine"}:
        with pytest.raises(StoreError, match="no record"):
            Record.from_json(json.dumps({k: v for k, v in fields.items() if k != name}).encode())
