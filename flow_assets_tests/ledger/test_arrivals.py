from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from flow_assets.ledger import Claims, Holdings, Publication
from flow_assets.ledger.arrivals import Arrival, Arrivals
from flow_assets.ledger.database import transaction
from flow_assets.ledger.tables import history
from flow_assets.ledger.times import ledger_time

FIRST, SECOND, THIRD = 1_700_000_000.5, 1_700_000_100.0, 1_700_000_200.0


def publish(
    engine: Engine, partitions: Sequence[str], at: float, run_id: str, *, change: str = "computed", where: str = "local"
) -> None:
    made = Publication("d", "", change, "test", "key", "content", None, "b 1 e", 1, 1)
    with pytest.MonkeyPatch.context() as patch, Claims(engine, where) as claims:
        patch.setattr("flow_assets.ledger.holdings.now_text", lambda: ledger_time(at))
        claims.take("d", partitions)
        Holdings(engine, where).publish([replace(made, partition=p) for p in partitions], run_id, claims.owner.owner)


def test_a_partition_came_when_it_was_published_first(engine: Engine) -> None:
    publish(engine, ["a", "b"], FIRST, "run 1")
    publish(engine, ["b", "c"], SECOND, "run 2", change="restored")
    publish(engine, ["c"], THIRD, "run 3")
    publish(engine, ["z"], FIRST - 100, "run 4", where="elsewhere")
    arrivals = Arrivals(engine, "local")
    assert arrivals.first("d") == {
        "a": Arrival(FIRST, "run 1", is_computed=True),
        "b": Arrival(FIRST, "run 1", is_computed=True),
        "c": Arrival(SECOND, "run 2", is_computed=False),
    }
    assert set(arrivals.first("d", "b")) == {"b", "c"}
    assert arrivals.published("d") == {"a", "b", "c"}
    assert arrivals.published("d", "b") == {"b", "c"}
    assert (arrivals.newest("d", "z"), arrivals.newest("d", "b"), arrivals.newest("d", "A")) == ("c", "b", None)
    assert arrivals.began_at("d") == FIRST


def test_nothing_came_of_what_was_never_published(engine: Engine) -> None:
    arrivals = Arrivals(engine, "local")
    assert (arrivals.first("d"), arrivals.published("d"), arrivals.newest("d", "z"), arrivals.began_at("d")) == (
        {},
        set(),
        None,
        None,
    )


def test_the_first_publication_counts_though_the_clock_was_set_back(engine: Engine) -> None:
    publish(engine, ["a"], SECOND, "run 1")
    publish(engine, ["a"], FIRST, "run 2")
    arrivals = Arrivals(engine, "local")
    assert arrivals.first("d")["a"].run_id == "run 1"
    assert arrivals.began_at("d") == SECOND


def test_what_is_published_without_a_history_came_nobody_knows_when(engine: Engine) -> None:
    publish(engine, ["a"], FIRST, "run 1")
    with transaction(engine) as connection:
        connection.execute(history.delete())
    arrivals = Arrivals(engine, "local")
    assert (arrivals.published("d"), arrivals.first("d"), arrivals.began_at("d")) == ({"a"}, {}, None)
