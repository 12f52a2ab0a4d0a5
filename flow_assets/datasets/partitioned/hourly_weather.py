"""An airport's weather in one hour, keyed by airport and UTC hour; 26,114 rows over 364 days.

Source: `raw_weather`, daily by New York's date. An hour counts as known 60 minutes after it began.

Repaired: 3 airport-hours repeated on New York's clock at the end of daylight saving time are told apart in UTC; 1 wind
speed of 1048 mph, more than the 231 mph ever measured on the ground in the United States, becomes null; the direction
`0` of 1,256 calm hours becomes null, as a calm has none; speeds and gusts, converted from knots, are rounded to two
decimals.

Quarantined: 1 hour. At JFK that of 2013-05-08 22:00 has 13.1 degrees Fahrenheit and a dew point to match, between
hours of 57; there was never frost at New York's airports between May and September (`is_free_of_frost_in_summer`). The
departures after it take the hour before.

Tolerated: 93 hours of the 364 days were never delivered (EWR 33, JFK and LGA 30), 15 of them at the end of 2013-12-30,
and all of 2013-12-31. `hour_utc_complete` warns of the 7 days that lack more than 3, `hour_utc_fresh` of the 3 whose
evening is missing. 2,729 hours lack the pressure (`pressure_millibars_not_null` warns of the 6 days on which more than
half do), 460 the direction because it varied, 5 the speed, and 1 the temperature, dew point and humidity. A null gust
(20,777 hours) means that none was reported. `temperature_fahrenheit_ks` warns of 3 days unlike any of the 28 before.
"""

from duckdb import DuckDBPyRelation

from flow_assets import (
    DatasetSchema,
    Date,
    Float64,
    Int16,
    Rule,
    String,
    TimestampUtc,
    column,
    complete_sequence,
    dataset,
    fresh,
    in_range,
    isin,
    no_drift,
    not_null,
    row_rule,
)
from flow_assets.datasets.calendar import AIRPORTS, DAILY

ALMOST_ALWAYS = not_null(severity="warn", tolerance=0.05)


class HourlyWeather(DatasetSchema):
    """What was measured in the hour, and when it was known."""

    origin: String = column("Airport: EWR, JFK or LGA", rules=[isin(AIRPORTS)])
    weather_date: Date = column("New York's date in the hour")
    hour_utc: TimestampUtc = column("Beginning of the hour")
    known_utc: TimestampUtc = column("When the hour's weather was known: 60 minutes after the hour began")
    temperature_fahrenheit: Float64 = column(
        "Temperature", unit="degrees Fahrenheit", nullable=True, rules=[ALMOST_ALWAYS, no_drift("ks", 0.95)]
    )
    dew_point_fahrenheit: Float64 = column("Dew point", unit="degrees Fahrenheit", nullable=True, rules=[ALMOST_ALWAYS])
    humidity_percent: Float64 = column(
        "Relative humidity", unit="percent", nullable=True, rules=[ALMOST_ALWAYS, in_range(0, 100)]
    )
    wind_direction_degrees: Int16 = column(
        "Direction the wind blows from; null in calm or where it varies",
        unit="degrees",
        nullable=True,
        rules=[in_range(1, 360)],
    )
    wind_speed_mph: Float64 = column(
        "Wind speed, 0 in calm", unit="mph", nullable=True, digits=2, rules=[ALMOST_ALWAYS, in_range(0, 231)]
    )
    wind_gust_mph: Float64 = column(
        "Speed of gusts; null where none is reported", unit="mph", nullable=True, digits=2, rules=[in_range(0, 231)]
    )
    precipitation_inches: Float64 = column("Precipitation in the hour", unit="inches", nullable=True)
    pressure_millibars: Float64 = column(
        "Pressure at sea level", unit="millibars", nullable=True, rules=[not_null(severity="warn", tolerance=0.5)]
    )
    visibility_miles: Float64 = column("Visibility, at most 10", unit="miles", nullable=True)

    @classmethod
    def rules(cls) -> list[Rule]:
        """What the day lacks, and what cannot have been measured."""
        return [
            row_rule(
                "temperature_fahrenheit >= 30 OR month(weather_date) NOT BETWEEN 5 AND 9",
                name="is_free_of_frost_in_summer",
                dimension="accuracy",
                quarantine=True,
                description="There never was any at New York's airports from May to September.",
            ),
            row_rule("known_utc = hour_utc + INTERVAL 60 MINUTE", name="is_known_60_minutes_after_the_hour_began"),
            row_rule(
                "weather_date = timezone('America/New_York', hour_utc)::DATE", name="weather_date_is_new_yorks_date"
            ),
            complete_sequence("hour_utc", "1 hour", "origin", AIRPORTS, severity="warn", tolerance=3),
            fresh("hour_utc", "2 hours", severity="warn", description="The evening is missing."),
        ]


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
