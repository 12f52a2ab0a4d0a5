"""A departure of one carrier, over all days that have been published; 336,776 rows in 16 partitions.

Source: `departures`, all its partitions; computed again when one arrives or changes. From 32 rows (OO) to 58,665 (UA).

For looking at a carrier's whole history at once. Not for features: it holds outcomes without regard to when they were
known, and it grows with each day. A carrier that `calendar.CARRIERS` does not list is an error, not a dropped row. What
`departures` says not to trust holds here; rules repeat of it what a wrong join or filter would break, and warn of a
carrier that cancels more than a tenth (OO and YV come near, with 9.4 and 9.3 %), and of one without any departure.
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
    all_partitions,
    column,
    dataset,
    isin,
    not_null,
    notin,
    row_count,
    row_rule,
)
from flow_assets.datasets.calendar import AIRPORTS, CARRIERS, DELAY


class CarrierHistory(DatasetSchema):
    """A departure's plan and outcome."""

    carrier: String = column("Carrier, two-character IATA code")
    flight_id: String = column("Key of the departure")
    flight_date: Date = column("Day of the scheduled departure, New York's date")
    scheduled_departure_utc: TimestampUtc = column("Scheduled departure")
    flight_number: Int32 = column("Flight number")
    tail_number: String = column("Tail number of the aircraft; null for 2,512 cancelled flights", nullable=True)
    origin: String = column("Airport of departure: EWR, JFK or LGA", rules=[isin(AIRPORTS)])
    destination: String = column("Airport of destination, FAA code", rules=[notin(AIRPORTS, tolerance=1)])
    distance_miles: Int32 = column("Distance between the airports", unit="miles")
    is_cancelled: Bool = column("Whether it never departed")
    is_diverted: Bool = column("Whether it departed and has no arrival delay")
    departure_delay_minutes: Int32 = column(
        "Departure after schedule, negative if early",
        unit="minutes",
        nullable=True,
        rules=[DELAY, not_null(severity="warn", tolerance=0.1)],
    )
    arrival_delay_minutes: Int32 = column(
        "Arrival after schedule, negative if early", unit="minutes", nullable=True, rules=[DELAY]
    )

    @classmethod
    def rules(cls) -> list[Rule]:
        """A flight is the carrier's own, and agrees with itself."""
        return [
            row_rule(
                "flight_id = concat_ws('-', flight_date, carrier, flight_number, origin)", name="flight_id_is_made"
            ),
            row_rule(
                "is_cancelled = (departure_delay_minutes IS NULL)"
                " AND is_diverted = (NOT is_cancelled AND arrival_delay_minutes IS NULL)",
                name="outcomes_agree_with_the_delays",
            ),
            row_count(
                min_value=1,
                severity="warn",
                description="An airline that never flies should not be listed; before its first day lands, none flies.",
            ),
        ]


@dataset(
    schema=CarrierHistory,
    partitions=CARRIERS,
    partition_column="carrier",
    ins={"departures": all_partitions()},
    sort_by=["scheduled_departure_utc", "origin", "flight_id"],
    set_based=True,
    owners=("team:flights",),
)
def carrier_history(departures: DuckDBPyRelation) -> DuckDBPyRelation:
    """Keep what describes a flight; the partition column divides the rows."""
    return departures.query(
        "departures",
        """
        SELECT carrier, flight_id, flight_date, scheduled_departure_utc, flight_number, tail_number, origin,
            destination, distance_miles, is_cancelled, is_diverted, departure_delay_minutes, arrival_delay_minutes
        FROM departures
        """,
    )
