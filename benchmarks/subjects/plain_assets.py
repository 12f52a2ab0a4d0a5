"""The same thirteen datasets as a plain Dagster project: `@asset`s, the default IO manager, the default executor.

Assets take and return Arrow tables, which the default IO manager pickles, a file a partition. Each runs its query of
`queries.py` in a DuckDB connection of its own. The project's own package is not imported: it would add a second to each
step's process. PLAIN_LANDING names the folder of landed files, PLAIN_END the day after the last.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pyarrow as pa

from benchmarks.subjects import queries
from benchmarks.subjects.landed import read_csv, read_planes

DAILY = dg.DailyPartitionsDefinition("2013-01-01", end_date=os.environ["PLAIN_END"], timezone="America/New_York")
CARRIERS = dg.StaticPartitionsDefinition(
    ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"]
)
daily: dict[str, Any] = {"partitions_def": DAILY, "group_name": "daily"}
once: dict[str, Any] = {"group_name": "once"}


def _window(start: int, end: int) -> dg.TimeWindowPartitionMapping:
    return dg.TimeWindowPartitionMapping(start, end, allow_nonexistent_upstream_partitions=True)


def _landing() -> Path:
    return Path(os.environ["PLAIN_LANDING"])


def _query(query: str, day: str | None = None, **inputs: Any) -> pa.Table:
    """Run a query over the inputs; one of several partitions is a mapping of key to table."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        if day:
            connection.execute(f"CREATE TABLE days AS SELECT DATE '{day}' AS day")
        for name, value in inputs.items():
            table = pa.concat_tables(value.values()) if isinstance(value, Mapping) else value
            connection.register(name, table)
        return connection.sql(query).to_arrow_table()


@dg.asset(**once)
def raw_planes() -> pa.Table:
    """Aircraft."""
    return read_planes(_landing() / "planes.parquet")


@dg.asset(**once)
def raw_airports() -> pa.Table:
    """Airports."""
    return read_csv(_landing() / "airports.csv")


@dg.asset(**once)
def raw_airlines() -> pa.Table:
    """Airlines."""
    return read_csv(_landing() / "airlines.csv")


@dg.asset(**daily)
def raw_flights(context: dg.AssetExecutionContext) -> pa.Table:
    """Lines of flights."""
    return read_csv(_landing() / "flights" / f"{context.partition_key}.csv.gz", queries.FLIGHTS)


@dg.asset(**daily)
def raw_weather(context: dg.AssetExecutionContext) -> pa.Table:
    """Lines of weather."""
    return read_csv(_landing() / "weather" / f"{context.partition_key}.csv.bz2", queries.WEATHER)


@dg.asset(**daily)
def departures(raw_flights: pa.Table, raw_airports: pa.Table) -> pa.Table:
    """Departures."""
    return _query(queries.DEPARTURES, raw_flights=raw_flights, raw_airports=raw_airports)


@dg.asset(**daily)
def hourly_weather(raw_weather: pa.Table) -> pa.Table:
    """Hours."""
    return _query(queries.HOURLY_WEATHER, raw_weather=raw_weather)


@dg.asset(**daily)
def airport_congestion(departures: pa.Table) -> pa.Table:
    """Traffic."""
    return _query(queries.AIRPORT_CONGESTION, departures=departures)


@dg.asset(ins={"departures": dg.AssetIn(partition_mapping=_window(-28, -1))}, **daily)
def carrier_reliability(
    context: dg.AssetExecutionContext, departures: dict[str, pa.Table], raw_airlines: pa.Table
) -> pa.Table:
    """Carriers over the 28 days before."""
    day = context.partition_key
    return _query(queries.CARRIER_RELIABILITY, day, departures=departures, raw_airlines=raw_airlines)


@dg.asset(ins={"departures": dg.AssetIn(partition_mapping=_window(-1, 0))}, **daily)
def aircraft_rotation(context: dg.AssetExecutionContext, departures: dict[str, pa.Table]) -> pa.Table:
    """Previous departures."""
    return _query(queries.AIRCRAFT_ROTATION, context.partition_key, departures=departures)


@dg.asset(ins={"hourly_weather": dg.AssetIn(partition_mapping=_window(-1, 0))}, **daily)
def weather_at_departure(departures: pa.Table, hourly_weather: dict[str, pa.Table]) -> pa.Table:
    """The last known weather."""
    return _query(queries.WEATHER_AT_DEPARTURE, departures=departures, hourly_weather=hourly_weather)


@dg.asset(**daily)
def delay_training_set(  # noqa: PLR0913  one parameter an input
    departures: pa.Table,
    airport_congestion: pa.Table,
    carrier_reliability: pa.Table,
    aircraft_rotation: pa.Table,
    weather_at_departure: pa.Table,
    raw_planes: pa.Table,
    raw_airports: pa.Table,
    raw_airlines: pa.Table,
) -> pa.Table:
    """Features and label."""
    return _query(queries.DELAY_TRAINING_SET, **locals())


@dg.asset(
    partitions_def=CARRIERS,
    group_name="carriers",
    ins={"departures": dg.AssetIn(partition_mapping=dg.AllPartitionMapping())},
)
def carrier_history(context: dg.AssetExecutionContext, departures: dict[str, pa.Table]) -> pa.Table:
    """A carrier's departures."""
    return _query(f"{queries.CARRIER_HISTORY} WHERE carrier = '{context.partition_key}'", departures=departures)


definitions = dg.Definitions(
    [
        raw_planes,
        raw_airports,
        raw_airlines,
        raw_flights,
        raw_weather,
        departures,
        hourly_weather,
        airport_congestion,
        carrier_reliability,
        aircraft_rotation,
        weather_at_departure,
        delay_training_set,
        carrier_history,
    ]
)
