"""What the tests of the store share."""

from pathlib import Path

import pytest

from flow_assets.lake import BucketSpan, ObjectStore, PartitionFile, Record


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """A store in a folder that does not exist yet."""
    return ObjectStore(tmp_path / "new" / "store")


@pytest.fixture
def record() -> Record:
    """A record with something in each field."""
    spans = (BucketSpan(0, 0, 2), BucketSpan(8, 1, 1))
    return Record(
        key="ab" * 32,
        dataset="departures",
        partition="2013-05-05",
        content_hash="cd" * 32,
        rows=3,
        files=(PartitionFile("ef" * 32, 1234, 3, spans), PartitionFile("0" * 64, 9, 0, ())),
        schema=(("tail_number", "string", True), ("Flugzeug ✈", "timestamp[us, tz=UTC]", False)),
        components={"inputs": [["raw_flights", "2013-05-05", None]], "packages": {"duckdb": "2.0.0"}},
        producer={"run_id": "r1", "seconds": 0.5},
        preview="| tail\\_number |\n| --- |\n| *null* |",
    )
