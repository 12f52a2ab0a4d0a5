"""Which texts are conditions on rows."""

import pytest

from flow_assets.errors import QueryError
from flow_assets_tests.sandbox import DAYS, Sandbox


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("deciwatts >= 50", 4),
        ("deciwatts IS NULL OR meter = 'a' -- with a comment", 10),
        ("\"meter\" IN ('a', 'b') AND \"day\" < DATE '2024-03-03'", 4),
        ("md5(meter) < '1'", 5),
        ("NULL::BOOLEAN", 0),
        ("not true", 0),
        ("list_filter([1, 2], lambda x: x > 1) = [2] AND METER = 'a'", 5),
        ("age(day, DATE '2024-03-01') < INTERVAL 1 DAY", 3),
    ],
)
def test_a_condition_chooses_rows(finished: Sandbox, where: str, rows: int) -> None:
    loaded = finished.load(where=where, columns=["day"])
    assert len(loaded) == len(loaded.arrow()) == rows


def test_times_are_utc(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "Date, Int64", "Date, Int64, TimestampUtc")
    sandbox.edit("readings.py", "meter: String", 'seen_at: TimestampUtc = column("When")\n    meter: String')
    sandbox.edit("readings.py", "AS day, meter", "AS day, TIMESTAMPTZ '2024-03-01 23:30:00+00' AS seen_at, meter")
    sandbox.run("readings", partitions=DAYS[0])
    code = (
        "import flow_assets; print(len(flow_assets.load('readings', where=\"seen_at < '2024-03-01 23:31'\").arrow()))"
    )
    for zone in ("Pacific/Auckland", "America/New_York"):
        assert sandbox.flow(python=code, TZ=zone).stdout.split() == ["3"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("watts > 1", 'Referenced column "watts" not found'),
        ("deciwatts", "it is BIGINT, and not true or false"),
        ("*", "not true or false"),
        ("meter = 'a', meter = 'b'", "not true or false"),
        ("", "not true or false"),
        ("meter = = 'a'", "syntax error"),
        ("meter = 'a", "unterminated string"),
        ("deciwatts > 1 LIMIT 3", "syntax error"),
        ("true); DROP TABLE x; SELECT (1", "Only SELECT"),
        ("true) ORDER BY (day", "cannot be used"),
        ("true) FROM range(3) WHERE (false", "cannot be used"),
        ("true) GROUP BY (day", "cannot be used"),
        ("true) UNION ALL SELECT (true", "cannot be used"),
        ("meter IN (SELECT 'a')", "it holds a subquery"),
        ("random() < 0.5", "random differs each time"),
        ("day < today()", "today differs each time"),
        ("day < CURRENT_DATE", "current_date differs each time"),
        ("ago(INTERVAL 1 DAY) > day", "ago differs each time"),
        ("day < current_timestamp", "current_timestamp differs each time"),
        ("day < LocalTimestamp", "localtimestamp differs each time"),
        ("localtime > TIME '12:00'", "localtime differs each time"),
        ("current_time IS NULL", "current_time differs each time"),
        ("day < current_localtimestamp()", "current_localtimestamp differs each time"),
        ("current_localtime() > TIME '12:00'", "current_localtime differs each time"),
        ('"AGE"(day) > INTERVAL 1 DAY', "age differs each time"),
        ("day < pg_postmaster_start_time()", "pg_postmaster_start_time differs each time"),
        ("day < pg_conf_load_time()", "pg_conf_load_time differs each time"),
        ("current_user = meter", "current_user differs each time"),
        (
            "list_filter([1], lambda current_time: true) = [1] AND current_time IS NOT NULL",
            "current_time differs each time",
        ),
        ("sum(deciwatts) > 1", "cannot be used"),
        ("row_number() OVER () = 1", "cannot be used"),
        ("meter::INTEGER > 1", "Could not convert string"),  # which of them, threads decide
        ("nothing(meter)", "nothing does not exist"),
    ],
)
def test_what_is_no_condition_is_said(finished: Sandbox, where: str, said: str) -> None:
    with pytest.raises(QueryError) as error:
        finished.load(where=where)
    assert f"where={where!r} cannot be used: " in str(error.value)
    assert said in str(error.value)
    assert "LINE 1" not in str(error.value)
