"""Reading one key of a bucketed dataset: one bucket of each partition, whatever lies in the others."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flow_assets.errors import DefinitionError, SelectionError
from flow_assets.lake import bucket_of
from flow_assets.materialization.loader import load_key
from flow_assets.materialization.project import Project
from flow_assets_tests.sandbox import DAYS, Sandbox


def _scramble_other_buckets(project: Project, day: str, bucket: int) -> int:
    """Overwrite the row groups of all other buckets with zeros; returns how many there were."""
    record = project.store.get_record(project.holdings.current("readings")[day].key)
    assert record
    others = 0
    for file in record.files:
        path = project.store.local_path(file.hash)
        data = bytearray(path.read_bytes())
        for span in file.buckets:
            if span.bucket != bucket:
                others += 1
                _zero(data, path, span.row_group)
        path.write_bytes(data)
    return others


def _zero(data: bytearray, path: Path, row_group: int) -> None:
    group = pq.read_metadata(path).row_group(row_group)
    for number in range(group.num_columns):
        chunk = group.column(number)
        start = chunk.dictionary_page_offset or chunk.data_page_offset
        data[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)


def test_one_key_opens_one_bucket_of_each_partition(sandbox: Sandbox) -> None:
    sandbox.run("readings")
    with sandbox.project() as project:
        buckets = project.graph.get("readings").buckets
        assert buckets
        assert sum(_scramble_other_buckets(project, day, bucket_of("b", buckets)) for day in DAYS) >= len(DAYS)
        table = load_key(project, "readings", "b")
    assert [str(day) for day in table["day"].to_pylist()] == list(DAYS)
    assert set(table["meter"].to_pylist()) == {"b"}
    assert table["deciwatts"].to_pylist() == [int(day[-2:]) * 20 for day in DAYS]


def test_partitions_and_columns_narrow_it_down(sandbox: Sandbox) -> None:
    sandbox.run("readings")
    with sandbox.project() as project:
        table = load_key(project, "readings", "a", f"{DAYS[1]}..{DAYS[2]}", ["deciwatts"])
        absent = load_key(project, "readings", "nobody", columns=["meter"])
    assert table.to_pydict() == {"deciwatts": [20, 30]}
    assert absent.to_pydict() == {"meter": []}


def test_rows_without_a_key_have_a_bucket_of_their_own(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", '"Name of the meter"', '"Name of the meter", nullable=True')
    sandbox.edit("raw_readings.py", '"Name of the meter"', '"Name of the meter", nullable=True')
    sandbox.land(DAYS[0], "meter,watts,note\na,1,x\n,2,y\n")
    sandbox.run("readings", partitions=DAYS[0])
    with sandbox.project() as project:
        assert load_key(project, "readings", None)["deciwatts"].to_pylist() == [20]
        assert load_key(project, "readings", "a")["deciwatts"].to_pylist() == [10]


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("trends", None, "trends has no buckets"),
        ("reading", None, "Did you mean 'readings'"),
        ("readings", ["watts"], "readings has no column watts; it has day, meter, deciwatts"),
    ],
)
def test_what_cannot_be_read_is_said(sandbox: Sandbox, name: str, columns: list[str] | None, message: str) -> None:
    with sandbox.project() as project, pytest.raises(SelectionError, match=message):
        load_key(project, name, "a", columns=columns)


def test_a_key_is_found_in_a_range_too(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", '("meter", 4)', '("meter", ["b", "d"])')
    sandbox.edit("readings.py", "hash_buckets", "range_buckets")
    sandbox.run("readings")
    with sandbox.project() as project:
        assert load_key(project, "readings", "b")["deciwatts"].to_pylist() == [int(day[-2:]) * 20 for day in DAYS]
        assert load_key(project, "readings", "e").num_rows == 0


def test_other_borders_write_a_dataset_anew_and_not_what_reads_it(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "hash_buckets", "range_buckets")
    sandbox.edit("readings.py", '("meter", 4)', '("meter", ["b", "d"])')
    sandbox.run()
    sandbox.edit("readings.py", '["b", "d"]', '["b", "c"]')
    assert sandbox.computed() == {f"readings {day}" for day in DAYS}


def test_borders_of_another_type_than_the_column_are_told_at_load(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "hash_buckets", "range_buckets")
    sandbox.edit("readings.py", '("meter", 4)', '("meter", [1, 4])')
    with (
        pytest.raises(DefinitionError, match=r"readings\.py:\d+: dataset readings: range_buckets.* of type int, but"),
        sandbox.project(),
    ):
        pass
