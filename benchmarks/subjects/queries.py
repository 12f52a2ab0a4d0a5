"""The ten computed datasets and what the three others hold, as DuckDB queries over whole tables.

Each reads tables named like the datasets, and `days`, the dates asked for (`day`): so the same query serves a year at
once and a single day with its window. Where it can be said in a faster way than `flow_assets.datasets` does, it is; the
rows are the same, which the measurement `floor` checks.
"""

FLIGHTS: dict[str, str] = {
    "year": "int16",
    "month": "int16",
    "day": "int16",
    "dep_time": "int16",
    "sched_dep_time": "int16",
    "dep_delay": "int16",
    "arr_time": "int16",
    "sched_arr_time": "int16",
    "arr_delay": "int16",
    "carrier": "string",
    "flight": "int32",
    "tailnum": "string",
    "origin": "string",
    "dest": "string",
    "air_time": "int16",
    "distance": "int32",
    "hour": "int16",
    "minute": "int16",
    "time_hour": "timestamp[us, tz=UTC]",
}
"""Columns of a landed file of flights, and their Arrow types."""

WEATHER: dict[str, str] = {
    "origin": "string",
    "year": "int16",
    "month": "int16",
    "day": "int16",
    "hour": "int16",
    "temp": "float64",
    "dewp": "float64",
    "humid": "float64",
    "wind_dir": "int16",
    "wind_speed": "float64",
    "wind_gust": "float64",
    "precip": "float64",
    "pressure": "float64",
    "visib": "float64",
    "time_hour": "timestamp[us, tz=UTC]",
}
"""Columns of a landed file of weather, and their Arrow types."""

DEPARTURES = """
    WITH atlantic(faa, tzone) AS (
        SELECT unnest(['BQN', 'PSE', 'SJU', 'STT']), 'America/Puerto_Rico'
    ), scheduled AS (
        SELECT f.*, make_date(year, month, day) AS flight_date,
            time_hour + to_minutes(minute) AS departs,
            COALESCE(a.tzone, p.tzone) AS time_zone,
            departs AT TIME ZONE time_zone AS departs_there,
            to_minutes(sched_arr_time // 100 * 60 + sched_arr_time % 100) AS after_midnight,
            date_trunc('day', departs_there) + after_midnight AS clock,
            IF(clock > departs_there, clock, clock + to_days(1)) AT TIME ZONE time_zone AS arrives,
            dep_delay IS NULL AS is_cancelled,
            dep_delay IS NOT NULL AND arr_delay IS NULL AS is_diverted,
            (flight_date + 1)::TIMESTAMP AT TIME ZONE 'America/New_York' AS day_end,
            (flight_date + 2)::TIMESTAMP AT TIME ZONE 'America/New_York' AS next_day_end
        FROM raw_flights f
        LEFT JOIN raw_airports a ON a.faa = f.dest
        LEFT JOIN atlantic p ON p.faa = f.dest
    )
    SELECT concat_ws('-', flight_date, carrier, flight, origin) AS flight_id, flight_date,
        departs AS scheduled_departure_utc, arrives AS scheduled_arrival_utc,
        carrier, flight AS flight_number, tailnum AS tail_number, origin, dest AS destination,
        distance AS distance_miles, is_cancelled, is_diverted,
        dep_delay::INTEGER AS departure_delay_minutes, arr_delay::INTEGER AS arrival_delay_minutes,
        air_time::INTEGER AS air_time_minutes,
        COALESCE(departs + to_minutes(dep_delay), day_end) AS departure_known_utc,
        CASE
            WHEN is_cancelled THEN day_end
            WHEN is_diverted THEN next_day_end
            ELSE arrives + to_minutes(arr_delay)
        END AS outcome_known_utc
    FROM scheduled
"""

HOURLY_WEATHER = """
    SELECT origin, make_date(year, month, day) AS weather_date, time_hour AS hour_utc,
        time_hour + to_minutes(60) AS known_utc, temp AS temperature_fahrenheit, dewp AS dew_point_fahrenheit,
        humid AS humidity_percent, IF(wind_speed = 0, NULL, wind_dir) AS wind_direction_degrees,
        round(IF(wind_speed > 231, NULL, wind_speed), 2) AS wind_speed_mph, round(wind_gust, 2) AS wind_gust_mph,
        precip AS precipitation_inches, pressure AS pressure_millibars, visib AS visibility_miles
    FROM raw_weather
    WHERE temp IS NULL OR temp >= 30 OR month NOT BETWEEN 5 AND 9  -- the other row is set apart: frost in summer
"""

CARRIER_HISTORY = """
    SELECT carrier, flight_id, flight_date, scheduled_departure_utc, flight_number, tail_number, origin, destination,
        distance_miles, is_cancelled, is_diverted, departure_delay_minutes, arrival_delay_minutes
    FROM departures
"""

AIRPORT_CONGESTION = """
    SELECT flight_id, flight_date, scheduled_departure_utc, origin,
        count(*) OVER (airport RANGE BETWEEN INTERVAL 60 MINUTE PRECEDING AND INTERVAL 1 MINUTE PRECEDING)::INTEGER
            AS origin_departures_60_minutes_before,
        count(*) OVER (airport RANGE BETWEEN INTERVAL 1 MINUTE FOLLOWING AND INTERVAL 60 MINUTE FOLLOWING)::INTEGER
            AS origin_departures_60_minutes_after,
        count(*) OVER (airport RANGE BETWEEN INTERVAL 30 MINUTE PRECEDING AND INTERVAL 30 MINUTE FOLLOWING)::INTEGER - 1
            AS origin_departures_within_30_minutes,
        count(*) OVER (airline RANGE BETWEEN INTERVAL 60 MINUTE PRECEDING AND INTERVAL 60 MINUTE FOLLOWING)::INTEGER - 1
            AS carrier_departures_within_60_minutes,
        count(*) OVER (city RANGE BETWEEN INTERVAL 30 MINUTE PRECEDING AND INTERVAL 30 MINUTE FOLLOWING)::INTEGER - 1
            AS city_departures_within_30_minutes,
        count(*) OVER (PARTITION BY flight_date, origin)::INTEGER - 1 AS origin_departures_on_day
    FROM departures
    WINDOW
        airport AS (PARTITION BY flight_date, origin ORDER BY scheduled_departure_utc),
        airline AS (PARTITION BY flight_date, origin, carrier ORDER BY scheduled_departure_utc),
        city AS (PARTITION BY flight_date ORDER BY scheduled_departure_utc)
"""

CARRIER_RELIABILITY = """
    WITH counted AS (  -- a day's outcomes by the first later midnight at which they are known
        SELECT carrier, flight_date AS past_date,
            greatest(flight_date + 1, CAST(ceiling_day AS DATE)) AS counts_from,
            count(*) AS outcomes, count(arrival_delay_minutes) AS arrivals,
            count(*) FILTER (arrival_delay_minutes > 15) AS late, count(*) FILTER (is_cancelled) AS cancelled,
            sum(departure_delay_minutes) FILTER (arrival_delay_minutes IS NOT NULL) AS dep,
            sum(arrival_delay_minutes) AS arr
        FROM (
            SELECT *, timezone('America/New_York', outcome_known_utc) AS known,
                IF(known = date_trunc('day', known), known, date_trunc('day', known) + to_days(1)) AS ceiling_day
            FROM departures
        )
        GROUP BY ALL
    ), past AS (
        SELECT day, day - unnest(range(1, 29))::INTEGER AS past_date FROM days
    ), history AS (
        SELECT day, carrier, sum(outcomes) AS outcomes, sum(arrivals) AS arrivals, sum(late) AS late,
            sum(cancelled) AS cancelled, sum(dep) AS dep, sum(arr) AS arr
        FROM past JOIN counted USING (past_date)
        WHERE counts_from <= day
        GROUP BY ALL
    )
    SELECT days.day AS flight_date, a.carrier,
        COALESCE(outcomes, 0)::INTEGER AS carrier_outcomes_28_days,
        COALESCE(arrivals, 0)::INTEGER AS carrier_arrivals_28_days,
        late / nullif(arrivals, 0) AS carrier_late_share_28_days,
        cancelled / nullif(outcomes, 0) AS carrier_cancelled_share_28_days,
        dep / nullif(arrivals, 0) AS carrier_mean_departure_delay_28_days_minutes,
        arr / nullif(arrivals, 0) AS carrier_mean_arrival_delay_28_days_minutes
    FROM days CROSS JOIN raw_airlines a
    LEFT JOIN history h ON h.day = days.day AND h.carrier = a.carrier
"""

AIRCRAFT_ROTATION = """
    WITH on_day AS (
        SELECT tail_number, flight_date, count(*) AS departures FROM departures GROUP BY ALL
    ), candidates AS (  -- of several scheduled at the same instant, the greatest key stands for all
        SELECT * FROM departures WHERE tail_number IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY tail_number, scheduled_departure_utc ORDER BY flight_id DESC) = 1
    ), flights AS (
        SELECT *, rank() OVER (PARTITION BY tail_number, flight_date ORDER BY scheduled_departure_utc) - 1 AS before
        FROM departures WHERE tail_number IS NOT NULL
    ), earlier AS (
        SELECT f.flight_id AS this_id, f.scheduled_departure_utc AS now, f.before, c.*
        FROM flights f
        ASOF JOIN candidates c
            ON c.tail_number = f.tail_number AND f.scheduled_departure_utc > c.scheduled_departure_utc
        WHERE c.flight_date >= f.flight_date - 1
    )
    SELECT d.flight_id, d.flight_date, d.scheduled_departure_utc, d.origin, d.tail_number,
        (COALESCE(e.before, 0) + IF(e.flight_id IS NULL, 0, COALESCE(y.departures, 0)))::INTEGER
            AS aircraft_earlier_departures,
        e.flight_id AS previous_flight_id, e.destination AS previous_destination,
        CASE
            WHEN e.departure_known_utc > now THEN 'waiting'
            WHEN e.outcome_known_utc > now OR e.is_diverted THEN 'departed'
            WHEN e.is_cancelled THEN 'cancelled'
            WHEN e.flight_id IS NOT NULL THEN 'arrived'
        END AS previous_status,
        date_diff('minute', e.scheduled_departure_utc, now)::INTEGER AS previous_scheduled_minutes_before,
        IF(e.departure_known_utc <= now, e.departure_delay_minutes, NULL) AS previous_departure_delay_minutes,
        IF(e.outcome_known_utc <= now, e.arrival_delay_minutes, NULL) AS previous_arrival_delay_minutes
    FROM departures d
    SEMI JOIN days ON days.day = d.flight_date
    LEFT JOIN earlier e ON e.this_id = d.flight_id
    LEFT JOIN on_day y ON y.tail_number = d.tail_number AND y.flight_date = d.flight_date - 1
"""

WEATHER_AT_DEPARTURE = """
    WITH hours AS (
        SELECT d.flight_id AS id, date_diff('minute', w.hour_utc, d.scheduled_departure_utc)::INTEGER AS age, w.*
        FROM departures d
        ASOF JOIN hourly_weather w ON w.origin = d.origin AND d.scheduled_departure_utc >= w.known_utc
        WHERE d.scheduled_departure_utc - w.known_utc <= INTERVAL 5 HOUR
    )
    SELECT d.flight_id, d.flight_date, d.scheduled_departure_utc, d.origin, age AS weather_age_minutes,
        h.* EXCLUDE (id, age, origin, weather_date, hour_utc, known_utc)
    FROM departures d
    LEFT JOIN hours h ON h.id = d.flight_id
"""

DELAY_TRAINING_SET = """
    SELECT d.flight_id, d.flight_date, d.scheduled_departure_utc, d.tail_number, d.carrier, l.name AS carrier_name,
        d.origin, d.destination, d.distance_miles,
        date_diff('minute', d.scheduled_departure_utc, d.scheduled_arrival_utc)::INTEGER AS scheduled_duration_minutes,
        date_diff('minute', d.flight_date, timezone('America/New_York', d.scheduled_departure_utc))::SMALLINT
            AS departure_minute_of_day,
        isodow(d.flight_date)::SMALLINT AS day_of_week, month(d.flight_date)::SMALLINT AS month,
        a.lat AS destination_latitude_degrees, a.lon AS destination_longitude_degrees,
        a.alt::INTEGER AS destination_altitude_feet, (year(d.flight_date) - p.year)::SMALLINT AS plane_age_years,
        p.seats AS plane_seats, p.engines AS plane_engines, p.manufacturer AS plane_manufacturer,
        c.* EXCLUDE (flight_id, flight_date, scheduled_departure_utc, origin),
        h.* EXCLUDE (flight_date, carrier),
        r.* EXCLUDE (flight_id, flight_date, scheduled_departure_utc, origin, tail_number, previous_flight_id),
        w.* EXCLUDE (flight_id, flight_date, scheduled_departure_utc, origin),
        d.arrival_delay_minutes > 15 AS is_late
    FROM departures d
    LEFT JOIN airport_congestion c ON c.flight_id = d.flight_id
    LEFT JOIN aircraft_rotation r ON r.flight_id = d.flight_id
    LEFT JOIN weather_at_departure w ON w.flight_id = d.flight_id
    LEFT JOIN carrier_reliability h ON h.flight_date = d.flight_date AND h.carrier = d.carrier
    LEFT JOIN raw_airlines l ON l.carrier = d.carrier
    LEFT JOIN raw_airports a ON a.faa = d.destination
    LEFT JOIN raw_planes p ON p.tailnum = d.tail_number
    WHERE d.arrival_delay_minutes IS NOT NULL
"""

DAILY: dict[str, tuple[str, str]] = {
    "departures": (DEPARTURES, "flight_date"),
    "hourly_weather": (HOURLY_WEATHER, "weather_date"),
    "airport_congestion": (AIRPORT_CONGESTION, "flight_date"),
    "carrier_reliability": (CARRIER_RELIABILITY, "flight_date"),
    "aircraft_rotation": (AIRCRAFT_ROTATION, "flight_date"),
    "weather_at_departure": (WEATHER_AT_DEPARTURE, "flight_date"),
    "delay_training_set": (DELAY_TRAINING_SET, "flight_date"),
}
"""Dataset to its query and the column of its day, in the order in which they can be computed."""
