import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from flow_assets.materialization.skin.shards import Shards

INSERT = text("INSERT INTO numbers VALUES (:number)")


def make(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (number INTEGER UNIQUE)")


@pytest.fixture
def shards() -> Iterator[Shards]:
    made = Shards(limit=3)
    yield made
    made.close()


def add(shards: Shards, path: Path, number: int) -> None:
    with shards.transaction(path, lambda: make(path)) as connection:
        connection.execute(INSERT, {"number": number})


def numbers(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY number")]


def open_files(folder: Path) -> set[str]:
    return {Path(file.path).name for file in psutil.Process().open_files() if Path(file.path).parent == folder}


def test_the_files_least_recently_used_are_closed(shards: Shards, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.db" for number in range(6)]
    for path in (*paths[:3], paths[0], *paths[3:]):
        add(shards, path, len(open_files(tmp_path)))
        add(shards, paths[0], 1000 + int(path.stem) + len(numbers(paths[0])) * 10)
    assert {name for name in open_files(tmp_path) if name.endswith(".db")} == {"0.db", "4.db", "5.db"}
    add(shards, paths[1], 77)
    assert 77 in numbers(paths[1])


def test_a_file_in_use_stays_open_however_many_others_are_asked_for(shards: Shards, tmp_path: Path) -> None:
    path = tmp_path / "used.db"
    with shards.transaction(path, lambda: make(path)) as connection:
        connection.execute(INSERT, {"number": 1})
        for number in range(5):
            add(shards, tmp_path / f"{number}.db", number)
        connection.execute(INSERT, {"number": 2})
    assert numbers(path) == [1, 2]


def test_what_is_asked_for_inside_joins_and_fails_with_it(shards: Shards, tmp_path: Path) -> None:
    path = tmp_path / "joined.db"
    add(shards, path, 0)

    def add_one_and_one_again() -> None:
        with shards.transaction(path, lambda: make(path)):
            add(shards, path, 1)
            assert numbers(path) == [0]
            add(shards, path, 0)

    with pytest.raises(IntegrityError):
        add_one_and_one_again()
    assert numbers(path) == [0]
    add(shards, path, 2)
    assert numbers(path) == [0, 2]


def test_a_file_that_was_deleted_or_replaced_is_made_anew(shards: Shards, tmp_path: Path) -> None:
    path, other = tmp_path / "here.db", tmp_path / "other.db"
    add(shards, path, 1)
    for file in tmp_path.glob("here.db*"):
        file.unlink()
    add(shards, path, 2)
    assert numbers(path) == [2]
    make(other)
    for file in tmp_path.glob("here.db*"):
        file.unlink()
    other.rename(path)
    add(shards, path, 3)
    assert numbers(path) == [3]


def test_another_process_sees_a_transaction_when_it_ends(shards: Shards, tmp_path: Path) -> None:
    path = tmp_path / "seen.db"
    with shards.transaction(path, lambda: make(path)) as connection:
        connection.execute(INSERT, {"number": 1})
        assert numbers(path) == []
    assert numbers(path) == [1]
