"""An event, once, with its product's category; 3,472 rows of the 3,605 lines of three days.

Source: `raw_events` of the hour and of the one before, and today's `raw_products`. Keyed by `event_id`.

Repaired: an event that is received again in the same hour or the next is left out (133 lines); kinds are in
lower case (72 were not); prices are exact, in cents.

When known: at `received_utc`. 148 events happened before the hour in which they were received, so a count by
`occurred_utc` changes afterwards, and a count by `received_hour_utc` never does.

What not to trust: an event that is sent again later than in the next hour would count twice (there is none). Of
32 events the product is no longer sold; they have no category (`category_not_null` warns of an hour in which more than
a tenth has none).
"""

from duckdb import DuckDBPyRelation

from examples.shop.datasets.calendar import HOURS
from flow_assets import (
    Bool,
    DatasetSchema,
    Int32,
    Int64,
    Rule,
    String,
    TimestampUtc,
    all_partitions,
    column,
    dataset,
    gt,
    isin,
    lookback,
    not_null,
    row_rule,
    unique,
)


class Events(DatasetSchema):
    """What happened, when, and when it was known."""

    event_id: String = column("Key of the event", rules=[unique()])
    received_hour_utc: TimestampUtc = column("Beginning of the hour in which it was received")
    received_utc: TimestampUtc = column("When it was received, and so was known")
    occurred_utc: TimestampUtc = column("When it happened, by the browser's clock")
    customer_id: Int64 = column("Customer; null for a visitor who is not signed in", nullable=True)
    kind: String = column("What happened: view, cart or purchase", rules=[isin(["view", "cart", "purchase"])])
    sku: String = column("Product")
    category: String = column(
        "Category of the product; null if it is no longer sold",
        nullable=True,
        rules=[not_null(severity="warn", tolerance=0.1)],
    )
    quantity: Int32 = column("How many; 0 for a view")
    price_cents: Int64 = column("Price of one as shown", unit="cents", rules=[gt(0)])
    is_late: Bool = column("Whether it happened before the hour in which it was received")

    @classmethod
    def rules(cls) -> list[Rule]:
        """Kinds, numbers and times agree."""
        return [
            row_rule("(quantity = 0) = (kind = 'view')", name="only_views_have_no_quantity"),
            row_rule("is_late = (occurred_utc < received_hour_utc)", name="is_late_if_before_the_hour"),
        ]


@dataset(
    schema=Events,
    partitions=HOURS,
    partition_column="received_hour_utc",
    ins={"raw_events": lookback(hours=1), "raw_products": all_partitions()},
    sort_by=["received_utc", "event_id"],
    set_based=True,
    owners=("team:shop",),
)
def events(raw_events: DuckDBPyRelation, raw_products: DuckDBPyRelation) -> DuckDBPyRelation:
    """Leave out what was received before, at most an hour earlier, and clean the rest."""
    return raw_events.query(
        "raw_events",
        """
        WITH told AS (
            SELECT *, date_trunc('hour', received_at) AS received_hour,
                lag(received_hour) OVER (PARTITION BY event_id ORDER BY received_at, line_number) AS told_before
            FROM raw_events
        )
        SELECT
            event_id, received_hour AS received_hour_utc, received_at AS received_utc, occurred_at AS occurred_utc,
            customer_id, lower(kind) AS kind, sku, p.category, COALESCE(quantity, 0) AS quantity,
            round(t.price * 100)::BIGINT AS price_cents, occurred_at < received_hour AS is_late
        FROM told t
        LEFT JOIN raw_products p USING (sku)
        WHERE told_before IS NULL OR told_before < received_hour - INTERVAL 1 HOUR
        """,
    )
