"""What advertising cost, as billed; one row is a line of the month's landed file.

Source: the channels' bills, `ads/{date:%Y-%m}.csv`, one file a month; 11 lines in four months. A channel that was not
used in a month has no line (video, in January 2024).
"""

from duckdb import DuckDBPyRelation

from examples.shop.datasets.calendar import MONTHS
from flow_assets import DatasetSchema, Date, Float64, Int64, String, column, dataset, ge, landed, unique


class RawAdSpend(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    month: Date = column("First day of the month")
    channel: String = column("Where the advertisement was shown", rules=[unique()])
    spend: Float64 = column("What was billed", unit="euros", rules=[ge(0)])


@dataset(
    schema=RawAdSpend,
    partitions=MONTHS,
    partition_column="month",
    source=landed("ads/{date:%Y-%m}.csv"),
    sort_by=["line_number"],
    owners=("team:shop",),
)
def raw_ad_spend(lines: DuckDBPyRelation) -> DuckDBPyRelation:
    """Hand on the lines, which the schema types."""
    return lines
