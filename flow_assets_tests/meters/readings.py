"""A reading, without notes."""

import duckdb

from flow_assets import DatasetSchema, Date, Int64, PartitionContext, String, column, dataset, hash_buckets
from meters.calendar import DAILY
from meters.helpers import scaled


class Readings(DatasetSchema):
    day: Date = column("Day")
    meter: String = column("Name of the meter")
    deciwatts: Int64 = column("Reading", unit="deciwatts", nullable=True)


@dataset(
    schema=Readings,
    sort_by=["meter"],
    partitions=DAILY,
    partition_column="day",
    buckets=hash_buckets("meter", 4),
)
def readings(raw_readings: duckdb.DuckDBPyRelation, context: PartitionContext) -> duckdb.DuckDBPyRelation:
    day = context.partition_key
    return raw_readings.query(
        "raw_readings", f"SELECT DATE '{day}' AS day, meter, {scaled('watts')} AS deciwatts FROM raw_readings"
    )
