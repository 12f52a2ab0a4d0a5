from collections.abc import Callable
from typing import Any

import pytest

from flow_assets_tests.datasets.driver import Tables, compute, conform, connect, graph, run_chain, source_lines


@pytest.fixture(scope="session")
def raw() -> Tables:
    """The year's raw tables, read at once; that raw functions refuse other days' lines is tested apart."""
    names = ("flights", "weather", "planes", "airports", "airlines")
    return {f"raw_{name}": conform(graph().get(f"raw_{name}"), source_lines(name)) for name in names}


@pytest.fixture(scope="session")
def year(raw: Tables) -> Tables:
    """Every dataset over the whole year, each in one call."""
    training_set = graph().get("delay_training_set")
    made = dict(run_chain(raw, training_set.partitions.keys()))
    history = graph().get("carrier_history")
    return made | {"carrier_history": compute(history, made, history.partitions.keys())}


@pytest.fixture(scope="session")
def ask(year: Tables) -> Callable[[str], list[tuple[Any, ...]]]:
    """A function that answers SQL over the year's tables."""
    connection = connect()
    for name, table in year.items():
        connection.register(name, table)
    return lambda sql: connection.execute(sql).fetchall()
