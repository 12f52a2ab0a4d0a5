"""A carrier on a day."""

import os
import time

import duckdb

from drip.calendar import DAILY
from drip.pace import SECONDS
from flow_assets import DatasetSchema, Date, Int64, String, column, dataset


class Distances(DatasetSchema):
    day: Date = column("Day")
    carrier: String = column("Carrier")
    miles: Int64 = column("All distances together", unit="miles")


@dataset(schema=Distances, sort_by=["carrier"], partitions=DAILY, partition_column="day", set_based=True)
def distances(raw_departures: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    time.sleep(SECONDS + float(os.environ.get("DRIP_PAUSE", "0")))  # what else it has to wait for
    return raw_departures.query(
        "raw_departures",
        """
        SELECT make_date(year, month, day) AS day, carrier, sum(distance)::BIGINT AS miles
        FROM raw_departures GROUP BY ALL
        """,
    )
