"""Who is registered, as delivered; one row is a line of the landed file.

Source: the shop's old customer system, `customers.csv` in Windows' encoding; 2,000 customers. Ages are as entered; `?`
and nothing mean that none was.
"""

from duckdb import DuckDBPyRelation

from flow_assets import DatasetSchema, Int32, Int64, String, column, dataset, landed


class RawCustomers(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    customer_id: Int64 = column("Customer")
    city: String = column("City of the first order", nullable=True)
    age: Int32 = column("Age as entered", unit="years", nullable=True)


@dataset(
    schema=RawCustomers,
    source=landed("customers.csv", null_values=["", "?"], encoding="cp1252"),
    sort_by=["line_number"],
    owners=("team:shop",),
)
def raw_customers(lines: DuckDBPyRelation) -> DuckDBPyRelation:
    """Hand on the lines, which the schema types."""
    return lines
