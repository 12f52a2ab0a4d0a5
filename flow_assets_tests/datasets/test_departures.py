"""Times and keys of `departures` against what the source says in other columns."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flow_assets.errors import LandedFileError
from flow_assets_tests.datasets.driver import compute, graph, raw_dates, source_lines, where

SOURCE = """
    FROM departures d JOIN raw_flights r
    ON d.flight_id = concat_ws('-', make_date(year, month, day), r.carrier, flight, r.origin)
    LEFT JOIN raw_airports a ON a.faa = r.dest
"""
ZONE = "COALESCE(tzone, 'America/Puerto_Rico')"


def clock(instant: str, zone: str) -> str:
    local = f"timezone({zone}, {instant})"
    return f"hour({local}) * 100 + minute({local})"


def test_flight_id_is_a_key(ask):
    assert ask("SELECT count(DISTINCT flight_id) FROM departures") == [(336_776,)]


def test_schedule_is_what_the_clocks_show(ask):
    departure = clock("scheduled_departure_utc", "'America/New_York'")
    arrival = clock("scheduled_arrival_utc", ZONE)
    assert ask(f"SELECT count(*) {SOURCE} WHERE {departure} != sched_dep_time OR {arrival} != sched_arr_time") == [(0,)]


def test_schedule_plus_delay_is_the_actual_time(ask):
    departure = clock("departure_known_utc", "'America/New_York'")
    arrival = clock("outcome_known_utc", ZONE)
    departed = f"SELECT count(*) {SOURCE} WHERE dep_time IS NOT NULL"
    arrived = f"SELECT min(dest) {SOURCE} WHERE arr_delay IS NOT NULL"
    assert ask(f"{departed} AND {departure} != dep_time % 2400") == [(0,)]
    assert ask(f"{departed} AND dep_time = 2400 AND {departure} = 0") == [(29,)]
    assert ask(f"{arrived} AND {arrival} != arr_time % 2400 HAVING count(*) = 1") == [("PBI",)]


def test_arrival_on_the_next_day_at_the_destination(ask):
    days = f"timezone({ZONE}, scheduled_arrival_utc)::DATE - timezone({ZONE}, scheduled_departure_utc)::DATE"
    assert ask(f"SELECT {days} AS days, count(*) {SOURCE} GROUP BY days ORDER BY days") == [(0, 331_067), (1, 5_709)]


def test_flights_take_longer_than_their_time_in_the_air(ask):
    """At the four destinations without an airport too, so Atlantic time is right for them in winter and in summer."""
    ground = "date_diff('minute', departure_known_utc, outcome_known_utc) - air_time_minutes"
    extremes = f"SELECT min({ground}), max({ground}) FROM departures WHERE air_time_minutes > 0"
    assert ask(extremes) == [(5, 235)]
    for months in ("1, 2, 12", "6, 7, 8"):
        islands = f"destination IN ('BQN', 'PSE', 'SJU', 'STT') AND month(flight_date) IN ({months})"
        [(low, high)] = ask(f"{extremes} AND {islands}")
        assert low in range(7, 20)
        assert high < 145


def test_nothing_is_known_before_it_happens(ask):
    assert ask("SELECT count(*) FROM departures WHERE outcome_known_utc < departure_known_utc") == [(0,)]
    assert ask(
        "SELECT min(date_diff('hour', scheduled_arrival_utc + to_minutes(departure_delay_minutes), outcome_known_utc))"
        " FROM departures WHERE is_diverted"
    ) >= [(14,)]


@pytest.mark.parametrize("name", ["flights", "weather"])
def test_a_line_of_another_day_is_refused(name):
    dataset = graph().get(f"raw_{name}")
    lines = source_lines(name)
    of_day = lines.filter(pc.is_in(raw_dates(lines), value_set=pa.array(["2013-03-05"])))
    assert len(compute(dataset, {"lines": of_day}, ["2013-03-05"])) == len(of_day) > 0
    with pytest.raises(LandedFileError, match=r"file of 2013-03-05 holds a line of 2013-1-1 \(line 1\)"):
        compute(dataset, {"lines": pa.concat_tables([of_day, lines.slice(0, 1)])}, ["2013-03-05"])


def test_a_line_without_a_day_is_refused():
    lines = source_lines("flights").slice(0, 2)
    lines = lines.set_column(lines.column_names.index("day"), "day", pa.array(["1", None], pa.string()))
    with pytest.raises(LandedFileError, match=r"holds a line of 2013-1-None \(line 2\)"):
        compute(graph().get("raw_flights"), {"lines": lines}, ["2013-01-01"])


def test_a_destination_without_a_time_zone_fails(raw):
    flights = raw["raw_flights"].slice(0, 5)
    airports = where(raw["raw_airports"], "faa", ["LAX"])
    with pytest.raises(AssertionError, match=r"departures\.scheduled_arrival_utc holds nulls"):
        compute(graph().get("departures"), {"raw_flights": flights, "raw_airports": airports}, ["2013-01-01"])


def test_the_label_follows_the_config(year):
    dataset = graph().get("delay_training_set")
    inputs = {name: year[name] for name in dataset.ins}
    config = dataset.config[1](late_after_minutes=60)
    day = ["2013-07-01"]
    inputs = inputs | {"departures": where(year["departures"], "flight_date", day)}
    late = pc.sum(compute(dataset, inputs, day, config=config)["is_late"]).as_py()
    assert 0 < late < pc.sum(compute(dataset, inputs, day)["is_late"]).as_py()
