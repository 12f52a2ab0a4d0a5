import sqlite3
from collections.abc import Sequence

import pytest

from flow_assets.checks import states
from flow_assets.errors import LostObjectError, SelectionError
from flow_assets.insight.profile import DatasetProfile, profile_dataset
from flow_assets_tests.sandbox import DAYS, Sandbox


def profiled(sandbox: Sandbox, name: str = "readings", partitions: str | Sequence[str] | None = None) -> DatasetProfile:
    with sandbox.project() as project:
        return profile_dataset(project, name, partitions)


def test_what_was_published_is_profiled_without_reading_it(done: Sandbox) -> None:
    first = profiled(done)
    assert first.reread == 0
    assert (first.partitions, first.absent, first.profile.rows) == (DAYS, (), 15)
    columns = {column.name: column for column in first.profile.columns}
    deciwatts = columns["deciwatts"]
    assert (deciwatts.count, deciwatts.nulls, deciwatts.minimum, deciwatts.maximum) == (10, 5, 10, 100)
    assert (deciwatts.total, deciwatts.mean) == (450, 45)
    assert (columns["meter"].minimum, columns["meter"].maximum, columns["meter"].approx_distinct) == ("a", "c", 3)


def test_some_partitions_are_asked_for(done: Sandbox) -> None:
    found = profiled(done, partitions=f"{DAYS[1]}..{DAYS[2]}")
    assert (found.partitions, found.profile.partitions, found.profile.rows) == (DAYS[1:3], 2, 6)
    assert profiled(done, partitions=[DAYS[4], DAYS[0]]).partitions == (DAYS[0], DAYS[4])


def test_a_dataset_without_partitions(done: Sandbox) -> None:
    found = profiled(done, "meters_seen")
    assert (found.partitions, found.profile.partitions, found.profile.rows) == (("",), 1, 3)


def test_a_partition_that_was_published_anew_is_profiled_anew(done: Sandbox) -> None:
    done.land(DAYS[2], "meter,watts,note\na,100,x\n")
    done.run("readings")
    found = profiled(done)
    assert found.reread == 0
    assert found.profile.rows == 13
    assert next(c.maximum for c in found.profile.columns if c.name == "deciwatts") == 1000


def test_missing_states_are_made_from_the_files_once(done: Sandbox) -> None:
    published = profiled(done)
    with sqlite3.connect(done.settings.ledger) as connection:
        connection.execute("DELETE FROM states WHERE dataset = 'readings' AND partition > ?", [DAYS[1]])
    again = profiled(done)
    assert (again.reread, again.profile) == (3, published.profile)
    assert profiled(done).reread == 0


def test_states_of_another_version_are_made_again(done: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    before = profiled(done)
    monkeypatch.setattr(states, "FORMAT", b"flow_assets states 1, duckdb 99\n")
    again = profiled(done)
    assert (again.reread, again.profile) == (5, before.profile)
    assert profiled(done).reread == 0


def test_partitions_of_the_same_content_share_a_file_and_count_twice(done: Sandbox) -> None:
    lines = "meter,watts,note\na,5,x\n"
    for day in DAYS[:2]:
        done.land(day, lines)
    done.run("raw_readings")
    assert done.blobs("raw_readings", DAYS[0]) == done.blobs("raw_readings", DAYS[1])
    found = profiled(done, "raw_readings", f"{DAYS[0]}..{DAYS[1]}").profile
    assert (found.partitions, found.rows) == (2, 2)


def test_a_partition_without_rows_is_one_too(done: Sandbox) -> None:
    done.edit(
        "readings.py", "AS deciwatts FROM raw_readings", f"AS deciwatts FROM raw_readings WHERE day < '{DAYS[2]}'"
    )
    done.run("readings")
    found = profiled(done)
    assert (found.profile.partitions, found.profile.rows) == (5, 6)
    (day, *_) = profiled(done, partitions=DAYS[4]).profile.columns
    assert (day.partitions, day.rows, day.minimum, day.approx_distinct) == (1, 0, None, 0)


def test_files_of_older_declarations_are_profiled_as_they_are(done: Sandbox) -> None:
    profiled(done)
    added = '    doubled: Int64 = column("Twice the reading", nullable=True)\n'
    done.edit("readings.py", "    deciwatts: Int64", f"{added}    deciwatts: Int64")
    found = profiled(done)
    assert [c.name for c in found.profile.columns] == ["day", "meter", "deciwatts"]


def test_what_is_not_published_is_told(done: Sandbox) -> None:
    with sqlite3.connect(done.settings.ledger) as connection:
        connection.execute("DELETE FROM holdings WHERE dataset = 'readings' AND partition = ?", [DAYS[3]])
    found = profiled(done)
    assert (found.absent, found.profile.partitions) == ((DAYS[3],), 4)
    with pytest.raises(SelectionError, match="Nothing of readings is published of what was asked for; make it with"):
        profiled(done, partitions=DAYS[3])


def test_a_lost_file_is_told(done: Sandbox) -> None:
    (blob,) = done.blobs("readings", DAYS[0])
    blob.unlink()
    with sqlite3.connect(done.settings.ledger) as connection:
        connection.execute("DELETE FROM states")
    with pytest.raises(LostObjectError, match=r"is missing; the partition it belongs to will be recomputed"):
        profiled(done)


@pytest.mark.parametrize(
    ("name", "partitions", "said"),
    [
        ("readinks", None, "There is no dataset 'readinks'. Did you mean 'readings'?"),
        ("readings", "2024-03-09", "readings has no partition 2024-03-09"),
        ("readings", f"{DAYS[2]}..{DAYS[0]}", "turn them round"),
        ("meters_seen", "2024-03-01", "meters_seen has no partitions; leave --partitions out."),
    ],
)
def test_what_does_not_exist_is_told(done: Sandbox, name: str, partitions: str | None, said: str) -> None:
    with pytest.raises(SelectionError, match=said.replace("?", r"\?")):
        profiled(done, name, partitions)


def test_nothing_is_published(sandbox: Sandbox) -> None:
    with pytest.raises(SelectionError, match="Nothing of readings is published; make it with: flow run readings"):
        profiled(sandbox)
