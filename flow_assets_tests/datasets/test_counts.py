"""Every count that a dataset's docstring gives, and the rows of each dataset, over the real year."""

import re

import pytest

from flow_assets_tests.datasets.driver import graph

ROWS = {
    "raw_airlines": 16,
    "raw_airports": 1_458,
    "raw_planes": 3_322,
    "raw_flights": 336_776,
    "raw_weather": 26_115,
    "departures": 336_776,
    "hourly_weather": 26_114,
    "carrier_history": 336_776,
    "airport_congestion": 336_776,
    "carrier_reliability": 5_840,
    "aircraft_rotation": 336_776,
    "weather_at_departure": 336_776,
    "delay_training_set": 327_346,
}

UNKNOWN_DESTINATION = "destination NOT IN (SELECT faa FROM raw_airports)"
LOCAL = "timezone('America/New_York', scheduled_departure_utc)"

COUNTS = [
    ("raw_airports", "1,458", "FROM raw_airports"),
    ("raw_airports", "7,602", f"FROM departures WHERE {UNKNOWN_DESTINATION}"),
    ("raw_airports", "3", "FROM raw_airports WHERE lat > 72 OR lon BETWEEN -64 AND 172"),
    ("raw_airports", "2", "FROM raw_airports WHERE tz > -5"),
    ("raw_airports", "47", "FROM raw_airports WHERE dst = 'U'"),
    ("raw_planes", "3,322", "FROM raw_planes"),
    ("raw_planes", "70", "FROM raw_planes WHERE year IS NULL"),
    ("raw_planes", "23", "FROM raw_planes WHERE speed IS NOT NULL"),
    ("raw_planes", "52,606", "FROM raw_flights ANTI JOIN raw_planes USING (tailnum)"),
    ("raw_planes", "2,512", "FROM raw_flights WHERE tailnum IS NULL"),
    ("raw_planes", "50,094", "FROM raw_flights ANTI JOIN raw_planes USING (tailnum) WHERE tailnum IS NOT NULL"),
    ("raw_flights", "336,776", "FROM raw_flights"),
    ("raw_flights", "365", "FROM (SELECT DISTINCT month, day FROM raw_flights)"),
    ("raw_flights", "8,255", "FROM raw_flights WHERE dep_time IS NULL"),
    ("raw_flights", "8,713", "FROM raw_flights WHERE arr_time IS NULL"),
    ("raw_flights", "9,430", "FROM raw_flights WHERE arr_delay IS NULL"),
    ("raw_flights", "2,512", "FROM raw_flights WHERE tailnum IS NULL"),
    ("raw_flights", "29", "FROM raw_flights WHERE dep_time = 2400"),
    ("raw_flights", "150", "FROM raw_flights WHERE arr_time = 2400"),
    (
        "raw_flights",
        "24",
        "FROM (FROM raw_flights SELECT month GROUP BY month, day, carrier, flight HAVING count(*) > 1)",
    ),
    ("raw_flights", "4", "FROM raw_flights WHERE distance / air_time * 60 > 600"),
    ("raw_flights", "4", "FROM raw_flights WHERE tailnum = 'D942DN'"),
    ("raw_weather", "26,115", "FROM raw_weather"),
    ("raw_weather", "93", "SELECT 3 * 364 * 24 - count(*) FROM raw_weather"),
    ("raw_weather", "2,729", "FROM raw_weather WHERE pressure IS NULL"),
    ("raw_weather", "460", "FROM raw_weather WHERE wind_dir IS NULL"),
    ("raw_weather", "4", "FROM raw_weather WHERE wind_speed IS NULL"),
    ("raw_weather", "364", "FROM (SELECT DISTINCT month, day FROM raw_weather)"),
    ("raw_weather", "3", "FROM (FROM raw_weather SELECT origin GROUP BY origin, month, day, hour HAVING count(*) > 1)"),
    ("departures", "336,776", "FROM departures"),
    (
        "departures",
        "24",
        "FROM (FROM departures SELECT 1 GROUP BY flight_date, carrier, flight_number HAVING count(*) > 1)",
    ),
    ("departures", "38,444", "FROM departures WHERE scheduled_departure_utc::DATE != flight_date"),
    ("departures", "7,602", f"FROM departures WHERE {UNKNOWN_DESTINATION}"),
    ("departures", "8,255", "FROM departures WHERE is_cancelled"),
    ("departures", "2,512", "FROM departures WHERE tail_number IS NULL AND is_cancelled"),
    ("departures", "1,175", "FROM departures WHERE is_diverted"),
    ("departures", "328,521", "FROM departures WHERE departure_delay_minutes IS NOT NULL"),
    ("departures", "327,346", "FROM departures WHERE arrival_delay_minutes IS NOT NULL"),
    ("departures", "4", "FROM departures WHERE tail_number = 'D942DN'"),
    ("departures", "17", "SELECT distance_miles FROM departures WHERE origin = 'EWR' AND destination = 'LGA'"),
    ("hourly_weather", "26,114", "FROM hourly_weather"),
    ("hourly_weather", "364", "FROM (SELECT DISTINCT weather_date FROM hourly_weather)"),
    ("hourly_weather", "1,256", "FROM raw_weather WHERE wind_dir = 0 AND wind_speed = 0"),
    ("hourly_weather", "1", "SELECT (SELECT count(*) FROM raw_weather) - count(*) FROM hourly_weather"),
    ("hourly_weather", "93", "SELECT 3 * 364 * 24 - count(*) FROM raw_weather"),
    ("hourly_weather", "15", "SELECT 3 * 24 - count(*) FROM raw_weather WHERE month = 12 AND day = 30"),
    ("hourly_weather", "2,729", "FROM hourly_weather WHERE pressure_millibars IS NULL"),
    ("hourly_weather", "460", "FROM raw_weather WHERE wind_dir IS NULL"),
    ("hourly_weather", "5", "FROM hourly_weather WHERE wind_speed_mph IS NULL"),
    ("hourly_weather", "1", "FROM hourly_weather WHERE temperature_fahrenheit IS NULL AND humidity_percent IS NULL"),
    ("hourly_weather", "20,777", "FROM hourly_weather WHERE wind_gust_mph IS NULL"),
    ("carrier_history", "336,776", "FROM carrier_history"),
    ("carrier_history", "16", "FROM (SELECT DISTINCT carrier FROM carrier_history)"),
    ("carrier_history", "32", "FROM carrier_history WHERE carrier = 'OO'"),
    ("carrier_history", "58,665", "FROM carrier_history WHERE carrier = 'UA'"),
    ("airport_congestion", "336,776", "FROM airport_congestion"),
    ("carrier_reliability", "5,840", "FROM carrier_reliability"),
    (
        "carrier_reliability",
        "26,628",
        "FROM departures WHERE arrival_delay_minutes IS NOT NULL"
        " AND outcome_known_utc > timezone('America/New_York', (flight_date + 1)::TIMESTAMP)",
    ),
    ("carrier_reliability", "32", "FROM departures WHERE carrier = 'OO'"),
    ("carrier_reliability", "208", "FROM carrier_reliability WHERE carrier_outcomes_28_days = 0"),
    ("aircraft_rotation", "336,776", "FROM aircraft_rotation"),
    (
        "aircraft_rotation",
        "142,868",
        "FROM aircraft_rotation WHERE tail_number IS NOT NULL AND previous_status IS NULL",
    ),
    ("aircraft_rotation", "2,512", "FROM aircraft_rotation WHERE tail_number IS NULL AND previous_status IS NULL"),
    (
        "aircraft_rotation",
        "31",
        "FROM (FROM departures SELECT 1 WHERE tail_number IS NOT NULL"
        " GROUP BY tail_number, scheduled_departure_utc HAVING count(*) = 2)",
    ),
    ("weather_at_departure", "336,776", "FROM weather_at_departure"),
    ("weather_at_departure", "776", "FROM weather_at_departure WHERE weather_age_minutes IS NULL"),
    ("weather_at_departure", "776", "FROM weather_at_departure WHERE flight_date = '2013-12-31'"),
    ("weather_at_departure", "569", "FROM weather_at_departure WHERE weather_age_minutes >= 120"),
    ("weather_at_departure", "60", "SELECT min(weather_age_minutes) FROM weather_at_departure"),
    ("weather_at_departure", "359", "SELECT max(weather_age_minutes) FROM weather_at_departure"),
    ("delay_training_set", "327,346", "FROM delay_training_set"),
    ("delay_training_set", "77,630", "FROM delay_training_set WHERE is_late"),
    ("delay_training_set", "8,255", "FROM departures WHERE is_cancelled"),
    ("delay_training_set", "1,175", "FROM departures WHERE is_diverted"),
    ("delay_training_set", "48,329", "FROM delay_training_set WHERE plane_seats IS NULL"),
    ("delay_training_set", "5,164", "FROM delay_training_set WHERE plane_seats > 0 AND plane_age_years IS NULL"),
    ("delay_training_set", "2,328", "FROM delay_training_set WHERE plane_seats < 20"),
    ("delay_training_set", "7,537", "FROM delay_training_set WHERE destination_latitude_degrees IS NULL"),
]


@pytest.mark.parametrize(("name", "rows"), ROWS.items())
def test_rows(year, name, rows):
    assert len(year[name]) == rows


def test_every_dataset_is_counted():
    assert set(ROWS) == set(graph().datasets)


@pytest.mark.parametrize(("name", "count", "sql"), COUNTS)
def test_documented_count(ask, name, count, sql):
    assert re.search(rf"(?<![\d,]){count}(?![\d,]*\d)", graph().get(name).description), "the docstring says otherwise"
    [(found,)] = ask(sql if sql.startswith("SELECT") else f"SELECT count(*) {sql}")
    assert f"{found:,}" == count


def test_calendar_lists_the_carriers_of_the_source(year):
    assert graph().get("carrier_history").partitions.keys() == tuple(
        sorted(year["raw_airlines"]["carrier"].to_pylist())
    )


def test_one_departure_of_the_year_is_before_dawn(ask):
    assert ask(f"SELECT count(*) FROM departures WHERE hour({LOCAL}) < 5") == [(1,)]
