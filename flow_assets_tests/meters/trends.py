"""A meter on a day, with its sum over this day and the two before."""

import duckdb

from flow_assets import DatasetSchema, Date, Int64, String, column, dataset, lookback
from meters.calendar import DAILY


class Trends(DatasetSchema):
    day: Date = column("Day")
    meter: String = column("Name of the meter")
    total_deciwatts: Int64 = column("Sum over the window", unit="deciwatts", nullable=True)


@dataset(
    schema=Trends,
    sort_by=["meter"],
    partitions=DAILY,
    partition_column="day",
    ins={"readings": lookback(days=2)},
    set_based=True,
)
def trends(readings: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return readings.query(
        "readings",
        """
        SELECT day, meter, (
            SELECT sum(earlier.deciwatts)::BIGINT FROM readings AS earlier
            WHERE earlier.meter = readings.meter AND earlier.day BETWEEN readings.day - 2 AND readings.day
        ) AS total_deciwatts
        FROM readings
        """,
    )
