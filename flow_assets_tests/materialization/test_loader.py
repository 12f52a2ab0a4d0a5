"""Which rows are loaded, and of which version."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from flow_assets.errors import FlowError, SelectionError, StoreError
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
