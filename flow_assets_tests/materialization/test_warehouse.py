import duckdb
import pytest

from flow_assets.declaration import hash_buckets
from flow_assets.errors import QueryError
from flow_assets.lake import BucketSpan, bucket_of
from flow_assets.materialization.warehouse import build_warehouse, query
from flow_assets_tests.sandbox import DAYS, Sandbox


def ask(sandbox: Sandbox, sql: str) -> list[tuple[object, ...]]:
    with sandbox.project() as project:
        return query(build_warehouse(project), sql, 100)[1]


def test_a_view_shows_what_is_published(done: Sandbox) -> None:
    assert ask(done, "SELECT count(*), max(deciwatts) FROM meters.readings") == [(15, 100)]
    comments = "SELECT column_name, comment FROM duckdb_columns() "
    comments += "WHERE schema_name = 'meters' AND table_name = 'meters_seen' ORDER BY 1"
    assert ask(done, comments) == [("days", "On how many days"), ("meter", "Name of the meter")]
    done.land(DAYS[0], "meter,watts,note\na,1000,\n")
    done.run()
    assert ask(done, "SELECT count(*), max(deciwatts) FROM meters.readings") == [(13, 10_000)]


def test_what_is_not_published_is_an_empty_view(sandbox: Sandbox) -> None:
    assert ask(sandbox, "SELECT typeof(any_value(day)), count(*) FROM meters.trends") == [("DATE", 0)]
    assert ask(sandbox, "DESCRIBE meters.meters_seen")[1][:2] == ("days", "BIGINT")


def test_a_lost_file_and_files_older_than_the_schema_do_not_keep_it_from_being_built(done: Sandbox) -> None:
    done.blobs("readings", DAYS[0])[0].unlink()
    done.edit(
        "readings.py",
        "class Readings(DatasetSchema):",
        'class Readings(DatasetSchema):\n    new: Int64 = column("New")',
    )
    assert ask(done, "SELECT count(*), count(new) FROM meters.readings") == [(12, 0)]


def test_it_can_be_swapped_while_somebody_reads_it(done: Sandbox) -> None:
    with done.project() as project:
        path = build_warehouse(project)
        with duckdb.connect(str(path), read_only=True) as reader:
            done.land(DAYS[0], "meter,watts,note\na,1,x\n")
            done.run()
            with done.project() as changed:
                build_warehouse(changed)
            assert reader.execute("SELECT count(*) FROM meters.readings").fetchall() == [(15,)]
    assert ask(done, "SELECT count(*) FROM meters.readings") == [(13,)]


def test_a_query_that_cannot_be_answered(done: Sandbox) -> None:
    with done.project() as project:
        with pytest.raises(QueryError, match=r"There is no warehouse at .*; make it with: flow run"):
            query(project.settings.warehouse, "SELECT 1", 1)
        path = build_warehouse(project)
        for sql in ("SELECT nothing", "SELECT * FROM meters.nothing", "DROP VIEW meters.readings"):
            with pytest.raises(QueryError, match="The query cannot be answered: "):
                query(path, sql, 1)
        assert query(path, "SELECT unnest([1, 2, 3]) AS n", 2) == (["n"], [(1,), (2,)], False)


def test_published_rows_lie_by_bucket(done: Sandbox) -> None:
    with done.project() as project:
        record = project.store.get_record(project.holdings.current("readings")[DAYS[0]].key)
    assert record
    (file,) = record.files
    buckets = hash_buckets("meter", 4)
    expected = sorted((bucket_of(meter, buckets), meter) for meter in "abc")
    assert [row["meter"] for row in done.rows("readings", DAYS[0])] == [meter for _, meter in expected]
    numbers = sorted({bucket for bucket, _ in expected})
    counts = [sum(bucket == number for bucket, _ in expected) for number in numbers]
    assert file.buckets == tuple(BucketSpan(b, n, c) for n, (b, c) in enumerate(zip(numbers, counts, strict=True)))


def test_a_partition_without_rows_has_a_file_without_buckets(sandbox: Sandbox) -> None:
    sandbox.edit("raw_readings.py", '{date}.csv")', '{date}.csv", allow_empty=True)')
    sandbox.land(DAYS[0], "meter,watts,note\n")
    sandbox.run("readings")
    assert sandbox.rows("readings", DAYS[0]) == []
    assert len(sandbox.blobs("readings", DAYS[0])) == 1
