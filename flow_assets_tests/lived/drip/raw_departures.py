"""A line of the landed file."""

import pyarrow as pa

from drip.calendar import DAILY
from flow_assets import DatasetSchema, Int64, String, column, dataset, isin, landed, row_count, row_count_like_before


class RawDepartures(DatasetSchema):
    line_number: Int64 = column("Line of the file")
    year: Int64 = column("Year")
    month: Int64 = column("Month")
    day: Int64 = column("Day")
    dep_time: Int64 = column("Departure", unit="hhmm", nullable=True)
    sched_dep_time: Int64 = column("Scheduled departure", unit="hhmm")
    dep_delay: Int64 = column("Delay", unit="minutes", nullable=True)
    arr_time: Int64 = column("Arrival", unit="hhmm", nullable=True)
    sched_arr_time: Int64 = column("Scheduled arrival", unit="hhmm")
    arr_delay: Int64 = column("Delay", unit="minutes", nullable=True)
    carrier: String = column("Carrier")
    flight: Int64 = column("Flight number")
    tailnum: String = column("Tail number", nullable=True)
    origin: String = column("Airport", rules=[isin(["EWR", "JFK", "LGA"], severity="warn")])
    dest: String = column("Airport")
    air_time: Int64 = column("Time in the air", unit="minutes", nullable=True)
    distance: Int64 = column("Distance", unit="miles")
    hour: Int64 = column("Hour")
    minute: Int64 = column("Minute")
    time_hour: String = column("Scheduled departure, down to the hour, UTC")

    @classmethod
    def rules(cls):
        return [row_count(400, 2000), row_count_like_before(0.5, 2)]


@dataset(
    schema=RawDepartures,
    sort_by=["line_number"],
    partitions=DAILY,
    source=landed("flights/{date}.csv.gz", null_values=["NA"]),
    owners=("team:drip",),
)
def raw_departures(lines: pa.Table) -> pa.Table:
    return lines
