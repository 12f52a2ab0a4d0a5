"""Who is registered, as delivered; one row is a line of the landed file.

Source: the shop's old customer system, `customers.csv` in Windows' encoding; 2,000 customers. Ages are as entered; `?`
and nothing mean that none was. 11 ages are impossible: tolerated up to 1 %, as `customers` nulls them.
"""

from duckdb import DuckDBPyRelation

from flow_assets import DatasetSchema, Int32, Int64, String, column, dataset, in_range, landed, unique


class RawCustomers(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    customer_id: Int64 = column("Customer", rules=[unique()])
    city: String = column("City of the first order", nullable=True)
    age: Int32 = column("Age as entered", unit="years", nullable=True, rules=[in_range(0, 110, tolerance=0.01)])


@dataset(
    schema=RawCustomers,
    source=landed("customers.csv", null_values=["", "?"], encoding="cp1252"),
    sort_by=["line_number"],
    owners=("team:shop",),
)
def raw_customers(lines: DuckDBPyRelation) -> DuckDBPyRelation:
    """Hand on the lines, which the schema types."""
    return lines
