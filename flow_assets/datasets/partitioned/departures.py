"""A scheduled departure from New York, cleaned, in UTC, keyed by `flight_id`; 336,776 rows, none of the source's
dropped.

Source: `raw_flights`, daily by New York's date, and `raw_airports` for the clocks at destinations.

Key: date, carrier, flight number and origin, as in `2013-01-01-UA-1545-EWR`. Without the origin, 24 keys would repeat.

Times: the scheduled departure is `time_hour` plus the minute, so daylight saving time does not matter; 38,444
departures have another date in UTC. The scheduled arrival is the first time after it at which the destination's clock
shows `sched_arr_time`; for 5,709 flights that is the next day there. Four destinations of 7,602 flights are not in
airports (BQN, PSE, SJU, STT): they lie in Puerto Rico and the Virgin Islands, whose clocks show Atlantic time all year.
Any other destination without a time zone fails the partition. Schedule plus delay gives back the source's `dep_time`
for all 328,521 departures (29 of them `2400`), and `arr_time` for all of the 327,346 arrivals but one (PBI, in the
night to 2013-03-10: its clock was not yet put forward). So neither is carried.

When known: a departure delay, at the departure; an arrival delay, at the arrival; a cancellation, at the end of the
local day; that a departed flight never arrived as planned, at the end of the next local day, which the source does not
say but which is at least 14 hours after each of them would have landed.

What not to trust, and is tolerated: 8,255 flights never departed (`departure_delay_minutes_not_null` warns of 9 days,
most of them of snow, on which more than 15 % did not; on 2013-02-09 57 %), and 2,512 of them name no aircraft. 1,175
departed and have no arrival delay (`departed_flights_arrive` warns of 2 days with more than 3 %); the source does not
tell a diversion from a return to the gate. The tail number is the one that flew; whether it was planned at the time is
not known. `D942DN` (4 flights) is probably N942DN. One flight goes from EWR to LGA (17 miles) and was cancelled:
probably no passenger flight (`destination_notin`, 1 a day). Distances to EGE differ by a mile. Airports do not know the
destination of at most 3.9 % of a day's flights (`destination_in_raw_airports` warns from 5 % on). Of delays unlike
those of the 28 days before, `departure_delay_minutes_ks` warns on 1 day and `arrival_delay_minutes_ks` on 2.
"""

from duckdb import DuckDBPyRelation

from flow_assets import (
    Bool,
    DatasetSchema,
    Date,
    Int32,
    Rule,
    String,
    TimestampUtc,
    column,
    dataset,
    hash_buckets,
    isin,
    no_drift,
    not_null,
    notin,
    references,
    row_count,
    row_count_like_before,
    row_rule,
    unique,
)
from flow_assets.datasets.calendar import AIRPORTS, CARRIERS, DAILY, DELAY


class Departures(DatasetSchema):
    """The plan of a flight, its outcome, and when each part of the outcome became known."""

    flight_id: String = column("Key: date, carrier, flight number and origin", rules=[unique()])
    flight_date: Date = column("Day of the scheduled departure, New York's date")
    scheduled_departure_utc: TimestampUtc = column("Scheduled departure")
    scheduled_arrival_utc: TimestampUtc = column("Scheduled arrival")
    carrier: String = column(
        "Carrier, two-character IATA code", rules=[isin(CARRIERS.keys()), no_drift("category_shares", 0.1)]
    )
    flight_number: Int32 = column("Flight number")
    tail_number: String = column("Tail number of the aircraft; null for 2,512 cancelled flights", nullable=True)
    origin: String = column(
        "Airport of departure: EWR, JFK or LGA", rules=[isin(AIRPORTS), no_drift("category_shares", 0.15)]
    )
    destination: String = column("Airport of destination, FAA code", rules=[notin(AIRPORTS, tolerance=1)])
    distance_miles: Int32 = column("Distance between the airports", unit="miles", rules=[no_drift("psi", 0.2)])
    is_cancelled: Bool = column("Whether it never departed")
    is_diverted: Bool = column("Whether it departed and has no arrival delay: diverted, returned, or never took off")
    departure_delay_minutes: Int32 = column(
        "Departure after schedule, negative if early",
        unit="minutes",
        nullable=True,
        rules=[DELAY, not_null(severity="warn", tolerance=0.15), no_drift("ks", 0.4)],
    )
    arrival_delay_minutes: Int32 = column(
        "Arrival after schedule, negative if early",
        unit="minutes",
        nullable=True,
        rules=[DELAY, no_drift("ks", 0.5)],
    )
    air_time_minutes: Int32 = column("Time in the air", unit="minutes", nullable=True)
    departure_known_utc: TimestampUtc = column("When the departure delay, or the cancellation, was known")
    outcome_known_utc: TimestampUtc = column("When the arrival delay, the cancellation or the diversion was known")

    @classmethod
    def rules(cls) -> list[Rule]:
        """Times follow each other as in a flight, outcomes agree, and the day is like others."""
        return [
            row_rule(
                "flight_id = concat_ws('-', flight_date, carrier, flight_number, origin)", name="flight_id_is_made"
            ),
            row_rule(
                "flight_date = timezone('America/New_York', scheduled_departure_utc)::DATE",
                name="flight_date_is_new_yorks_date",
            ),
            row_rule(
                "scheduled_arrival_utc BETWEEN scheduled_departure_utc + INTERVAL 30 MINUTE"
                " AND scheduled_departure_utc + INTERVAL 15 HOUR",
                name="is_scheduled_to_take_30_minutes_to_15_hours",
            ),
            row_rule(
                "departure_known_utc < outcome_known_utc OR is_cancelled AND departure_known_utc = outcome_known_utc",
                name="outcome_is_known_after_the_departure",
            ),
            row_rule(
                "outcome_known_utc > departure_known_utc + to_minutes(air_time_minutes)",
                name="takes_longer_than_its_time_in_the_air",
                description="Says that the clocks at destinations were put into UTC by the right time zones.",
            ),
            row_rule(
                "is_cancelled = (departure_delay_minutes IS NULL)"
                " AND is_diverted = (NOT is_cancelled AND arrival_delay_minutes IS NULL)",
                name="outcomes_agree_with_the_delays",
            ),
            row_rule(
                "NOT is_diverted",
                name="departed_flights_arrive",
                dimension="completeness",
                severity="warn",
                tolerance=0.03,
            ),
            row_rule("is_cancelled OR tail_number IS NOT NULL", name="departed_flights_name_their_aircraft"),
            references("raw_airports", {"destination": "faa"}, severity="warn", tolerance=0.05),
            row_count(550, 1200),
            row_count_like_before(0.6, 1.4),
        ]


@dataset(
    schema=Departures,
    partitions=DAILY,
    partition_column="flight_date",
    sort_by=["scheduled_departure_utc", "origin", "flight_id"],
    buckets=hash_buckets("tail_number", 8),
    set_based=True,
    owners=("team:flights",),
)
def departures(raw_flights: DuckDBPyRelation, raw_airports: DuckDBPyRelation) -> DuckDBPyRelation:
    """Put each clock reading into UTC by its own airport's time zone, and say when each outcome was known."""
    return raw_flights.query(
        "raw_flights",
        """
        WITH atlantic(faa, tzone) AS (
            SELECT unnest(['BQN', 'PSE', 'SJU', 'STT']), 'America/Puerto_Rico'
        ), scheduled AS (
            SELECT f.*, make_date(year, month, day) AS flight_date,
                time_hour + to_minutes(minute) AS departs,
                COALESCE(a.tzone, p.tzone) AS time_zone,
                departs AT TIME ZONE time_zone AS departs_there,
                to_minutes(sched_arr_time // 100 * 60 + sched_arr_time % 100) AS after_midnight,
                date_trunc('day', departs_there) + after_midnight AS clock,
                IF(clock > departs_there, clock, clock + to_days(1)) AT TIME ZONE time_zone AS arrives,
                dep_delay IS NULL AS is_cancelled,
                dep_delay IS NOT NULL AND arr_delay IS NULL AS is_diverted,
                (flight_date + 1)::TIMESTAMP AT TIME ZONE 'America/New_York' AS day_end,
                (flight_date + 2)::TIMESTAMP AT TIME ZONE 'America/New_York' AS next_day_end
            FROM raw_flights f
            LEFT JOIN raw_airports a ON a.faa = f.dest
            LEFT JOIN atlantic p ON p.faa = f.dest
        )
        SELECT concat_ws('-', flight_date, carrier, flight, origin) AS flight_id, flight_date,
            departs AS scheduled_departure_utc, arrives AS scheduled_arrival_utc,
            carrier, flight AS flight_number, tailnum AS tail_number, origin, dest AS destination,
            distance AS distance_miles, is_cancelled, is_diverted,
            dep_delay AS departure_delay_minutes, arr_delay AS arrival_delay_minutes, air_time AS air_time_minutes,
            COALESCE(departs + to_minutes(dep_delay), day_end) AS departure_known_utc,
            CASE
                WHEN is_cancelled THEN day_end
                WHEN is_diverted THEN next_day_end
                ELSE arrives + to_minutes(arr_delay)
            END AS outcome_known_utc
        FROM scheduled
        """,
    )
