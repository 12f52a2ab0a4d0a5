"""A flight that arrived, with all features known at its scheduled departure and whether it was late; 327,346 rows.

Sources: the day's `departures` and the four feature datasets; `raw_planes`, `raw_airports` and `raw_airlines` for what
does not change by the day. The label is true if the flight arrived more than `late_after_minutes` (15) after schedule:
77,630 rows, 23.7 %.

What not to trust, and is tolerated: the 8,255 cancelled and 1,175 diverted flights are left out, as they have no
arrival delay, so a model learns nothing of them; `row_count_like_before` warns of the 3 days of snow that keep less
than 0.6 of what is usual. 48,329 rows have no matching plane (`tail_number_in_raw_planes`, at most 17.7 % of a day;
warns from 25 % on), and 5,164 more one of unknown age; 2,328 rows have a small aircraft or helicopter that shares the
airliner's tail number (`plane_seats_at_least`, at most 1.7 %; warns from 3 % on); 7,537 rows go to an airport whose
place is unknown (`destination_in_raw_airports`, at most 3.9 %; warns from 5 % on). The flights of 2013-12-31 have no
weather (`temperature_fahrenheit_not_null` warns); of 4 days with many more late flights than before
`is_late_category_shares` warns. The plane is the one that flew (see `aircraft_rotation`). Ids, dates and times are for
joining and splitting, not for learning; split by time, not at random.
"""

from duckdb import DuckDBPyRelation
from pydantic import BaseModel, Field

from flow_assets import (
    Bool,
    DatasetSchema,
    Date,
    Float64,
    Int16,
    Int32,
    Rule,
    String,
    TimestampUtc,
    by,
    column,
    dataset,
    ge,
    hash_buckets,
    in_range,
    isin,
    no_drift,
    not_null,
    partition_query,
    references,
    row_count_like_before,
    row_rule,
)
from flow_assets.datasets.calendar import AIRPORTS, DAILY, DELAY


class DelayTrainingSet(DatasetSchema):
    """Keys, features and label."""

    flight_id: String = column("Key of the departure")
    flight_date: Date = column("Day of the scheduled departure, New York's date")
    scheduled_departure_utc: TimestampUtc = column("Scheduled departure: the time as of which all features are known")
    tail_number: String = column("Tail number of the aircraft")
    carrier: String = column("Carrier, two-character IATA code")
    carrier_name: String = column("The airline's name", nullable=True)
    origin: String = column("Airport of departure: EWR, JFK or LGA", rules=[isin(AIRPORTS)])
    destination: String = column("Airport of destination, FAA code")
    distance_miles: Int32 = column("Distance between the airports", unit="miles")
    scheduled_duration_minutes: Int32 = column("From scheduled departure to scheduled arrival", unit="minutes")
    departure_minute_of_day: Int16 = column(
        "Scheduled departure after New York's midnight, by the clock", unit="minutes", rules=[in_range(0, 1439)]
    )
    day_of_week: Int16 = column("New York's day, 1 Monday to 7 Sunday")
    month: Int16 = column("New York's month, 1 to 12")
    destination_latitude_degrees: Float64 = column("Latitude, north positive", unit="degrees", nullable=True)
    destination_longitude_degrees: Float64 = column("Longitude, east positive", unit="degrees", nullable=True)
    destination_altitude_feet: Int32 = column("Altitude above sea level", unit="feet", nullable=True)
    plane_age_years: Int16 = column(
        "Year of the flight less year of manufacture", unit="years", nullable=True, rules=[in_range(0, 75)]
    )
    plane_seats: Int32 = column(
        "Seats of the aircraft",
        nullable=True,
        rules=[ge(20, severity="warn", tolerance=0.03, dimension="accuracy"), no_drift("null_rate", 0.1)],
    )
    plane_engines: Int16 = column("Engines of the aircraft", nullable=True)
    plane_manufacturer: String = column("Manufacturer of the aircraft, as registered", nullable=True)
    origin_departures_60_minutes_before: Int32 = column("Others from the airport, 1 to 60 minutes before")
    origin_departures_60_minutes_after: Int32 = column("Others from the airport, 1 to 60 minutes after")
    origin_departures_within_30_minutes: Int32 = column("Others from the airport, at most 30 minutes away")
    carrier_departures_within_60_minutes: Int32 = column("Others of carrier and airport, at most 60 minutes away")
    city_departures_within_30_minutes: Int32 = column("Others from all three airports, at most 30 minutes away")
    origin_departures_on_day: Int32 = column("Others from the airport on the same local day")
    carrier_outcomes_28_days: Int32 = column(
        "The carrier's outcomes known when the day began", nullable=True, rules=[not_null()]
    )
    carrier_arrivals_28_days: Int32 = column("Those of them that arrived", nullable=True)
    carrier_late_share_28_days: Float64 = column(
        "Share of arrivals over 15 minutes late, 0 to 1", nullable=True, rules=[in_range(0, 1)]
    )
    carrier_cancelled_share_28_days: Float64 = column("Share of outcomes that are cancellations, 0 to 1", nullable=True)
    carrier_mean_departure_delay_28_days_minutes: Float64 = column(
        "Mean departure delay", unit="minutes", nullable=True
    )
    carrier_mean_arrival_delay_28_days_minutes: Float64 = column("Mean arrival delay", unit="minutes", nullable=True)
    aircraft_earlier_departures: Int32 = column("The aircraft's earlier departures, this day and the one before")
    previous_destination: String = column("Airport its previous departure went to", nullable=True)
    previous_status: String = column(
        "Of its previous departure: waiting, departed, arrived or cancelled",
        nullable=True,
        rules=[no_drift("null_rate", 0.2)],
    )
    previous_scheduled_minutes_before: Int32 = column("Since that was scheduled", unit="minutes", nullable=True)
    previous_departure_delay_minutes: Int32 = column(
        "Its departure delay, once departed", unit="minutes", nullable=True
    )
    previous_arrival_delay_minutes: Int32 = column(
        "Its arrival delay, once arrived", unit="minutes", nullable=True, rules=[DELAY]
    )
    weather_age_minutes: Int32 = column(
        "Since the hour of the last known weather",
        unit="minutes",
        nullable=True,
        rules=[in_range(60, 360)],
    )
    temperature_fahrenheit: Float64 = column(
        "Temperature",
        unit="degrees Fahrenheit",
        nullable=True,
        rules=[not_null(severity="warn", tolerance=0.05)],
    )
    dew_point_fahrenheit: Float64 = column("Dew point", unit="degrees Fahrenheit", nullable=True)
    humidity_percent: Float64 = column("Relative humidity", unit="percent", nullable=True)
    wind_direction_degrees: Int16 = column("Direction the wind blows from", unit="degrees", nullable=True)
    wind_speed_mph: Float64 = column("Wind speed, 0 in calm", unit="mph", nullable=True)
    wind_gust_mph: Float64 = column("Speed of gusts; null where none is reported", unit="mph", nullable=True)
    precipitation_inches: Float64 = column("Precipitation in the hour", unit="inches", nullable=True)
    pressure_millibars: Float64 = column("Pressure at sea level", unit="millibars", nullable=True)
    visibility_miles: Float64 = column("Visibility, at most 10", unit="miles", nullable=True)
    is_late: Bool = column(
        "Label: whether it arrived more than `late_after_minutes` after schedule",
        rules=[no_drift("category_shares", 0.4)],
    )

    @classmethod
    def rules(cls) -> list[Rule]:
        """Every input found its flight, and what comes from different sources agrees."""
        return [
            row_rule(
                f"abs({_great_circle_miles()} / distance_miles - 1) < 0.02",
                name="distance_fits_the_map",
                dimension="accuracy",
                description="The flight's distance and the airports' places come from different sources.",
            ),
            row_rule(
                "day_of_week = isodow(flight_date) AND month = month(flight_date)",
                name="calendar_agrees_with_the_flight_date",
            ),
            partition_query(
                "SELECT count(*) FROM rows HAVING count(DISTINCT is_late) < 2",
                name="some_are_late_and_some_are_not",
                severity="warn",
            ),
            references(
                "departures",
                {"flight_id": "flight_id", "carrier": "carrier", "destination": "destination"},
                name="is_a_departure_of_the_day",
            ),
            references("raw_airlines", {"carrier": "carrier"}),
            references("raw_airports", {"destination": "faa"}, severity="warn", tolerance=0.05),
            references("raw_planes", {"tail_number": "tailnum"}, severity="warn", tolerance=0.25),
            row_count_like_before(0.6, 1.4),
        ]


def _great_circle_miles() -> str:
    """By the haversine formula, from the origin to the destination; null where its place is unknown."""
    latitude = "CASE origin WHEN 'EWR' THEN 40.6925 WHEN 'JFK' THEN 40.6398 ELSE 40.7772 END"
    longitude = "CASE origin WHEN 'EWR' THEN -74.1687 WHEN 'JFK' THEN -73.7789 ELSE -73.8726 END"
    north = f"sin(radians(destination_latitude_degrees - {latitude}) / 2) ** 2"
    east = f"sin(radians(destination_longitude_degrees - {longitude}) / 2) ** 2"
    cosines = f"cos(radians({latitude})) * cos(radians(destination_latitude_degrees))"
    return f"2 * 3958.8 * asin(sqrt({north} + {cosines} * {east}))"


class DelayLabel(BaseModel):
    """What counts as late."""

    late_after_minutes: int = Field(
        15, ge=0, description="A flight is late if it arrives more minutes than this after schedule."
    )


@dataset(
    schema=DelayTrainingSet,
    partitions=DAILY,
    partition_column="flight_date",
    sort_by=["scheduled_departure_utc", "origin", "flight_id"],
    buckets=hash_buckets("tail_number", 8),
    set_based=True,
    owners=("team:flights",),
    deadline=by("09:00"),
)
def delay_training_set(  # noqa: PLR0913  one parameter an input
    departures: DuckDBPyRelation,
    airport_congestion: DuckDBPyRelation,
    carrier_reliability: DuckDBPyRelation,
    aircraft_rotation: DuckDBPyRelation,
    weather_at_departure: DuckDBPyRelation,
    raw_planes: DuckDBPyRelation,
    raw_airports: DuckDBPyRelation,
    raw_airlines: DuckDBPyRelation,
    config: DelayLabel,
) -> DuckDBPyRelation:
    """Join the features by flight; a flight that lacks any of its feature rows fails the partition."""
    return departures.query(
        "departures",
        f"""
        SELECT d.flight_id, d.flight_date, d.scheduled_departure_utc, d.tail_number, d.carrier, l.name AS carrier_name,
            d.origin, d.destination, d.distance_miles,
            date_diff('minute', d.scheduled_departure_utc, d.scheduled_arrival_utc) AS scheduled_duration_minutes,
            date_diff('minute', d.flight_date, timezone('America/New_York', d.scheduled_departure_utc))
                AS departure_minute_of_day,
            isodow(d.flight_date) AS day_of_week, month(d.flight_date) AS month,
            a.lat AS destination_latitude_degrees, a.lon AS destination_longitude_degrees,
            a.alt AS destination_altitude_feet, year(d.flight_date) - p.year AS plane_age_years,
            p.seats AS plane_seats, p.engines AS plane_engines, p.manufacturer AS plane_manufacturer,
            c.* EXCLUDE (flight_id, flight_date, scheduled_departure_utc, origin),
            h.* EXCLUDE (flight_date, carrier),
            r.* EXCLUDE (flight_id, flight_date, scheduled_departure_utc, origin, tail_number, previous_flight_id),
            w.* EXCLUDE (flight_id, flight_date, scheduled_departure_utc, origin),
            d.arrival_delay_minutes > {config.late_after_minutes} AS is_late
        FROM departures d
        LEFT JOIN airport_congestion c USING (flight_date, flight_id)
        LEFT JOIN aircraft_rotation r USING (flight_date, flight_id)
        LEFT JOIN weather_at_departure w USING (flight_date, flight_id)
        LEFT JOIN carrier_reliability h USING (flight_date, carrier)
        LEFT JOIN raw_airlines l USING (carrier)
        LEFT JOIN raw_airports a ON a.faa = d.destination
        LEFT JOIN raw_planes p ON p.tailnum = d.tail_number
        WHERE d.arrival_delay_minutes IS NOT NULL
        """,
    )
