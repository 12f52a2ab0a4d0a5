"""Which rows are loaded, of which version; and reading one key of a bucketed dataset."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flow_assets.errors import DefinitionError, FlowError, SelectionError, StoreError
from flow_assets.lake import bucket_of
from flow_assets.materialization.loader import load_key
from flow_assets.materialization.project import Project
from flow_assets_tests.sandbox import DAYS, Sandbox

DAY = '''"""A day."""
import pyarrow as pa
from flow_assets import DatasetSchema, Int64, column, dataset

class Day(DatasetSchema):
    number: Int64 = column("Number")

@dataset(schema=Day, sort_by=["number"])
def day() -> pa.Table:
    return pa.table({"number": [1]})
'''

LETTERS = '''"""Letters."""
import pyarrow as pa
from flow_assets import DatasetSchema, PartitionContext, StaticPartitions, String, column, dataset

class Letters(DatasetSchema):
    letter: String = column("Letter")

@dataset(schema=Letters, sort_by=["letter"], partitions=StaticPartitions(["a", "b", "c"]), partition_column="letter")
def letters(context: PartitionContext) -> pa.Table:
    return pa.table({"letter": [context.partition_key]})
'''


def files_of(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("partitions", "chosen"),
    [
        (None, DAYS),
        (DAYS[2], DAYS[2:3]),
        (f"{DAYS[1]}..{DAYS[3]}", DAYS[1:4]),
        ([DAYS[4], DAYS[0]], (DAYS[0], DAYS[4])),
        ((DAYS[1],), (DAYS[1],)),
    ],
)
def test_partitions_are_a_range_a_key_or_a_list(finished: Sandbox, partitions: Any, chosen: tuple[str, ...]) -> None:
    loaded = finished.load(partitions=partitions)
    assert (loaded.partitions, loaded.absent) == (chosen, ())
    assert [str(day) for day in loaded.arrow()["day"].to_pylist()[::3]] == list(chosen)


def test_what_a_range_lacks_is_said_and_what_is_named_must_be_there(sandbox: Sandbox) -> None:
    sandbox.run("readings", partitions=f"{DAYS[1]}..{DAYS[2]}")
    loaded = sandbox.load(partitions=f"{DAYS[0]}..{DAYS[3]}")
    assert (loaded.partitions, loaded.absent) == (DAYS[1:3], (DAYS[0], DAYS[3]))
    assert f"{DAYS[1]} .. {DAYS[2]} (2 partitions) (2 more are not published), 6 rows" in str(loaded)
    for partitions in (DAYS[0], [DAYS[0], DAYS[1]], f"{DAYS[3]}..{DAYS[4]}"):
        with pytest.raises(SelectionError, match=r"nothing of 2024-.* is published; make it with: flow run readings"):
            sandbox.load(partitions=partitions)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "reading"}, "There is no dataset 'reading'. Did you mean 'readings'?"),
        ({"columns": ["metre"]}, "readings has no column metre; did you mean 'meter'?"),
        ({"columns": ["xyz", "day"]}, "readings has no column xyz; it has day, meter, deciwatts."),
        ({"columns": []}, "name at least one column, and each once"),
        ({"columns": ["day", "day"]}, "name at least one column, and each once"),
        ({"partitions": "2024-03-06"}, "readings has no partition 2024-03-06; did you mean '2024-03-0"),
        ({"partitions": "2024-03-01..x"}, "readings has no partition x; there are 2024-03-01..2024-03-05."),
        ({"partitions": []}, "readings has no partition ; there are"),
        ({"partitions": f"{DAYS[2]}..{DAYS[1]}"}, f"{DAYS[2]} comes after {DAYS[1]}; turn them round."),
        ({"name": "meters_seen", "partitions": DAYS[0]}, "meters_seen has no partitions; leave `partitions` out."),
    ],
    ids=str,
)
def test_what_does_not_exist_is_said(finished: Sandbox, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SelectionError) as error:
        finished.load(**options)
    assert said in str(error.value)


def test_one_line_says_what_was_loaded(finished: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    loaded = finished.load(quiet=False)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"flow_assets: {loaded}\n")
    finished.load()
    assert capsys.readouterr().err == ""


def test_where_there_is_no_data_none_is_made(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SelectionError, match=r"Nothing of readings is published in .*: flow run readings"):
        sandbox.load()
    assert {path.name for path in sandbox.data.iterdir()} == {"landing"}
    shutil.rmtree(sandbox.data)
    for version in (None, "abc"):
        with pytest.raises(StoreError, match=r"There is no data at .*; make it with `flow run`, or name its folder in"):
            sandbox.load(version=version)
    assert not sandbox.data.exists()


def test_a_version_is_asked_for_again_after_everything_has_changed(done: Sandbox) -> None:
    old = done.load()
    rows = old.arrow()
    done.land(DAYS[1], "meter,watts,note\nz,7,\n")
    done.edit("helpers.py", "FACTOR = 10", "FACTOR = 11")
    done.edit("readings.py", "meter: String", 'unit: String = column("Of what")\n    meter: String')
    done.edit("readings.py", "AS day, meter", "AS day, 'W' AS unit, meter")
    done.run()
    new = done.load()
    assert new.version != old.version
    assert new.arrow() != rows
    for asked in (old.version, old.version[:6]):
        again = done.load(version=asked)
        assert (again.version, again.arrow(), again.partitions) == (old.version, rows, old.partitions)
    some = done.load(version=old.version, partitions=DAYS[1], where="meter = 'b'", columns=["deciwatts"])
    assert some.arrow().to_pydict() == {"deciwatts": [40]}
    with pytest.raises(SelectionError, match="readings has no column unit"):
        done.load(version=old.version, columns=["unit"])


def test_a_version_names_all_that_is_published_and_nothing_else(done: Sandbox) -> None:
    version = done.load().version
    assert done.load(partitions=DAYS[0], columns=["day"], where="meter = 'a'").version == version
    done.run("readings", force=["readings"])
    assert done.load().version == version
    assert done.load("trends").version != version


def test_a_version_outlives_the_ledger(done: Sandbox) -> None:
    old = done.load()
    for file in done.data.glob("ledger.sqlite*"):
        file.unlink()
    assert done.load(version=old.version).arrow() == old.arrow()
    assert not list(done.data.glob("ledger.sqlite*"))
    with pytest.raises(SelectionError, match="Nothing of readings is published"):
        done.load()
    done.run()
    assert done.load().version == old.version


def test_a_version_is_known_wherever_the_store_is_shared(done: Sandbox, tmp_path: Path) -> None:
    old = done.load()
    other = Sandbox(tmp_path / "other", package="elsewhere", files={"__init__.py": "", "day.py": DAY})
    other.data.mkdir()
    (other.data / "store").symlink_to(done.data / "store")
    again = other.load(version=old.version)  # of a dataset that its code does not even declare
    assert again.arrow() == old.arrow()
    assert other.load(version=old.version, partitions=f"{DAYS[0]}..{DAYS[1]}").arrow() == old.arrow().slice(0, 6)


def test_what_was_loaded_before_is_loaded_again_without_writing(done: Sandbox) -> None:
    version = done.load().version
    before = files_of(done.data / "store")
    assert done.load().version == done.load(version=version).version == version
    assert files_of(done.data / "store") == before


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("readings", "zz", r"There is no version 'zz' of readings in .*; there are: \w{12}\.$"),
        ("trends", "zz", "there are: none; loading without `version` makes one of what is published"),
        ("trends", None, r"The version \w{12} is one of readings, not of trends\."),
    ],
)
def test_versions_that_cannot_be_had(done: Sandbox, name: str, asked: str | None, said: str) -> None:
    version = done.load().version
    with pytest.raises(SelectionError, match=said):
        done.load(name, version=asked or version)


def test_the_beginning_of_a_version_s_name_must_tell_it_from_others(done: Sandbox) -> None:
    names = {done.load(name).version for name in ("readings", "trends", "meters_seen", "raw_readings")}
    assert len(names) == 4
    with pytest.raises(SelectionError, match=r"There is no version '' of readings"):
        done.load(version="")
    first = done.load().version
    folder = done.data / "store" / "versions"
    shutil.copy(next(folder.glob(f"{first}*")), folder / f"{first[:8]}{'0' * 56}.json")
    with pytest.raises(SelectionError, match=rf"Several versions begin with {first[:8]}: .*; give more digits"):
        done.load(version=first[:8])
    with pytest.raises(FlowError, match="cannot be read"):
        done.load(version=f"{first[:8]}0000")


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


def test_a_version_keeps_its_order_when_the_keys_are_declared_in_another(sandbox: Sandbox) -> None:
    sandbox.write("letters.py", LETTERS)
    sandbox.run("letters")
    old = sandbox.load("letters")
    sandbox.edit("letters.py", '["a", "b", "c"]', '["c", "b", "a", "d"]')
    for partitions in ("a..b", ["b", "a"], ("a", "b")):
        again = sandbox.load("letters", version=old.version, partitions=partitions)
        assert again.arrow().to_pylist() == old.arrow().slice(0, 2).to_pylist()
    sandbox.edit("letters.py", '["c", "b", "a", "d"]', '["a", "b", "between", "c"]')
    assert sandbox.load("letters", version=old.version, partitions="b..c").absent == ("between",)
