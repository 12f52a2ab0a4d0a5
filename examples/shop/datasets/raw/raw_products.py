"""What the shop sells, as delivered; one row is a line of the category's landed file.

Source: the catalogue, `products/{partition}.jsonl`, one file a category; 40 products. Only today's products are in it:
the events know 7 products more.
"""

from duckdb import DuckDBPyRelation

from examples.shop.datasets.calendar import CATEGORIES
from flow_assets import DatasetSchema, Float64, Int64, String, column, dataset, gt, landed, unique


class RawProducts(DatasetSchema):
    """Fields as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first")
    sku: String = column("Product", rules=[unique()])
    category: String = column("Category: books, garden, kitchen or toys")
    name: String = column("Name as shown")
    price: Float64 = column("Price today", unit="euros", rules=[gt(0)])


@dataset(
    schema=RawProducts,
    partitions=CATEGORIES,
    partition_column="category",
    source=landed("products/{partition}.jsonl"),
    sort_by=["line_number"],
    owners=("team:shop",),
)
def raw_products(lines: DuckDBPyRelation) -> DuckDBPyRelation:
    """Hand on the lines, which the schema types."""
    return lines
