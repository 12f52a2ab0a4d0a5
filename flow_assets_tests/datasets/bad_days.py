"""The bad days: what goes wrong on which day, and which rule catches it; docs/quality-of-flights.md says the same."""

from dataclasses import dataclass

from flow_assets_tests.datasets.spoiling import (
    Spoil,
    both,
    by_the_clock,
    cancelled,
    converted,
    half_of_the_lines,
    hours_later,
    nulls,
    only,
    put,
    swapped,
    twice,
)


@dataclass(frozen=True)
class BadDay:
    """A landed file that goes bad.

    Attributes:
        story: in the words of the documentation's table.
        caught_by: the rules of `dataset` that are broken, others may be too.
        dimensions: of those rules, each once.
        is_blocked: whether the partition is kept back, or published with a warning.
    """

    story: str
    day: str
    source: str
    spoil: Spoil
    dataset: str
    caught_by: tuple[str, ...]
    dimensions: tuple[str, ...]
    is_blocked: bool = True

    def __str__(self) -> str:
        return f"{self.day} {self.story}"

    @property
    def file(self) -> str:
        return f"{self.source}/{self.day}.csv.{'gz' if self.source == 'flights' else 'bz2'}"


COMPLETENESS, UNIQUENESS, CONSISTENCY = ("completeness",), ("uniqueness",), ("consistency",)
VALIDITY, ACCURACY = ("validity",), ("accuracy",)


def _flights(story: str, day: str, spoil: Spoil, rules: str, dimensions: tuple[str, ...]) -> BadDay:
    return BadDay(story, day, "flights", spoil, "raw_flights", tuple(rules.split()), dimensions)


def _weather(story: str, day: str, spoil: Spoil, rules: str, dimensions: tuple[str, ...]) -> BadDay:
    return BadDay(story, day, "weather", spoil, "raw_weather", tuple(rules.split()), dimensions)


def _departures(
    story: str, day: str, spoil: Spoil, rules: str, dimensions: tuple[str, ...], *, is_blocked: bool = False
) -> BadDay:
    return BadDay(story, day, "flights", spoil, "departures", tuple(rules.split()), dimensions, is_blocked)


UNTOLD = "nulls: `dep_delay` in 30 %, or `arr_delay` in 5 %"
HALF_OF_THE_HOURS = "half the hours missing, or one airport's"
WIND = "units: wind in km/h, knots or m/s"

SPOILED_FLIGHTS = [
    _flights("nulls: a key column (`dest`), in 1 %", "2013-01-22", nulls("dest", 0.01), "dest_not_null", COMPLETENESS),
    _flights(UNTOLD, "2013-01-31", nulls("dep_delay", 0.3), "outcome_is_told_as_far_as_it_went", COMPLETENESS),
    _flights(UNTOLD, "2013-02-07", nulls("arr_delay", 0.05), "outcome_is_told_as_far_as_it_went", COMPLETENESS),
    _flights(
        "nulls: `tailnum` in 5 %",
        "2013-02-19",
        nulls("tailnum", 0.05),
        "departed_flights_name_their_aircraft",
        COMPLETENESS,
    ),
    _departures(
        "half of all flights cancelled, consistently",
        "2013-03-01",
        cancelled(0.5),
        "departure_delay_minutes_not_null",
        COMPLETENESS,
    ),
    _flights(
        "duplicates: 1 % of the lines twice", "2013-03-10", twice(0.01), "carrier_flight_origin_unique", UNIQUENESS
    ),
    _flights(
        "shift: delays 60 minutes longer",
        "2013-03-21",
        converted(lambda minutes: minutes + 60, "dep_delay", "arr_delay", digits=0),
        "departure_delay_is_that_of_the_clock",
        CONSISTENCY,
    ),
    _departures(
        "shift: delays and clock readings both",
        "2013-03-31",
        both(
            converted(lambda minutes: minutes + 60, "dep_delay", "arr_delay", digits=0),
            by_the_clock(60, "dep_time", "arr_time"),
        ),
        "departure_delay_minutes_ks arrival_delay_minutes_ks",
        ACCURACY,
    ),
    _flights("half the flights missing, at random", "2013-04-10", half_of_the_lines, "row_count", COMPLETENESS),
    _flights(
        "all flights after 14:00 missing",
        "2013-04-20",
        only("hour.astype('int') < 14"),
        "row_count time_hour_fresh",
        ("completeness", "timeliness"),
    ),
    _departures(
        "one airport's flights missing",
        "2013-05-02",
        only("origin != 'LGA'"),
        "origin_category_shares",
        ACCURACY,
    ),
    _flights(
        "swapped: `dep_time` and `arr_time`",
        "2013-05-14",
        swapped("dep_time", "arr_time"),
        "departure_delay_is_that_of_the_clock",
        CONSISTENCY,
    ),
    _flights(
        "swapped: the two delays",
        "2013-05-25",
        swapped("dep_delay", "arr_delay"),
        "departure_delay_is_that_of_the_clock",
        CONSISTENCY,
    ),
    _flights(
        "swapped: the two schedules",
        "2013-06-05",
        swapped("sched_dep_time", "sched_arr_time"),
        "hour_and_minute_are_the_scheduled_departure",
        CONSISTENCY,
    ),
    _flights("swapped: `origin` and `dest`", "2013-06-17", swapped("origin", "dest"), "origin_isin", VALIDITY),
    _flights(
        "swapped: `distance` and `air_time`",
        "2013-06-28",
        swapped("distance", "air_time"),
        "air_time_in_range",
        VALIDITY,
    ),
    _flights(
        "units: distance in km",
        "2013-07-09",
        converted(lambda miles: miles * 1.609344, "distance", digits=0),
        "distance_in_range speed_is_that_of_an_airliner",
        ("validity", "accuracy"),
    ),
    _flights(
        "time zone: `time_hour` five hours off",
        "2013-07-20",
        hours_later(-5),
        "time_hour_is_the_hour_on_new_yorks_clock",
        CONSISTENCY,
    ),
    _departures(
        "time zone: arrivals an hour off",
        "2013-08-01",
        by_the_clock(-60, "arr_time", "sched_arr_time"),
        "takes_longer_than_its_time_in_the_air",
        CONSISTENCY,
        is_blocked=True,
    ),
    _flights("garbled: a carrier that nobody knows", "2013-08-13", put("carrier", "B\ufffd"), "carrier_isin", VALIDITY),
]

SPOILED_WEATHER = [
    _weather("nulls: `temp` in half the hours", "2013-02-02", nulls("temp", 0.5), "temp_not_null", COMPLETENESS),
    _weather("duplicates: one hour twice", "2013-02-26", twice(0.01), "origin_time_hour_unique", UNIQUENESS),
    _weather(HALF_OF_THE_HOURS, "2013-03-15", half_of_the_lines, "most_hours_are_there", COMPLETENESS),
    _weather(HALF_OF_THE_HOURS, "2013-04-15", only("origin != 'JFK'"), "most_hours_are_there", COMPLETENESS),
    _weather(
        "swapped: `temp` and `dewp`",
        "2013-05-20",
        swapped("temp", "dewp"),
        "dew_point_is_not_above_the_temperature",
        CONSISTENCY,
    ),
    _weather(
        "swapped: `wind_speed` and `wind_gust`",
        "2013-06-11",
        swapped("wind_speed", "wind_gust"),
        "wind_speed_not_null gusts_are_not_slower_than_the_wind",
        ("completeness", "consistency"),
    ),
    _weather(
        "units: temperatures in °C",
        "2013-07-04",
        converted(lambda fahrenheit: (fahrenheit - 32) / 1.8, "temp", "dewp"),
        "humidity_fits_the_temperature",
        ACCURACY,
    ),
    *(
        _weather(
            WIND,
            day,
            converted(lambda mph, factor=factor: mph * factor, "wind_speed", "wind_gust", digits=9),
            "wind_speed_is_whole_knots_in_mph",
            ACCURACY,
        )
        for day, factor in {"2013-08-21": 1.609344, "2013-08-30": 0.868976, "2013-09-12": 0.44704}.items()
    ),
    _weather(
        "units: pressure in inches, visibility in km",
        "2013-10-01",
        both(
            converted(lambda millibars: millibars * 0.02953, "pressure"),
            converted(lambda miles: miles * 1.609344, "visib"),
        ),
        "pressure_in_range visib_in_range",
        VALIDITY,
    ),
]

BAD_DAYS = [*SPOILED_FLIGHTS, *SPOILED_WEATHER]

NO_RULE = {
    "2013-09-24": (put("dep_time", "12:30"), "dep_time"),
    "2013-10-10": (put("day", "11"), "holds a line of 2013-10-11"),
}
"""Days whose flights fail before any rule is asked: how, and what the message says."""

CUT_OFF = "2013-10-21"
"""The day of whose file of flights only the first half of the bytes has landed."""

AIRPORTS = {
    "duplicates: an airport twice": (twice(0.0001), ("faa_unique",), UNIQUENESS),
    "swapped: `lat` and `lon`": (
        swapped("lat", "lon"),
        ("lat_in_range", "is_in_the_united_states"),
        ("validity", "accuracy"),
    ),
    "units: altitude in metres": (
        converted(lambda feet: feet * 0.3048, "alt", digits=0),
        ("highest_airport_is_above_5000_feet",),
        ACCURACY,
    ),
}
"""What can go wrong with `airports.csv`: how, the rules of `raw_airports` that are broken, and their dimensions."""
