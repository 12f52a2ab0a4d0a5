"""A carrier on a day: how its departures of the 28 days before went, as far as known when the day began; 5,840 rows.

Sources: `departures` of the 28 days before, not of the day; `raw_airlines` for the carriers. Every airline has a row on
every day, also when it does not fly: the day's own departures are not read. Only outcomes known by the local midnight
at which the day starts are counted: 26,628 arrivals of an evening come after it and count from the day after on. "Late"
is more than 15 minutes after schedule.

What not to trust, and is tolerated: 2013-01-01 has no history, and the 27 days after it have a short one; counts say
how much, and shares and means are null where nothing was counted (208 rows). Small carriers stay thin: OO has 32
departures in the year. That a carrier is missing, or that counts and shares disagree, is an error; of a carrier whose
flights were all cancelled a warning tells.
"""

from duckdb import DuckDBPyRelation

from flow_assets import (
    DatasetSchema,
    Date,
    Float64,
    Int32,
    PartitionContext,
    Rule,
    String,
    column,
    dataset,
    ge,
    in_range,
    isin,
    lookback,
    row_count,
    row_rule,
)
from flow_assets.datasets.calendar import CARRIERS, DAILY, DELAY

SHARE = in_range(0, 1)


class CarrierReliability(DatasetSchema):
    """Counts, shares and means over the 28 days before."""

    flight_date: Date = column("The day, New York's date")
    carrier: String = column("Carrier, two-character IATA code", rules=[isin(CARRIERS.keys())])
    carrier_outcomes_28_days: Int32 = column("Departures whose outcome was known when the day began", rules=[ge(0)])
    carrier_arrivals_28_days: Int32 = column("Those of them that arrived", rules=[ge(0)])
    carrier_late_share_28_days: Float64 = column(
        "Share of arrivals more than 15 minutes late, 0 to 1",
        nullable=True,
        rules=[SHARE],
    )
    carrier_cancelled_share_28_days: Float64 = column(
        "Share of outcomes that are cancellations, 0 to 1", nullable=True, rules=[SHARE]
    )
    carrier_mean_departure_delay_28_days_minutes: Float64 = column(
        "Mean departure delay of the arrivals, early ones negative", unit="minutes", nullable=True, rules=[DELAY]
    )
    carrier_mean_arrival_delay_28_days_minutes: Float64 = column(
        "Mean arrival delay, early ones negative", unit="minutes", nullable=True, rules=[DELAY]
    )

    @classmethod
    def rules(cls) -> list[Rule]:
        """Counts and shares agree, and every carrier is there."""
        return [
            row_rule(
                "carrier_arrivals_28_days + round(carrier_outcomes_28_days"
                " * coalesce(carrier_cancelled_share_28_days, 0)) <= carrier_outcomes_28_days",
                name="arrivals_and_cancellations_are_among_the_outcomes",
            ),
            row_rule(
                "(carrier_outcomes_28_days = 0) = (carrier_cancelled_share_28_days IS NULL)"
                " AND (carrier_arrivals_28_days = 0) = (carrier_late_share_28_days IS NULL)"
                " AND (carrier_arrivals_28_days = 0) = (carrier_mean_arrival_delay_28_days_minutes IS NULL)",
                name="shares_are_null_where_nothing_was_counted",
                dimension="completeness",
            ),
            row_rule(
                "carrier_outcomes_28_days = 0 OR carrier_arrivals_28_days > 0",
                name="carriers_that_fly_arrive",
                dimension="completeness",
                severity="warn",
                description="Without one arrival nothing is known of how late a carrier is.",
            ),
            row_count(len(CARRIERS.keys()), len(CARRIERS.keys())),
        ]


@dataset(
    schema=CarrierReliability,
    partitions=DAILY,
    partition_column="flight_date",
    ins={"departures": lookback(days=28, include_current=False)},
    sort_by=["flight_date", "carrier"],
    set_based=True,
    owners=("team:flights",),
)
def carrier_reliability(
    departures: DuckDBPyRelation, raw_airlines: DuckDBPyRelation, partition: PartitionContext
) -> DuckDBPyRelation:
    """Join each day with the 28 before it, and count what was known at its midnight."""
    days = ", ".join(f"'{key}'" for key in partition.partition_keys)
    # Sums of integers divided once: a mean of doubles would depend on the order in which threads add.
    return departures.query(
        "departures",
        f"""
        WITH days AS (
            SELECT unnest([{days}])::DATE AS flight_date,
                flight_date::TIMESTAMP AT TIME ZONE 'America/New_York' AS begins
        ), window_days AS (
            SELECT flight_date, begins, flight_date - unnest(range(1, 29))::INTEGER AS past_date FROM days
        ), history AS (
            SELECT w.flight_date, d.carrier, d.is_cancelled,
                d.departure_delay_minutes AS dep, d.arrival_delay_minutes AS arr
            FROM window_days w
            JOIN departures d ON d.flight_date = w.past_date AND d.outcome_known_utc <= w.begins
        )
        SELECT days.flight_date, a.carrier,
            count(h.carrier) AS carrier_outcomes_28_days,
            count(arr) AS carrier_arrivals_28_days,
            count(*) FILTER (arr > 15) / nullif(count(arr), 0) AS carrier_late_share_28_days,
            count(*) FILTER (is_cancelled) / nullif(count(h.carrier), 0) AS carrier_cancelled_share_28_days,
            sum(dep) FILTER (arr IS NOT NULL) / nullif(count(arr), 0) AS carrier_mean_departure_delay_28_days_minutes,
            sum(arr) / nullif(count(arr), 0) AS carrier_mean_arrival_delay_28_days_minutes
        FROM days
        CROSS JOIN raw_airlines a
        LEFT JOIN history h ON h.flight_date = days.flight_date AND h.carrier = a.carrier
        GROUP BY days.flight_date, a.carrier
        """,
    )
