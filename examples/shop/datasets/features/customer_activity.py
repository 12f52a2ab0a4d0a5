"""A customer who does something in an hour, with what they did in the 24 hours before it; 2,205 rows.

Source: `events` of the hour, which say who is there and whether they buy (the label: 120 times), and of the 24 hours
before it, and `customers`. Features count what had been received when the hour began: late events count from the hour
that received them. Visitors who are not signed in are left out.

What not to trust: the first day's windows are cut off where the data begins; `hours_known` says how long they are.
"""

from duckdb import DuckDBPyRelation

from examples.shop.datasets.calendar import BEGINNING, HOURS
from flow_assets import (
    Bool,
    DatasetSchema,
    Int32,
    Int64,
    Rule,
    TimestampUtc,
    column,
    dataset,
    in_range,
    lookback,
    references,
)


class CustomerActivity(DatasetSchema):
    """What was known of a customer when an hour began, and whether they bought in it."""

    customer_id: Int64 = column("Customer")
    hour_utc: TimestampUtc = column("Beginning of the hour")
    age_years: Int32 = column("Age; null if unknown", unit="years", nullable=True)
    views_24_hours_before: Int32 = column("Products viewed in the 24 hours before")
    carts_24_hours_before: Int32 = column("Products put into the cart in the 24 hours before")
    purchases_24_hours_before: Int32 = column("Purchases in the 24 hours before")
    spent_24_hours_before_cents: Int64 = column("Paid in the 24 hours before", unit="cents")
    hours_known: Int32 = column(
        "Length of the window: 24, or less where the data begins", unit="hours", rules=[in_range(0, 24)]
    )
    buys_in_hour: Bool = column("Label: whether the customer buys in the hour")

    @classmethod
    def rules(cls) -> list[Rule]:
        """Only registered customers are signed in."""
        return [references("customers", {"customer_id": "customer_id"})]


@dataset(
    schema=CustomerActivity,
    partitions=HOURS,
    partition_column="hour_utc",
    ins={"events": lookback(hours=24)},
    sort_by=["hour_utc", "customer_id"],
    set_based=True,
    owners=("team:shop",),
)
def customer_activity(events: DuckDBPyRelation, customers: DuckDBPyRelation) -> DuckDBPyRelation:
    """Sum whole hours, and the 24 before each."""
    return events.query(
        "events",
        f"""
        WITH hourly AS (
            SELECT customer_id, received_hour_utc AS hour_utc, count_if(kind = 'view') AS views,
                count_if(kind = 'cart') AS carts, count_if(kind = 'purchase') AS purchases,
                sum(IF(kind = 'purchase', quantity * price_cents, 0)) AS cents
            FROM events WHERE customer_id IS NOT NULL GROUP BY ALL
        )
        SELECT customer_id, hour_utc, c.age_years,
            COALESCE(sum(views) OVER day_before, 0)::INTEGER AS views_24_hours_before,
            COALESCE(sum(carts) OVER day_before, 0)::INTEGER AS carts_24_hours_before,
            COALESCE(sum(purchases) OVER day_before, 0)::INTEGER AS purchases_24_hours_before,
            COALESCE(sum(cents) OVER day_before, 0)::BIGINT AS spent_24_hours_before_cents,
            least(24, date_diff('hour', TIMESTAMPTZ '{BEGINNING}', hour_utc))::INTEGER AS hours_known,
            purchases > 0 AS buys_in_hour
        FROM hourly LEFT JOIN customers c USING (customer_id)
        WINDOW day_before AS (
            PARTITION BY customer_id ORDER BY hour_utc
            RANGE BETWEEN INTERVAL 24 HOUR PRECEDING AND INTERVAL 1 HOUR PRECEDING
        )
        """,
    )
