"""Where columns come from: the flights' datasets by hand, the rest by what must hold of each."""

import functools
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from pydantic import BaseModel

from flow_assets.declaration import (
    DailyPartitions,
    Dataset,
    DatasetGraph,
    DatasetSchema,
    PartitionContext,
    StaticPartitions,
    dataset,
    find_datasets,
    landed,
)
from flow_assets.declaration.schema import Int64, column
from flow_assets.materialization.lineage import column_lineage, worded_query
from flow_assets.memo.key import make_config
from flow_assets_tests.materialization.test_resolve import scanned
from flow_assets_tests.sandbox import Sandbox

Relation = duckdb.DuckDBPyRelation
GRAPH = find_datasets("flow_assets.datasets")
EACH = pytest.mark.parametrize("found", GRAPH.datasets.values(), ids=lambda found: found.name)

BY_HAND = """
departures.flight_date <- raw_flights.day raw_flights.month raw_flights.year
departures.scheduled_departure_utc <- raw_flights.minute raw_flights.time_hour
departures.is_diverted <- raw_flights.arr_delay raw_flights.dep_delay
hourly_weather.known_utc <- raw_weather.time_hour
hourly_weather.wind_direction_degrees <- raw_weather.wind_dir raw_weather.wind_speed
carrier_history.origin <- departures.origin
airport_congestion.origin_departures_on_day <- departures.flight_date departures.origin
airport_congestion.city_departures_within_30_minutes <- departures.flight_date departures.scheduled_departure_utc
carrier_reliability.flight_date <-
carrier_reliability.carrier <- raw_airlines.carrier
carrier_reliability.carrier_late_share_28_days <- departures.arrival_delay_minutes
carrier_reliability.carrier_cancelled_share_28_days <- departures.carrier departures.is_cancelled
aircraft_rotation.previous_destination <- departures.destination
aircraft_rotation.previous_scheduled_minutes_before <- departures.scheduled_departure_utc
aircraft_rotation.tail_number <- departures.tail_number
delay_training_set.is_late <- departures.arrival_delay_minutes
delay_training_set.plane_age_years <- departures.flight_date raw_planes.year
delay_training_set.previous_status <- aircraft_rotation.previous_status
delay_training_set.carrier_late_share_28_days <- carrier_reliability.carrier_late_share_28_days
delay_training_set.temperature_fahrenheit <- weather_at_departure.temperature_fahrenheit
weather_at_departure.temperature_fahrenheit <-
raw_flights.carrier <-
"""


@functools.cache
def lineage(name: str) -> dict[str, tuple[tuple[str, str], ...]]:
    return dict(column_lineage(GRAPH.get(name), GRAPH, make_config(GRAPH.get(name), {})))


@pytest.mark.parametrize("line", BY_HAND.strip().splitlines())
def test_a_column_comes_from_where_its_query_says(line: str) -> None:
    target, _, sources = line.partition(" <-")
    name, _, wanted = target.partition(".")
    assert " ".join(map(".".join, lineage(name).get(wanted, ()))) == sources.strip()


@EACH
def test_every_source_is_a_column_of_an_input(found: Dataset) -> None:
    declared = {name: {c.name for c in GRAPH.get(name).schema.columns()} for name in found.ins}
    for name, sources in lineage(found.name).items():
        assert name in {c.name for c in found.schema.columns()}
        assert sources
        assert list(sources) == sorted(set(sources))
        assert all(source in declared[dataset_name] for dataset_name, source in sources)


@EACH
def test_duckdb_reads_every_source_of_a_column(found: Dataset) -> None:
    query = worded_query(found, make_config(found, {}))
    if query is None:
        assert not lineage(found.name)
        return
    assert len(lineage(found.name)) >= len(found.schema.columns()) - 1
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in found.ins:
            columns = GRAPH.get(name).schema.columns()
            values = ", ".join(f'CASE WHEN n % 5 > 0 THEN {_VALUES[c.type]} END AS "{c.name}"' for c in columns)
            connection.execute(f"CREATE TABLE {name} AS SELECT {values} FROM range(20) t(n)")
        for name, sources in lineage(found.name).items():
            assert set(sources) <= scanned(connection, f'SELECT "{name}" FROM ({query.sql})')


_VALUES = {
    pa.bool_(): "n % 2 = 0",
    pa.string(): "'a' || n",
    pa.int16(): "n::SMALLINT",
    pa.int32(): "n::INTEGER",
    pa.int64(): "n",
    pa.float64(): "n::DOUBLE",
    pa.date32(): "DATE '2013-01-01' + n::INTEGER",
    pa.timestamp("us", "UTC"): "TIMESTAMPTZ '2013-01-01 00:00:00Z' + to_hours(n)",
}


def test_a_query_worded_by_helpers_is_followed_as_it_is_asked(sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        found = {name: column_lineage(d, project.graph) for name, d in project.graph.datasets.items()}
    assert found == {
        "raw_readings": {},
        "readings": {"meter": (("raw_readings", "meter"),), "deciwatts": (("raw_readings", "watts"),)},
        "trends": {
            "day": (("readings", "day"),),
            "meter": (("readings", "meter"),),
            "total_deciwatts": (("readings", "deciwatts"),),
        },
        "meters_seen": {},
    }


class Numbers(DatasetSchema):
    n: Int64 = column("A number")


class Factor(BaseModel):
    column: str = "n"


TABLE = "numbers"
CALLED: list[str] = []


@dataset(schema=Numbers, sort_by=["n"], source=landed("numbers.csv"))
def numbers(lines: pa.Table) -> pa.Table:
    return lines


def made(function: Callable[..., Any], **options: Any) -> dict[str, Any]:
    declared = dataset(schema=Numbers, sort_by=["n"], **options)(function)
    return dict(column_lineage(declared, DatasetGraph.of([numbers, declared]), make_config(declared, {})))


def by_config(numbers: Relation, config: Factor) -> Relation:
    expression = f"{config.column} * 2"
    return numbers.query("theirs", f"SELECT {expression} AS n FROM theirs")


def by_context(numbers: Relation, context: PartitionContext) -> Relation:
    """Words the query for one partition."""
    return numbers.query("numbers", f"SELECT n + {len(context.partition_key)} AS n FROM numbers")


def by_window(numbers: Relation, context: PartitionContext) -> Relation:
    return numbers.query("numbers", f"SELECT n FROM numbers WHERE n < {context.end.timestamp()}")


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (by_config, {}),
        (by_context, {"partitions": StaticPartitions(["a"]), "ins": {}}),
        (by_window, {"partitions": DailyPartitions("2013-01-01"), "ins": {}}),
    ],
)
def test_config_and_partition_are_given_to_the_function(function: Callable[..., Any], options: dict[str, Any]) -> None:
    assert made(function, **options) == {"n": (("numbers", "n"),)}


def filters_first(numbers: Relation) -> Relation:
    return numbers.filter("n > 1").query("numbers", "SELECT n FROM numbers")


def filters_after(numbers: Relation) -> Relation:
    return numbers.query("numbers", "SELECT n FROM numbers").filter("n > 1")


def asks_twice(numbers: Relation) -> Relation:
    twice = numbers.query("numbers", "SELECT n * 2 AS n FROM numbers")  # noqa: F841  DuckDB finds it
    return numbers.query("numbers", "SELECT n FROM twice")


def calls_what_it_is_not_to_call(numbers: Relation) -> Relation:
    CALLED.append("it was called")
    return numbers.query("numbers", "SELECT n FROM numbers")


def loops(numbers: Relation) -> Relation:
    while True:
        CALLED.append("it was called")


def fails(numbers: Relation) -> Relation:
    name = str(1 / 0)
    return numbers.query("numbers", f"SELECT n AS {name} FROM numbers")


def reads_a_global(numbers: Relation) -> Relation:
    return numbers.query("theirs", "SELECT n FROM TABLE_OF_MODULE")


def reads_a_file(numbers: Relation) -> Relation:
    return numbers.query("numbers", "SELECT n FROM 'numbers.parquet'")


def misspells(numbers: Relation) -> Relation:
    return numbers.query("numbers", "SELECT m AS n FROM numbers")


def writes(numbers: Relation) -> Relation:
    return numbers.query("numbers", "CREATE TABLE other AS SELECT n FROM numbers")


def of_pandas(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers.query("n > 1")


def of_arrow(numbers: pa.Table) -> pa.Table:
    return numbers


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        CALLED.append("it was called")
        return function(*args, **kwargs)

    return wrapper


@wrapped
def decorated(numbers: Relation) -> Relation:
    return numbers.query("numbers", "SELECT n FROM numbers")


TABLE_OF_MODULE = pa.table({"n": [1]})

DOES_MORE = [
    filters_first,
    filters_after,
    asks_twice,
    calls_what_it_is_not_to_call,
    loops,
    fails,
    reads_a_global,
    reads_a_file,
    misspells,
    writes,
    of_pandas,
    of_arrow,
    decorated,
]


@pytest.mark.parametrize("function", DOES_MORE)
def test_of_a_function_that_does_more_than_to_word_a_query_nothing_is_said(function: Callable[..., Any]) -> None:
    assert made(function) == {}
    assert not CALLED


def test_nothing_is_said_before_there_is_a_partition() -> None:
    declared = dataset(schema=Numbers, sort_by=["n"], partitions=DailyPartitions("2999-01-01"))(by_context)
    assert column_lineage(declared, DatasetGraph.of([numbers, declared])) == {}
