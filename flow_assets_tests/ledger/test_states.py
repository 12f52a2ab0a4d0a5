import pytest
from sqlalchemy import Engine

from flow_assets.errors import StoreError
from flow_assets.ledger import Claims, Holdings, PartitionStates, Publication, States, replace_states
from flow_assets.ledger.database import transaction


def publish(engine: Engine, content: str, *partitions: str, dataset: str = "d") -> None:
    with Claims(engine, "local") as claims:
        claims.take(dataset, partitions)
        made = [Publication(dataset, p, "computed", "", "key", content, None, "h 1 e", 3, 1) for p in partitions]
        Holdings(engine, "local").publish(made, "run", claims.owner.owner)


@pytest.fixture
def states(engine: Engine) -> States:
    publish(engine, "one", "a", "b", "c")
    return States(engine, "local")


def test_states_are_those_of_the_content_that_is_published(engine: Engine, states: States) -> None:
    states.keep("d", {"a": ("one", b"1"), "b": ("one", b"2")})
    assert states.current("d") == {"a": b"1", "b": b"2"}
    assert states.current("d", ["b", "c"]) == {"b": b"2"}
    assert states.current("d", []) == {}
    publish(engine, "two", "a")
    assert states.current("d") == {"b": b"2"}
    publish(engine, "one", "a")  # the same content again
    assert states.current("d") == {"a": b"1", "b": b"2"}


def test_states_replace_those_before(states: States) -> None:
    states.keep("d", {"a": ("one", b"1"), "b": ("one", b"2")})
    states.keep("d", {"a": ("one", b"3")})
    assert states.current("d") == {"a": b"3", "b": b"2"}


def test_states_of_what_was_published_before_never_replace_those_of_what_is(engine: Engine, states: States) -> None:
    publish(engine, "two", "a")
    states.keep("d", {"a": ("two", b"new")})
    states.keep("d", {"a": ("one", b"old"), "nothing": ("one", b"old"), "b": ("one", b"2")})
    assert states.current("d") == {"a": b"new", "b": b"2"}


def test_environments_and_datasets_know_nothing_of_each_other(engine: Engine, states: States) -> None:
    publish(engine, "one", "a", dataset="other")
    states.keep("d", {"a": ("one", b"1")})
    states.keep("other", {"a": ("one", b"2")})
    assert states.current("other") == {"a": b"2"}
    assert States(engine, "staging").current("d") == {}
    States(engine, "staging").keep("d", {"a": ("one", b"3")})
    assert states.current("d") == {"a": b"1"}


def test_states_are_part_of_the_transaction_that_publishes(engine: Engine, states: States) -> None:
    items = [PartitionStates("d", "a", "one", b"1"), PartitionStates("d", "b", "one", b"")]
    broken = [PartitionStates("d", "a", None, b"1")]  # type: ignore[arg-type]
    with transaction(engine) as connection:
        replace_states(connection, "local", items)
        connection.rollback()
    with pytest.raises(StoreError), transaction(engine) as connection:
        replace_states(connection, "local", [*items, *broken])
    assert states.current("d") == {}
    with transaction(engine) as connection:
        replace_states(connection, "local", items)
    assert states.current("d") == {"a": b"1"}  # nothing was gathered of b


def test_many_partitions_at_once(engine: Engine) -> None:
    keys = [f"{number:05}" for number in range(1200)]
    publish(engine, "one", *keys)
    states = States(engine, "local")
    states.keep("d", {key: ("one", key.encode()) for key in keys})
    assert states.current("d", keys) == states.current("d") == {key: key.encode() for key in keys}
