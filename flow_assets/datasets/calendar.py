"""What flight datasets share: New York's days of 2013, its airports, the sixteen carriers, how long a delay can be, and
what a daily file may hold.
"""

import pyarrow as pa
import pyarrow.compute as pc

from flow_assets import DailyPartitions, StaticPartitions, in_range
from flow_assets.errors import LandedFileError

DAILY = DailyPartitions("2013-01-01", end_date="2014-01-01", timezone="America/New_York")
"""A day is the source's own local date, New York's; 38,444 of 336,776 departures fall on another date in UTC."""

AIRPORTS = ("EWR", "JFK", "LGA")
"""New York's three airports, from which every departure of the source leaves."""

DELAY = in_range(-120, 1800)
"""A delay in minutes: from 86 early to 1,301 late in the source; in seconds, or of a wrong day, it would be outside."""

CARRIERS = StaticPartitions(
    ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"]
)
"""The carriers of `raw_airlines`; a flight of any other is an error until it is added here."""


def lines_of_day(lines: pa.Table, day: str) -> pa.Table:
    """The lines, all of which must be of `day`, `YYYY-MM-DD`, in their columns `year`, `month` and `day`.

    Datasets above take the day from these columns: a line that came with another day's file would be moved in silence.

    Raises:
        LandedFileError: a line is of another day.
    """
    year, month, day_of_month = (pa.scalar(str(int(part))) for part in day.split("-"))
    is_of_day = pc.and_(
        pc.and_(pc.equal(lines["year"], year), pc.equal(lines["month"], month)), pc.equal(lines["day"], day_of_month)
    )
    stranger = pc.index(pc.fill_null(is_of_day, False), False).as_py()
    if stranger >= 0:
        found = "-".join(str(lines[name][stranger]) for name in ("year", "month", "day"))
        raise LandedFileError(
            f"The file of {day} holds a line of {found} (line {lines['line_number'][stranger]}). "
            "Land each line with the file of its own day."
        )
    return lines
