"""A customer, in a bucket by age; 2,000 rows.

Source: `raw_customers`. Buckets: under 18, 18 to 29, 30 to 44, 45 to 64, 65 and over, and one for unknown ages.

Repaired: 11 impossible ages (over 110) are null, besides 140 that were never entered.

What not to trust: the app offers 35 as the age, and 1,217 customers have it; so the bucket from 30 to 44 holds 1,352 of
2,000 rows, many more than any other.
"""

from duckdb import DuckDBPyRelation

from flow_assets import Bool, DatasetSchema, Int32, Int64, String, column, dataset, in_range, not_null, range_buckets


class Customers(DatasetSchema):
    """Who they are, as far as they said."""

    customer_id: Int64 = column("Key of the customer")
    city: String = column("City of the first order", nullable=True)
    age_years: Int32 = column(
        "Age; null where none, or an impossible one, was entered",
        unit="years",
        nullable=True,
        rules=[in_range(0, 110), not_null(severity="warn", tolerance=0.1)],
    )
    is_default_age: Bool = column("Whether the age is the one that the app offers")


@dataset(
    schema=Customers,
    sort_by=["customer_id"],
    buckets=range_buckets("age_years", [18, 30, 45, 65]),
    owners=("team:shop",),
)
def customers(raw_customers: DuckDBPyRelation) -> DuckDBPyRelation:
    """Null the ages that cannot be."""
    return raw_customers.query(
        "raw_customers",
        """
        SELECT customer_id, city, IF(age <= 110, age, NULL) AS age_years, COALESCE(age = 35, false) AS is_default_age
        FROM raw_customers
        """,
    )
