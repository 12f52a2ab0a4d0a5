"""What is missing, damaged or of another shape among the files of a version."""

from pathlib import Path

import pytest

from flow_assets.errors import LostObjectError, SchemaMismatchError
from flow_assets.materialization import versioned
from flow_assets_tests.sandbox import DAYS, Sandbox


def delete(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip_a_bit_of_a_value(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [delete, truncate, flip_a_bit_of_a_value])
@pytest.mark.parametrize("where", [None, "deciwatts >= 0"])
def test_a_lost_file_names_its_partition_and_spares_the_others(
    done: Sandbox, damage: object, where: str | None
) -> None:
    whole = done.load().arrow()
    assert callable(damage)
    damage(done.blobs("readings", DAYS[1])[0])
    with pytest.raises(LostObjectError) as error:
        done.load(where=where).arrow()
    assert str(error.value).startswith(f"readings, version {done.load(partitions=DAYS[0]).version}: files are ")
    assert f"{'missing' if damage is delete else 'damaged'} of {DAYS[1]}. " in str(error.value)
    assert done.load(partitions=f"{DAYS[2]}..{DAYS[4]}").arrow() == whole.slice(6)


def test_what_is_published_is_computed_again_and_is_the_same_version(done: Sandbox) -> None:
    before = done.load()
    rows = before.arrow()
    flip_a_bit_of_a_value(done.blobs("readings", DAYS[1])[0])
    done.run()
    again = done.load()
    assert (again.version, again.arrow()) == (before.version, rows)


def test_many_lost_partitions_are_not_all_named(done: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versioned, "_NAMED_PARTITIONS", 2)
    for dataset, partition in (("meters_seen", ""), *(("trends", day) for day in DAYS)):
        delete(done.blobs(dataset, partition)[0])
    with pytest.raises(LostObjectError, match="files are missing of 2024-03-01, 2024-03-02 and 3 more"):
        done.load("trends")
    with pytest.raises(LostObjectError, match=r"meters_seen, version \w{12}: its file is missing\. "):
        done.load("meters_seen")


def test_a_file_that_vanishes_while_it_is_read(done: Sandbox) -> None:
    batches = done.load()
    delete(done.blobs("readings", DAYS[4])[0])
    with pytest.raises(LostObjectError, match=DAYS[4]):
        list(batches.batches(2))


def test_a_column_that_only_some_partitions_have_is_null_in_the_others(done: Sandbox) -> None:
    old = done.load()
    done.edit(
        "readings.py",
        "class Readings(DatasetSchema):",
        'class Readings(DatasetSchema):\n    source: String = column("Whose")',
    )
    done.edit("readings.py", "AS day, meter", "AS day, 'radio' AS source, meter")
    done.run("readings", partitions=DAYS[4])
    mixed = done.load(columns=["day", "source", "meter"])
    assert mixed.arrow()["source"].to_pylist() == [None] * 12 + ["radio"] * 3
    assert mixed.schema.field("source").nullable
    assert not mixed.schema.field("meter").nullable
    assert list(mixed.batches(6))[2].to_pylist()[-1]["source"] == "radio"
    assert len(done.load(where="source = 'radio'")) == 3
    assert done.load(version=old.version).arrow() == old.arrow()


def test_a_column_whose_types_do_not_go_together(done: Sandbox) -> None:
    done.edit("readings.py", "deciwatts: Int64", "deciwatts: String")
    done.edit("readings.py", "{scaled('watts')} AS", "({scaled('watts')})::VARCHAR AS")
    done.run("readings", partitions=DAYS[4])
    with pytest.raises(SchemaMismatchError, match=r"readings: a column has types that do not go together .*deciwatts"):
        done.load()
    assert done.load(partitions=DAYS[4], columns=["deciwatts"]).schema.field(0).type == "string"


def test_equal_partitions_share_a_file_and_are_read_twice(done: Sandbox) -> None:
    done.land(DAYS[1], done.land(DAYS[0]).read_bytes())
    done.run("raw_readings")
    assert done.blobs("raw_readings", DAYS[0]) == done.blobs("raw_readings", DAYS[1])
    loaded = done.load("raw_readings", partitions=f"{DAYS[0]}..{DAYS[1]}")
    assert len(loaded) == len(loaded.arrow()) == 6
