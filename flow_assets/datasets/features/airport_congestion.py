"""A departure, with the traffic scheduled around it at its airport and in the city; 336,776 rows.

Source: `departures` of the same day. Every departure is counted but the one itself, also those that were cancelled
later: the schedule is what is known at any time, and nothing else is used. Counting stops at New York's midnight, so
flights in the first and last hour of a day miss neighbours; between 0:00 and 5:00 one departure is scheduled in the
whole year.

What not to trust: arrivals are not in the source, so half of an airport's traffic is missing. Nothing is tolerated: a
count that contradicts another, a departure twice, missing or unknown is an error.
"""

from duckdb import DuckDBPyRelation

from flow_assets import (
    DatasetSchema,
    Date,
    Int32,
    Rule,
    String,
    TimestampUtc,
    column,
    dataset,
    ge,
    references,
    row_count,
    row_rule,
)
from flow_assets.datasets.calendar import DAILY

COUNT = ge(0)


class AirportCongestion(DatasetSchema):
    """Numbers of other departures scheduled near a departure."""

    flight_id: String = column("Key of the departure")
    flight_date: Date = column("Day of the scheduled departure, New York's date")
    scheduled_departure_utc: TimestampUtc = column("Scheduled departure")
    origin: String = column("Airport of departure: EWR, JFK or LGA")
    origin_departures_60_minutes_before: Int32 = column("From the same airport, 1 to 60 minutes before", rules=[COUNT])
    origin_departures_60_minutes_after: Int32 = column("From the same airport, 1 to 60 minutes after", rules=[COUNT])
    origin_departures_within_30_minutes: Int32 = column(
        "From the same airport, at most 30 minutes before or after", rules=[COUNT]
    )
    carrier_departures_within_60_minutes: Int32 = column(
        "Of the same carrier and airport, at most 60 minutes away", rules=[COUNT]
    )
    city_departures_within_30_minutes: Int32 = column("From all three airports, at most 30 minutes before or after")
    origin_departures_on_day: Int32 = column("From the same airport on the same local day", rules=[COUNT])

    @classmethod
    def rules(cls) -> list[Rule]:
        """A window holds no more than one around it, and every departure of the day is there once."""
        return [
            row_rule(
                "origin_departures_60_minutes_before + origin_departures_60_minutes_after <= origin_departures_on_day",
                name="hours_hold_no_more_than_the_day",
            ),
            row_rule(
                "origin_departures_within_30_minutes <= city_departures_within_30_minutes",
                name="an_airport_holds_no_more_than_the_city",
            ),
            references("departures", {"flight_id": "flight_id"}, name="is_a_departure_of_the_day"),
            row_count(550, 1200),
        ]


@dataset(
    schema=AirportCongestion,
    partitions=DAILY,
    partition_column="flight_date",
    sort_by=["scheduled_departure_utc", "origin", "flight_id"],
    set_based=True,
    owners=("team:flights",),
)
def airport_congestion(departures: DuckDBPyRelation) -> DuckDBPyRelation:
    """Count in windows of scheduled time that never leave the day."""
    return departures.query(
        "departures",
        """
        SELECT
            flight_id, flight_date, scheduled_departure_utc, origin,
            count(*) OVER (airport RANGE BETWEEN INTERVAL 60 MINUTE PRECEDING AND INTERVAL 1 MINUTE PRECEDING)
                AS origin_departures_60_minutes_before,
            count(*) OVER (airport RANGE BETWEEN INTERVAL 1 MINUTE FOLLOWING AND INTERVAL 60 MINUTE FOLLOWING)
                AS origin_departures_60_minutes_after,
            count(*) OVER (airport RANGE BETWEEN INTERVAL 30 MINUTE PRECEDING AND INTERVAL 30 MINUTE FOLLOWING) - 1
                AS origin_departures_within_30_minutes,
            count(*) OVER (airline RANGE BETWEEN INTERVAL 60 MINUTE PRECEDING AND INTERVAL 60 MINUTE FOLLOWING) - 1
                AS carrier_departures_within_60_minutes,
            count(*) OVER (city RANGE BETWEEN INTERVAL 30 MINUTE PRECEDING AND INTERVAL 30 MINUTE FOLLOWING) - 1
                AS city_departures_within_30_minutes,
            count(*) OVER (PARTITION BY flight_date, origin) - 1 AS origin_departures_on_day
        FROM departures
        WINDOW
            airport AS (PARTITION BY flight_date, origin ORDER BY scheduled_departure_utc),
            airline AS (PARTITION BY flight_date, origin, carrier ORDER BY scheduled_departure_utc),
            city AS (PARTITION BY flight_date ORDER BY scheduled_departure_utc)
        """,
    )
