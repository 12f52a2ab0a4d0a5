"""An airport's weather in one hour, keyed by airport and UTC hour; 26,115 rows over 364 days.

Source: `raw_weather`, daily by New York's date. An hour counts as known 60 minutes after it began.

Repaired: 3 airport-hours repeated on New York's clock at the end of daylight saving time are told apart in UTC; 1 wind
speed of 1048 mph, more than the 231 mph ever measured on the ground in the United States, becomes null; the direction
`0` of 1,256 calm hours becomes null, as a calm has none; speeds and gusts, converted from knots, are rounded to two
decimals.

What not to trust: 93 hours of the 364 days are missing (EWR 33, JFK and LGA 30), 15 of them at the end of 2013-12-30,
and all of 2013-12-31. 2,729 hours lack the pressure, 460 the direction because it varied, 5 the speed, and 1 the
temperature, dew point and humidity. A null gust (20,778 hours) means that none was reported. At JFK the hour of
2013-05-08 22:00 is in degrees Celsius (13.1 among 57s): kept, because only the hour after it would show that.
"""

from duckdb import DuckDBPyRelation

from flow_assets import DatasetSchema, Date, Float64, Int16, String, TimestampUtc, column, dataset
from flow_assets.datasets.calendar import DAILY


class HourlyWeather(DatasetSchema):
    """What was measured in the hour, and when it was known."""

    origin: String = column("Airport: EWR, JFK or LGA")
    weather_date: Date = column("New York's date in the hour")
    hour_utc: TimestampUtc = column("Beginning of the hour")
    known_utc: TimestampUtc = column("When the hour's weather was known: 60 minutes after the hour began")
    temperature_fahrenheit: Float64 = column("Temperature", unit="degrees Fahrenheit", nullable=True)
    dew_point_fahrenheit: Float64 = column("Dew point", unit="degrees Fahrenheit", nullable=True)
    humidity_percent: Float64 = column("Relative humidity", unit="percent", nullable=True)
    wind_direction_degrees: Int16 = column(
        "Direction the wind blows from; null in calm or where it varies", unit="degrees", nullable=True
    )
    wind_speed_mph: Float64 = column("Wind speed, 0 in calm", unit="mph", nullable=True, digits=2)
    wind_gust_mph: Float64 = column("Speed of gusts; null where none is reported", unit="mph", nullable=True, digits=2)
    precipitation_inches: Float64 = column("Precipitation in the hour", unit="inches", nullable=True)
    pressure_millibars: Float64 = column("Pressure at sea level", unit="millibars", nullable=True)
    visibility_miles: Float64 = column("Visibility, at most 10", unit="miles", nullable=True)


@dataset(
    schema=HourlyWeather,
    partitions=DAILY,
    partition_column="weather_date",
    sort_by=["origin", "hour_utc"],
    set_based=True,
    owners=("team:flights",),
)
def hourly_weather(raw_weather: DuckDBPyRelation) -> DuckDBPyRelation:
    """Rename, null what cannot be, and add when the hour was known."""
    return raw_weather.query(
        "raw_weather",
        """
        SELECT
            origin,
            make_date(year, month, day) AS weather_date,
            time_hour AS hour_utc,
            time_hour + to_minutes(60) AS known_utc,
            temp AS temperature_fahrenheit,
            dewp AS dew_point_fahrenheit,
            humid AS humidity_percent,
            IF(wind_speed = 0, NULL, wind_dir) AS wind_direction_degrees,
            IF(wind_speed > 231, NULL, wind_speed) AS wind_speed_mph,
            wind_gust AS wind_gust_mph,
            precip AS precipitation_inches,
            pressure AS pressure_millibars,
            visib AS visibility_miles
        FROM raw_weather
        """,
    )
