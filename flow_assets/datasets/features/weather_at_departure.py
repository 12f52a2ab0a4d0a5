"""A departure, with the last weather at its airport that was known by then; 336,776 rows.

Sources: `departures` of the day; `hourly_weather` of the day and of the one before. An hour counts as known 60 minutes
after it began, and is used up to 6 hours after it began. The weather's own day may be missing: its departures are then
computed with what there is, and again once it lands.

What not to trust, and is tolerated: all 776 departures of 2013-12-31 have no weather, for none was ever delivered of
that day and the evening before; their columns are null, and `weather_age_minutes_not_null` warns. A gap in an airport's
hours shows as a greater `weather_age_minutes`, from 60 to 359 (569 are 120 or more; `weather_is_recent` warns of the 4
days where they are more than 5 %). Weather younger than 60 minutes was not known, and is an error. The hour's flaws are
those of `hourly_weather`.
"""

import pandas as pd

from flow_assets import (
    DatasetSchema,
    Date,
    Float64,
    Int16,
    Int32,
    Rule,
    String,
    TimestampUtc,
    column,
    dataset,
    in_range,
    lookback,
    lt,
    not_null,
    references,
    row_count,
    row_rule,
)
from flow_assets.datasets.calendar import DAILY


class WeatherAtDeparture(DatasetSchema):
    """The weather known at a scheduled departure."""

    flight_id: String = column("Key of the departure")
    flight_date: Date = column("Day of the scheduled departure, New York's date")
    scheduled_departure_utc: TimestampUtc = column("Scheduled departure")
    origin: String = column("Airport of departure: EWR, JFK or LGA")
    weather_age_minutes: Int32 = column(
        "From the beginning of the weather's hour to the scheduled departure",
        unit="minutes",
        nullable=True,
        rules=[
            in_range(60, 360),
            not_null(severity="warn", tolerance=0.05),
            lt(120, name="weather_is_recent", dimension="timeliness", severity="warn", tolerance=0.05),
        ],
    )
    temperature_fahrenheit: Float64 = column("Temperature", unit="degrees Fahrenheit", nullable=True)
    dew_point_fahrenheit: Float64 = column("Dew point", unit="degrees Fahrenheit", nullable=True)
    humidity_percent: Float64 = column("Relative humidity", unit="percent", nullable=True)
    wind_direction_degrees: Int16 = column(
        "Direction the wind blows from; null in calm or where it varies", unit="degrees", nullable=True
    )
    wind_speed_mph: Float64 = column("Wind speed, 0 in calm", unit="mph", nullable=True)
    wind_gust_mph: Float64 = column("Speed of gusts; null where none is reported", unit="mph", nullable=True)
    precipitation_inches: Float64 = column("Precipitation in the hour", unit="inches", nullable=True)
    pressure_millibars: Float64 = column("Pressure at sea level", unit="millibars", nullable=True)
    visibility_miles: Float64 = column("Visibility, at most 10", unit="miles", nullable=True)

    @classmethod
    def rules(cls) -> list[Rule]:
        """The hour's values are those of one hour, and every departure of the day is there once."""
        return [
            row_rule(
                "weather_age_minutes IS NOT NULL OR coalesce(temperature_fahrenheit, wind_speed_mph) IS NULL",
                name="there_is_no_weather_without_an_age",
            ),
            row_rule("dew_point_fahrenheit <= temperature_fahrenheit", name="dew_point_is_not_above_the_temperature"),
            row_rule("wind_gust_mph >= wind_speed_mph", name="gusts_are_not_slower_than_the_wind"),
            references("departures", {"flight_id": "flight_id", "origin": "origin"}, name="is_a_departure_of_the_day"),
            row_count(550, 1200),
        ]


@dataset(
    schema=WeatherAtDeparture,
    partitions=DAILY,
    partition_column="flight_date",
    ins={"hourly_weather": lookback(days=1, require_current=False)},
    sort_by=["scheduled_departure_utc", "origin", "flight_id"],
    set_based=True,
    owners=("team:flights",),
)
def weather_at_departure(departures: pd.DataFrame, hourly_weather: pd.DataFrame) -> pd.DataFrame:
    """Take, for each departure, the airport's last hour known by then."""
    flights = departures[["flight_id", "flight_date", "scheduled_departure_utc", "origin"]]
    with_weather = pd.merge_asof(
        flights.sort_values("scheduled_departure_utc", kind="stable"),
        hourly_weather.drop(columns="weather_date").sort_values("known_utc", kind="stable"),
        left_on="scheduled_departure_utc",
        right_on="known_utc",
        by="origin",
        tolerance=pd.Timedelta(hours=5),  # after it was known, an hour after it began
    )
    age = with_weather["scheduled_departure_utc"] - with_weather["hour_utc"]
    with_weather["weather_age_minutes"] = age.dt.total_seconds() // 60
    return with_weather.drop(columns=["hour_utc", "known_utc"])
