"""An hour of a category: what was viewed, put into carts and bought; 288 rows.

Source: all `events`. An hour in which nothing of a category happened has no row. Events of products that are no longer
sold have no category, and are left out.

What not to trust: hours are those in which events were received.
"""

from duckdb import DuckDBPyRelation

from examples.shop.datasets.calendar import CATEGORIES
from flow_assets import (
    DatasetSchema,
    Int32,
    Int64,
    Rule,
    String,
    TimestampUtc,
    all_partitions,
    column,
    dataset,
    row_rule,
)


class CategoryDemand(DatasetSchema):
    """Counts and revenue."""

    category: String = column("Category: books, garden, kitchen or toys")
    hour_utc: TimestampUtc = column("Beginning of the hour")
    views: Int32 = column("Products viewed")
    carts: Int32 = column("Products put into carts")
    purchases: Int32 = column("Purchases")
    revenue_cents: Int64 = column("Paid", unit="cents")

    @classmethod
    def rules(cls) -> list[Rule]:
        """An hour with a row has events, and money comes of purchases."""
        return [
            row_rule("views + carts + purchases > 0", name="something_happened"),
            row_rule("(revenue_cents > 0) = (purchases > 0)", name="revenue_comes_of_purchases"),
        ]


@dataset(
    schema=CategoryDemand,
    partitions=CATEGORIES,
    partition_column="category",
    ins={"events": all_partitions()},
    sort_by=["hour_utc"],
    set_based=True,
    owners=("team:shop",),
)
def category_demand(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Count by category and hour."""
    return events.query(
        "events",
        """
        SELECT category, received_hour_utc AS hour_utc, count_if(kind = 'view')::INTEGER AS views,
            count_if(kind = 'cart')::INTEGER AS carts, count_if(kind = 'purchase')::INTEGER AS purchases,
            sum(IF(kind = 'purchase', quantity * price_cents, 0))::BIGINT AS revenue_cents
        FROM events WHERE category IS NOT NULL GROUP BY ALL
        """,
    )
