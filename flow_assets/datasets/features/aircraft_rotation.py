"""A departure, with its aircraft's previous departure from New York as far as it was known by then; 336,776 rows.

Source: `departures` of this local day and of the one before. The previous departure is the last one scheduled strictly
before this one with the same tail number; for 31 pairs scheduled at the same instant the greater `flight_id` stands for
both. What became of it is told only as far as it was known at this flight's scheduled departure: a delay once it had
departed, an arrival delay once it had arrived.

What not to trust: only departures from New York are in the source, so the leg that brought the aircraft back is
unknown, and 142,868 departures have no earlier one of their aircraft in the window. The tail number is the one that
flew: a swap on the day shows here although it may not have been planned at the scheduled departure. The 2,512
departures without a tail number have no history, and are nobody's previous departure: that they lack it, because they
were cancelled, was known too late as well. `previous_flight_id_not_null` warns of the 2 days on which more than 60 %
have no previous departure (the year's first, and the day after the snow of 2013-02-08). A previous departure that is
not earlier, or of which more is told than its status allows, is an error.
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
    hash_buckets,
    in_range,
    isin,
    lookback,
    not_null,
    references,
    row_count,
    row_rule,
)
from flow_assets.datasets.calendar import DAILY, DELAY


class AircraftRotation(DatasetSchema):
    """The previous departure of the aircraft, seen from the scheduled departure of this one."""

    flight_id: String = column("Key of the departure")
    flight_date: Date = column("Day of the scheduled departure, New York's date")
    scheduled_departure_utc: TimestampUtc = column("Scheduled departure")
    origin: String = column("Airport of departure: EWR, JFK or LGA")
    tail_number: String = column("Tail number of the aircraft; null for 2,512 cancelled flights", nullable=True)
    aircraft_earlier_departures: Int32 = column(
        "Departures of the aircraft scheduled before, on this day or the one before", rules=[ge(0)]
    )
    previous_flight_id: String = column(
        "Key of the previous departure; null if there is none",
        nullable=True,
        rules=[not_null(severity="warn", tolerance=0.6)],
    )
    previous_destination: String = column("Airport the previous departure went to", nullable=True)
    previous_status: String = column(
        "What was known of it: waiting, departed, arrived or cancelled",
        nullable=True,
        rules=[isin(["waiting", "departed", "arrived", "cancelled"])],
    )
    previous_scheduled_minutes_before: Int32 = column(
        "From its scheduled departure to this one's", unit="minutes", nullable=True, rules=[in_range(1, 49 * 60)]
    )
    previous_departure_delay_minutes: Int32 = column(
        "Its departure delay, once departed", unit="minutes", nullable=True, rules=[DELAY]
    )
    previous_arrival_delay_minutes: Int32 = column(
        "Its arrival delay, once arrived", unit="minutes", nullable=True, rules=[DELAY]
    )

    @classmethod
    def rules(cls) -> list[Rule]:
        """No more is told of the previous departure than was known, and every departure of the day is there once."""
        return [
            row_rule(
                "(previous_departure_delay_minutes IS NOT NULL)"
                " = (coalesce(previous_status, '') IN ('departed', 'arrived'))",
                name="departure_delay_is_known_once_departed",
            ),
            row_rule(
                "(previous_arrival_delay_minutes IS NOT NULL) = (coalesce(previous_status, '') = 'arrived')",
                name="arrival_delay_is_known_once_arrived",
            ),
            row_rule(
                "(aircraft_earlier_departures > 0) = (previous_flight_id IS NOT NULL)"
                " AND (previous_status IS NULL) = (previous_flight_id IS NULL)",
                name="earlier_departures_have_a_last_one",
            ),
            row_rule("previous_flight_id <> flight_id", name="is_not_its_own_previous_departure"),
            references(
                "departures", {"flight_id": "flight_id", "tail_number": "tail_number"}, name="is_a_departure_of_the_day"
            ),
            row_count(550, 1200),
        ]


@dataset(
    schema=AircraftRotation,
    partitions=DAILY,
    partition_column="flight_date",
    ins={"departures": lookback(days=1)},
    sort_by=["scheduled_departure_utc", "origin", "flight_id"],
    buckets=hash_buckets("tail_number", 8),
    set_based=True,
    owners=("team:flights",),
)
def aircraft_rotation(departures: DuckDBPyRelation) -> DuckDBPyRelation:
    """Join each departure with its aircraft's earlier ones of two days, keep the last, and hide what came later."""
    return departures.query(
        "departures",
        """
        WITH offsets AS (
            SELECT flight_id, scheduled_departure_utc AS now, tail_number, flight_date - unnest([0, 1]) AS past_date
            FROM departures
        ), earlier AS (
            SELECT o.flight_id AS this_id, o.now, p.*, count(*) OVER (PARTITION BY this_id) AS earlier_departures
            FROM offsets o
            JOIN departures p
                ON p.tail_number = o.tail_number AND p.flight_date = o.past_date AND p.scheduled_departure_utc < o.now
            WINDOW last_first AS (PARTITION BY this_id ORDER BY p.scheduled_departure_utc DESC, p.flight_id DESC)
            QUALIFY row_number() OVER last_first = 1
        )
        SELECT d.flight_id, d.flight_date, d.scheduled_departure_utc, d.origin, d.tail_number,
            COALESCE(e.earlier_departures, 0) AS aircraft_earlier_departures,
            e.flight_id AS previous_flight_id,
            e.destination AS previous_destination,
            CASE
                WHEN e.departure_known_utc > now THEN 'waiting'
                WHEN e.outcome_known_utc > now OR e.is_diverted THEN 'departed'
                WHEN e.is_cancelled THEN 'cancelled'
                WHEN e.flight_id IS NOT NULL THEN 'arrived'
            END AS previous_status,
            date_diff('minute', e.scheduled_departure_utc, now) AS previous_scheduled_minutes_before,
            IF(e.departure_known_utc <= now, e.departure_delay_minutes, NULL) AS previous_departure_delay_minutes,
            IF(e.outcome_known_utc <= now, e.arrival_delay_minutes, NULL) AS previous_arrival_delay_minutes
        FROM departures d
        LEFT JOIN earlier e ON e.this_id = d.flight_id
        """,
    )
