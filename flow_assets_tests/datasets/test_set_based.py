"""One call over a year gives what each partition gives alone, whatever the threads and the order of the input."""

import numpy as np
import pyarrow as pa
import pytest

from flow_assets_tests.datasets.driver import compute, days, graph, run_chain, where, window

DAYS = ["2013-01-01", "2013-01-02", "2013-03-10", "2013-07-13", "2013-11-03", "2013-11-04", "2013-12-30", "2013-12-31"]
DAILY = [d.name for d in graph().datasets.values() if d.set_based and d.name != "carrier_history"]


def test_all_daily_datasets_above_the_raw_ones_are_set_based():
    expected = [d.name for d in graph().datasets.values() if d.partition_column in {"flight_date", "weather_date"}]
    assert expected == DAILY


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("name", DAILY)
def test_a_day_alone_is_the_same(year, name, day):
    dataset = graph().get(name)
    alone = compute(dataset, window(dataset, day, year), [day])
    expected = where(year[name], dataset.partition_column, [day])
    assert alone.equals(expected)
    assert len(alone) or (name, day) == ("hourly_weather", "2013-12-31")


@pytest.mark.parametrize("carrier", ["HA", "OO"])
def test_a_carrier_alone_is_the_same(year, carrier):
    dataset = graph().get("carrier_history")
    assert compute(dataset, year, [carrier]).equals(where(year["carrier_history"], "carrier", [carrier]))


@pytest.fixture(scope="module")
def some_weeks(raw):
    """Raw tables of July, and the datasets above them as one thread makes them."""
    flights, weather = raw["raw_flights"], raw["raw_weather"]
    part = {"raw_flights": where(flights, "month", ["7"]), "raw_weather": where(weather, "month", ["7"])}
    tables = dict(raw) | part
    return tables, run_chain(tables, days("2013-07-01", "2013-07-31"), threads=1)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_and_order_of_rows_do_not_matter(some_weeks, threads):
    tables, expected = some_weeks
    made = run_chain(
        {name: shuffled(t, threads) for name, t in tables.items()}, days("2013-07-01", "2013-07-31"), threads=threads
    )
    for name in DAILY:
        assert made[name].equals(expected[name]), name


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    order = np.random.default_rng(seed).permutation(len(table))
    return pa.Table.from_batches(table.take(pa.array(order)).combine_chunks().to_batches(max_chunksize=2_000 + seed))
