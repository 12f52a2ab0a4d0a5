"""What the shop's datasets share: three days of hours, four categories, four months, and what a file may hold."""

import pyarrow as pa
import pyarrow.compute as pc

from flow_assets import HourlyPartitions, MonthlyPartitions, PartitionContext, StaticPartitions
from flow_assets.errors import LandedFileError

HOURS = HourlyPartitions("2024-03-01-00:00", end_date="2024-03-04-00:00")
"""An hour is the one in which the shop received an event, UTC."""

BEGINNING = HOURS.window(HOURS.start_date)[0].isoformat()
"""Where the data begins."""

CATEGORIES = StaticPartitions(["books", "garden", "kitchen", "toys"])
"""The categories in which products are sold; one more is an error until it is added here."""

MONTHS = MonthlyPartitions("2023-12-01", end_date="2024-04-01")
"""Months as the advertising channels bill them."""


def received_in(lines: pa.Table, hour: PartitionContext) -> pa.Table:
    """The lines, each of which must have been received in `hour`.

    Raises:
        LandedFileError: a line was received in another hour.
    """
    received = lines["received_at"].cast(pa.timestamp("us", "UTC"))
    is_inside = pc.and_(pc.greater_equal(received, pa.scalar(hour.start)), pc.less(received, pa.scalar(hour.end)))
    stranger = pc.index(pc.fill_null(is_inside, False), False).as_py()
    if stranger >= 0:
        raise LandedFileError(
            f"The file of {hour.partition_key} holds a line received at {lines['received_at'][stranger]} (line "
            f"{lines['line_number'][stranger]}). Land each line with the file of its own hour."
        )
    return lines
