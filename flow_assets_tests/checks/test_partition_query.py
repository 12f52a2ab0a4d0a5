import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from flow_assets import DatasetSchema, Int64, String, column, dataset, partition_query
from flow_assets.checks.partition_query import inspect_query, require_answerable_queries, sealed_connection
from flow_assets.declaration import Dataset, Rule
from flow_assets.errors import DefinitionError, RuleError

TABLE = pa.table({"place": ["a"] * 8 + ["b", "c"], "number": list(range(10))})
SMALL = "SELECT place, count(*) AS n FROM rows GROUP BY place HAVING n < 5 ORDER BY place"
a_variable = TABLE


def query(sql: str) -> Rule:
    return partition_query(sql, name="asked")


def readings(*queries: str) -> Dataset:
    class Readings(DatasetSchema):
        place: String = column("Where")
        number: Int64 = column("How many")

        @classmethod
        def rules(cls) -> Sequence[Rule]:
            return [partition_query(sql, name=name) for sql, name in zip(queries, ("fine", "odd"), strict=False)]

    @dataset(schema=Readings, sort_by=["number"])
    def readings() -> Any:
        return None

    return readings


def test_what_the_query_returns_is_told_and_is_no_share_of_the_rows() -> None:
    with sealed_connection() as connection:
        result, sample = inspect_query(query(SMALL), TABLE, connection)
        assert (result.failed, result.total, result.detail) == (1, 1, "2 rows returned")
        assert sample is not None
        assert sample.to_pylist() == [{"place": "b", "n": 1}, {"place": "c", "n": 1}]
        result, sample = inspect_query(query(SMALL), TABLE.slice(0, 8), connection)
        assert (result.failed, result.total, sample) == (0, 1, None)


def test_the_sample_is_short_and_a_query_may_return_more_than_there_is() -> None:
    with sealed_connection() as connection:
        result, sample = inspect_query(query("SELECT * FROM rows r, rows"), TABLE, connection)
    assert (result.failed, result.total, result.detail) == (1, 1, "100 rows returned")
    assert sample is not None
    assert len(sample) == 5


def test_a_query_that_has_no_answer_is_no_verdict_on_the_rows() -> None:
    with (
        sealed_connection() as connection,
        pytest.raises(RuleError, match=r"^Rule asked cannot be asked of these rows: Conversion Error.*\w\.$"),
    ):
        inspect_query(query("SELECT place::INTEGER FROM rows"), TABLE, connection)


def test_what_the_machine_lacks_is_no_verdict_on_the_rows() -> None:
    config = {"threads": 1, "memory_limit": "20MB", "temp_directory": ""}
    big = pa.table({"number": range(2_000_000)})
    with (
        duckdb.connect(config=config) as like,
        sealed_connection(like) as connection,
        pytest.raises(duckdb.OutOfMemoryException),
    ):
        inspect_query(query("SELECT list(number) FROM rows GROUP BY number"), big, connection)


def test_it_uses_as_much_of_the_machine_as_another(tmp_path: Path) -> None:
    sql = "SELECT current_setting('threads'), current_setting('memory_limit'), current_setting('temp_directory')"
    config = {"threads": 1, "memory_limit": "64MiB", "temp_directory": str(tmp_path)}
    with duckdb.connect(config=config) as like, sealed_connection(like) as connection:
        assert connection.sql(sql).fetchall() == [(1, "64.0 MiB", str(tmp_path))]


def test_a_signal_ends_a_long_query() -> None:
    script = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # which who starts the tests may have ignored\n"
        "import pyarrow as pa\n"
        "from flow_assets import partition_query\n"
        "from flow_assets.checks.partition_query import inspect_query, sealed_connection\n"
        "rule = partition_query('SELECT a.x FROM rows a, rows b, rows c WHERE a.x + b.x + c.x < 0', name='long')\n"
        "with sealed_connection() as connection:\n"
        "    print('asked', flush=True)\n"
        "    inspect_query(rule, pa.table({'x': range(3000)}), connection)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert b"KeyboardInterrupt" in said


def test_an_empty_partition_can_be_asked() -> None:
    with sealed_connection() as connection:
        few = query("SELECT count(*) AS n FROM rows HAVING n = 0")
        assert inspect_query(few, TABLE.slice(0, 0), connection)[0].failed == 1


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELEC 1", "Parser Error"),
        ("SELECT town FROM rows", 'Referenced column "town" not found'),
        ("SELECT * FROM a_variable", "a_variable does not exist"),
        ("SELECT * FROM TABLE", "Error"),
        ("SELECT 1; SELECT 2", "must be one SELECT"),
        ("CREATE TABLE t AS SELECT 1", "must be one SELECT"),
        ("SET threads = 2", "must be one SELECT"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused_without_rows(sql: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=r"dataset readings: rule odd: the query .*[.!]$") as error:
        require_answerable_queries([readings(SMALL), readings(SMALL, sql)])
    assert said in str(error.value)


def test_queries_that_can_be_answered_are_declared() -> None:
    require_answerable_queries([readings(), readings(SMALL)])


@pytest.mark.parametrize("source", ["'{}'", "read_csv('{}')", "read_text('{}')", "glob('{}')"])
def test_no_file_can_be_read(tmp_path: Path, source: str) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(DefinitionError, match="cannot be answered from rows"):
        require_answerable_queries([readings(f"SELECT * FROM {source.format(file)}")])


def test_one_partition_does_not_see_another() -> None:
    with sealed_connection() as connection:
        inspect_query(query("SELECT * FROM rows"), TABLE, connection)
        result, _ = inspect_query(query("SELECT * FROM rows"), TABLE.slice(0, 1), connection)
        assert result.total == 1
        assert connection.sql("SELECT * FROM duckdb_views() WHERE NOT internal").to_arrow_table().num_rows == 0
