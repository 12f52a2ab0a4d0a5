"""What queries that are hard to follow come to; where it is not certain, nothing."""

import json
from typing import Any

import duckdb
import pytest

from flow_assets.materialization.resolve import Resolver

TABLES = {"a": ["k", "x", "y"], "b": ["k", "z"]}

FOLLOWED = {
    "SELECT x AS y, y AS c FROM a": ["a.x", "a.y"],  # a column comes before an alias of the same name
    "SELECT x + 1 AS n, n + y AS m FROM a": ["a.x", "a.x a.y"],
    "WITH a AS (SELECT x AS y, 1 AS x FROM a) SELECT y, x FROM a": ["a.x", ""],
    "WITH d AS (SELECT 1 AS x) SELECT d.x FROM a d": ["a.x"],
    "WITH t(n) AS (SELECT x FROM a) SELECT n FROM t": ["a.x"],
    "SELECT q.m FROM (SELECT x, y FROM a) q(m, n)": ["a.x"],
    "SELECT x.y FROM (SELECT x AS y FROM a) x": ["a.x"],
    "WITH t AS (SELECT x FROM a), u AS (SELECT t.x, b.z FROM t JOIN b ON x = k) SELECT x + z AS s FROM u": ["a.x b.z"],
    "FROM a": ["a.k", "a.x", "a.y"],
    "FROM a SELECT X AS Up": ["a.x"],
    "SELECT k FROM a FULL JOIN b USING (k)": ["a.k b.k"],
    "SELECT * FROM a SEMI JOIN b USING (k)": ["a.k", "a.x", "a.y"],
    "SELECT a.x, z FROM a ASOF JOIN b ON a.k >= b.k": ["a.x", "b.z"],
    "SELECT * EXCLUDE (x) FROM a": ["a.k", "a.y"],
    "SELECT * REPLACE (y AS x) FROM a": ["a.k", "a.y", "a.y"],
    "SELECT * RENAME (x AS q) FROM a": ["a.k", "a.x", "a.y"],
    "SELECT x FROM a UNION ALL SELECT z FROM b": ["a.x b.z"],
    "SELECT count(*) AS n, sum(x) FILTER (y > 1) AS s FROM a": ["", "a.x a.y"],
    "SELECT CASE WHEN k = 1 THEN x END AS c FROM a": ["a.k a.x"],
    "SELECT x FROM a WHERE y > 1 GROUP BY ALL ORDER BY x LIMIT 1": ["a.x"],
    "SELECT lag(x) OVER (ORDER BY y) AS l FROM a QUALIFY l > 1": ["a.x a.y"],
    "SELECT rank() OVER w AS n FROM a WINDOW w AS (PARTITION BY x ORDER BY y)": ["a.x a.y"],
    "SELECT rank() OVER (w ORDER BY y) AS n FROM a WINDOW w AS (PARTITION BY x)": ["a.x a.y"],
    "SELECT x IN (SELECT z FROM b) AS i FROM a": ["a.x b.z"],
    "SELECT (SELECT sum(z) FROM b WHERE b.k = a.k) AS s FROM a": ["b.z"],
    "SELECT (SELECT x) AS v FROM a": ["a.x"],
    "SELECT list_transform([x], lambda e: e + y) AS l FROM a": ["a.x a.y"],
    "SELECT struct_pack(u := x).u AS v FROM a": ["a.x"],
}

LEFT_OUT = [
    "SELECT a FROM a",  # a whole row
    "SELECT u FROM a, unnest([a.x]) t(u)",
    "SELECT l.w FROM a, LATERAL (SELECT a.x + z AS w FROM b) l",
    "SELECT z AS q FROM b UNION ALL BY NAME SELECT k AS q FROM a",
    "SELECT rowid FROM a",
    "SELECT v FROM (VALUES (1)) t(v)",
]

REFUSED = [
    "SELECT p.x FROM a AS p(x, k, y)",
    "SELECT k FROM a NATURAL JOIN b",
    "SELECT COLUMNS('x|y') FROM a",
    "SELECT max(COLUMNS(*)) FROM a",
    "SELECT EXISTS (SELECT 1 FROM b WHERE b.k = a.k) AS i FROM a",
    "SELECT #1 + 1 AS n FROM a",
    "PIVOT a ON x USING sum(y)",
    "SELECT * FROM (PIVOT a ON x IN (1, 2) USING sum(y))",
    "WITH RECURSIVE r AS (SELECT x FROM a UNION ALL SELECT x + 1 FROM r WHERE x < 3) SELECT x FROM r",
    "SUMMARIZE a",
    "SELECT 1 AS n; SELECT x FROM a",
    "SELECT x FROM",
    "",
    "DROP TABLE a",
]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, columns in TABLES.items():
        values = ", ".join(f"(random() * 20)::INTEGER AS {column}" for column in columns)
        connection.execute(f"CREATE TABLE {name} AS SELECT {values} FROM range(50)")
    return connection


@pytest.mark.parametrize(("sql", "expected"), FOLLOWED.items(), ids=str)
def test_a_query_is_followed(sql: str, expected: list[str], connection: duckdb.DuckDBPyConnection) -> None:
    resolver = Resolver.of(sql, TABLES)
    assert resolver
    assert resolver.columns == [name.lower() for name in connection.sql(sql).columns]
    found = [resolver.sources(number) for number in range(len(resolver.columns))]
    assert [" ".join(sorted(map(".".join, sources))) for sources in found] == expected
    for name, sources in zip(resolver.columns, found, strict=True):
        assert sources <= scanned(connection, f'SELECT "{name}" FROM ({sql})')


@pytest.mark.parametrize("sql", LEFT_OUT)
def test_a_column_that_might_come_from_anywhere_has_no_sources(sql: str, connection: duckdb.DuckDBPyConnection) -> None:
    assert len(connection.sql(sql).columns) == 1
    resolver = Resolver.of(sql, TABLES)
    assert resolver
    assert resolver.sources(0) == set()


@pytest.mark.parametrize("sql", REFUSED)
def test_a_query_that_cannot_be_followed_is_refused(sql: str) -> None:
    assert Resolver.of(sql, TABLES) is None


def test_what_is_not_read_is_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    assert Resolver.of("INSTALL httpfs", TABLES) is None
    assert not caplog.records


def scanned(connection: duckdb.DuckDBPyConnection, sql: str) -> set[tuple[str, str]]:
    """The columns DuckDB's optimizer leaves to be read, which are a query's columns and those that choose its rows."""
    nodes: list[dict[str, Any]] = json.loads(connection.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()[0][1])
    found: set[tuple[str, str]] = set()
    while nodes:
        node = nodes.pop()
        info = node.get("extra_info", {})
        if "Table" in info:
            read = info.get("Projections", [])
            columns = [read] if isinstance(read, str) else read
            found.update((info["Table"].rpartition(".")[2], column) for column in columns)
        nodes.extend(node.get("children", []))
    return found
