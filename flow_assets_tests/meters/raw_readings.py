"""A line of the landed file."""

import pyarrow as pa

from flow_assets import DatasetSchema, Int64, String, column, dataset, landed
from meters.calendar import DAILY


class RawReadings(DatasetSchema):
    meter: String = column("Name of the meter")
    watts: Int64 = column("Reading", unit="watts", nullable=True)
    note: String = column("What somebody wrote", nullable=True)
    line_number: Int64 = column("Line of the file")


@dataset(schema=RawReadings, sort_by=["line_number"], partitions=DAILY, source=landed("readings/{date}.csv"))
def raw_readings(lines: pa.Table) -> pa.Table:
    return lines
