import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flow_assets.errors import StoreError
from flow_assets.ledger import Claims, Failure, Holdings, Kpi, Publication, open_database
from flow_assets.ledger.database import reading, transaction
from flow_assets.ledger.tables import kpis

KPI = Kpi("code", 1.0, 0.5, 2**33, 10, 20, 30, 40, 2)


def publication(partition: str, key: str = "key", dataset: str = "d", kpi: Kpi | None = KPI) -> Publication:
    return Publication(dataset, partition, "computed", "never computed", key, f"content {key}", "s", "h 1 e", 3, 1, kpi)


def failure(partition: str, key: str = "key") -> Failure:
    return Failure("d", partition, key, "ComputeError", "it broke", is_retryable=False)


@pytest.fixture
def holdings(engine: Engine) -> Holdings:
    return Holdings(engine, "local")


def test_what_is_published_is_current_and_the_former_is_history(engine: Engine, holdings: Holdings) -> None:
    with Claims(engine, "local") as claims:
        claims.take("d", ["a", "b"])
        publications = [publication("a"), publication("b", kpi=None)]
        assert holdings.publish(publications, "run 1", claims.owner.owner) == {("d", "a"), ("d", "b")}
        claims.take("d", ["a"])
        holdings.publish([replace(publication("a", "key 2"), change="restored")], "run 2", claims.owner.owner)
    current = holdings.current("d")
    assert {partition: held.key for partition, held in current.items()} == {"a": "key 2", "b": "key"}
    assert (current["a"].rows, current["a"].source_hash, current["a"].blobs) == (3, "s", "h 1 e")
    assert [(h.change, h.key, h.run_id) for h in holdings.history("d", "a")] == [
        ("restored", "key 2", "run 2"),
        ("computed", "key", "run 1"),
    ]
    assert holdings.current("d", ["b", "c"]).keys() == {"b"}
    assert holdings.totals()["d"][:2] == (6, 2)
    with reading(engine) as connection:
        rows = connection.execute(kpis.select()).all()
    assert [(row.partition, row.wall_seconds, row.peak_memory_bytes) for row in rows] == [
        ("a", 1.0, 2**33),
        ("a", 1.0, 2**33),
    ]


def test_a_batch_is_published_as_a_whole_or_not_at_all(engine: Engine, holdings: Holdings) -> None:
    with Claims(engine, "local") as claims:
        claims.take("d", ["a", "b"])
        broken = replace(publication("b"), content_hash=None)  # type: ignore[arg-type]
        with pytest.raises(StoreError, match="cannot be used"):
            holdings.publish([publication("a"), broken], "run", claims.owner.owner)
        assert holdings.current("d") == {}
        assert holdings.history("d", "a") == []
        assert claims.take("d", ["a", "b"]) == set()  # still its own


def test_readers_see_all_of_a_publication_or_nothing(path: Path, engine: Engine, holdings: Holdings) -> None:
    with Claims(engine, "local") as claims:
        claims.take("d", ["a", "b"])
        with reading(engine) as connection:
            connection.execute(kpis.select()).all()  # a read that began before
            holdings.publish([publication("a"), publication("b")], "run", claims.owner.owner)
            assert connection.exec_driver_sql("SELECT count(*) FROM holdings").scalar() == 0
    assert len(Holdings(open_database(path), "local").current("d")) == 2


def test_what_a_lost_claim_came_to_is_dropped(engine: Engine, holdings: Holdings) -> None:
    with Claims(engine, "local") as loser, Claims(engine, "local") as winner:
        loser.take("d", ["a", "b"])
        loser.give_up("d", ["a"])
        winner.take("d", ["a"])
        assert holdings.publish([publication("a"), publication("b")], "run", loser.owner.owner) == {("d", "b")}
        assert holdings.fail([failure("a")], "run", loser.owner.owner) == set()
        assert loser.take("d", ["a"]) == set()  # the winner's claim stands
        assert holdings.failures("d") == {}
        assert holdings.publish([publication("a", "winner's")], "run", winner.owner.owner) == {("d", "a")}
    assert holdings.current("d")["a"].key == "winner's"


def test_a_failure_leaves_what_is_current_and_ends_with_a_publication(engine: Engine, holdings: Holdings) -> None:
    with Claims(engine, "local") as claims:
        claims.take("d", ["a"])
        holdings.publish([publication("a")], "run", claims.owner.owner)
        for key in ("key 2", "key 3"):
            claims.take("d", ["a"])
            assert holdings.fail([failure("a", key)], "run", claims.owner.owner) == {("d", "a")}
            assert holdings.failures("d", ["a"]) == {"a": failure("a", key)}
        assert holdings.current("d")["a"].key == "key"
        assert claims.take("d", ["a"]) == {"a"}  # a failure gives the claim up
        holdings.publish([publication("a", "key 4")], "run", claims.owner.owner)
        assert holdings.failures("d") == {}


def test_environments_know_nothing_of_each_other(engine: Engine, holdings: Holdings) -> None:
    other = Holdings(engine, "staging")
    with Claims(engine, "local") as claims:
        claims.take("d", ["a"])
        assert other.publish([publication("a")], "run", claims.owner.owner) == set()
        holdings.publish([publication("a")], "run", claims.owner.owner)
    assert (other.current("d"), other.history("d", "a"), other.totals()) == ({}, [], {})


def test_many_partitions_at_once(engine: Engine, holdings: Holdings) -> None:
    names = [f"{number:05}" for number in range(1200)]
    with Claims(engine, "local") as claims:
        claims.take("d", names)
        holdings.publish([publication(name) for name in names], "run", claims.owner.owner)
        claims.take("d", names)
        holdings.fail([failure(name) for name in names], "run", claims.owner.owner)
        claims.take("d", names)
        claims.give_up("d", names)
    assert len(holdings.current("d")) == len(holdings.failures("d")) == 1200
    holdings.remember_landed_files(dict.fromkeys(names, ("1", "x")))
    holdings.remember_landed_files(dict.fromkeys(names, ("2", "y")))
    assert holdings.landed_files() == dict.fromkeys(names, ("2", "y"))
    holdings.verified("d", {names[0]: "h 2 f"})
    assert {held.blobs for held in holdings.current("d", names[:2]).values()} == {"h 2 f", "h 1 e"}


@pytest.mark.parametrize("content", [b"no ledger", b"SQLite format 3\0 broken" * 9])
def test_a_file_that_is_no_ledger(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"The ledger .*ledger.sqlite cannot be used: .*permissions"):
        open_database(path)


def test_a_ledger_that_was_damaged_meanwhile(path: Path, engine: Engine, holdings: Holdings) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE holdings")
    connection.close()
    with pytest.raises(StoreError, match="no such table"):
        holdings.current("d")
    with pytest.raises(StoreError, match="no such table"), transaction(engine) as inside:
        inside.exec_driver_sql("SELECT * FROM holdings")
