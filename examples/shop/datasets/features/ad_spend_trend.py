"""A channel in a month, with what it cost and how that differs from the month before; 11 rows.

Source: `raw_ad_spend` of the month and of the one before. A channel not used in the month before has no change.

What not to trust: bills come after the month, so nothing here is known while it lasts.
"""

from duckdb import DuckDBPyRelation

from examples.shop.datasets.calendar import MONTHS
from flow_assets import DatasetSchema, Date, Int64, String, column, dataset, ge, lookback


class AdSpendTrend(DatasetSchema):
    """Spend and its change."""

    month: Date = column("First day of the month")
    channel: String = column("Where the advertisement was shown")
    spend_cents: Int64 = column("What was billed", unit="cents", rules=[ge(0)])
    change_cents: Int64 = column(
        "More than in the month before; null if it was not used then", unit="cents", nullable=True
    )


@dataset(
    schema=AdSpendTrend,
    partitions=MONTHS,
    partition_column="month",
    ins={"raw_ad_spend": lookback(months=1)},
    sort_by=["month", "channel"],
    set_based=True,
    owners=("team:shop",),
)
def ad_spend_trend(raw_ad_spend: DuckDBPyRelation) -> DuckDBPyRelation:
    """Look up the month before."""
    return raw_ad_spend.query(
        "raw_ad_spend",
        """
        WITH billed AS (SELECT month, channel, round(spend * 100)::BIGINT AS spend_cents FROM raw_ad_spend)
        SELECT b.month, b.channel, b.spend_cents, b.spend_cents - before.spend_cents AS change_cents
        FROM billed b
        LEFT JOIN billed before ON before.channel = b.channel AND before.month = b.month - INTERVAL 1 MONTH
        """,
    )
