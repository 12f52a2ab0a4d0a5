from pathlib import Path

import duckdb
import pytest

from flow_assets.declaration import hash_buckets
from flow_assets.errors import QueryError
from flow_assets.lake import BucketSpan, bucket_of
from flow_assets.materialization.warehouse import build_warehouse, query
from flow_assets_tests.ruled import EXCESSIVE, HEAD, STRANGE, ruled
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


def test_rows_in_quarantine_are_a_view_with_their_partition_and_what_they_break(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    describe = "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'quarantine' ORDER BY 1"
    columns = [("_is_blocked", "BOOLEAN"), ("_partition", "VARCHAR"), ("_violations", "VARCHAR[]")]
    columns += [("day", "DATE"), ("deciwatts", "BIGINT"), ("meter", "VARCHAR")]
    assert ask(sandbox, describe) == columns  # of the one dataset with such a rule, though there is nothing yet
    assert ask(sandbox, "SELECT count(*) FROM quarantine.readings") == [(0,)]
    sandbox.land(DAYS[0], STRANGE)
    sandbox.land(DAYS[1])
    sandbox.run("readings")
    found = "SELECT _partition, _violations, meter, deciwatts FROM quarantine.readings ORDER BY meter"
    assert ask(sandbox, found) == [
        (DAYS[0], ["meter_isin"], "y", 40),
        (DAYS[0], ["meter_isin"], "z", 30),
    ]
    assert ask(sandbox, describe) == columns
    sandbox.edit("readings.py", "], quarantine=True)", "])")
    assert len(ask(sandbox, found)) == 2  # the rule is gone, its rows are not before the next run
    sandbox.land(DAYS[0])
    sandbox.run("readings")
    assert ask(sandbox, "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'quarantine'") == [(0,)]


def test_rows_that_left_a_blocked_version_are_in_quarantine_too_and_told_apart(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    for day in DAYS[:2]:
        sandbox.land(day, STRANGE)
    sandbox.run("readings")
    sandbox.land(DAYS[0], EXCESSIVE + "q,7,\nz,3,\ny,8,\n")
    sandbox.run("readings")
    expected: list[tuple[object, ...]] = [(DAYS[0], False, meter) for meter in "yz"]
    expected += [(DAYS[0], True, meter) for meter in "qyz"]
    expected += [(DAYS[1], False, meter) for meter in "yz"]
    found = "SELECT _partition, _is_blocked, meter FROM quarantine.readings"
    assert [ask(sandbox, found) for _ in range(5)] == [expected] * 5
    assert ask(sandbox, "SELECT meter FROM blocked.readings ORDER BY 1") == [("a",), ("b",)]


@pytest.mark.parametrize("which", ["quarantine", "blocked", "published"])
def test_a_damaged_file_is_set_aside_and_left_out(tmp_path: Path, which: str) -> None:
    sandbox = ruled(tmp_path)
    for day in DAYS[:2]:
        sandbox.land(day, STRANGE)
    sandbox.land(DAYS[2], EXCESSIVE)
    sandbox.run("readings")
    with sandbox.project() as project:
        judgements = project.holdings.judgements
        reference = {
            "quarantine": judgements.standings("readings")[DAYS[0]].quarantine,
            "blocked": judgements.blocked("readings")[DAYS[2]].blobs,
            "published": project.holdings.current("readings")[DAYS[0]].blobs,
        }[which]
        path = project.store.local_path(reference.split(" ")[0])
    path.write_bytes(b"garbage")
    counts = "SELECT (SELECT count(*) FROM quarantine.readings), (SELECT count(*) FROM blocked.readings), count(*) "
    counts += "FROM meters.readings"
    expected = {"quarantine": (2, 2, 4), "blocked": (4, 0, 4), "published": (4, 2, 2)}
    assert ask(sandbox, counts) == [expected[which]]
    assert not path.exists()
    assert [file.read_bytes() for file in (sandbox.data / "store" / "damaged").iterdir()] == [b"garbage"]
    sandbox.run("readings", force=["readings"])
    assert ask(sandbox, counts) == [(4, 2, 4)]


def test_versions_that_are_blocked_are_a_view_with_their_partition(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    sandbox.land(DAYS[0])
    sandbox.run("readings")
    assert ask(sandbox, "SELECT count(*), typeof(any_value(day)) FROM blocked.readings") == [(0, "DATE")]
    for day in DAYS[:2]:
        sandbox.land(day, EXCESSIVE)
    sandbox.run("readings")
    found = "SELECT _partition, day::VARCHAR, meter, deciwatts FROM blocked.readings WHERE meter = 'a' ORDER BY 1"
    assert ask(sandbox, found) == [(day, day, "a", 9000) for day in DAYS[:2]]
    assert ask(sandbox, "SELECT max(deciwatts) FROM meters.readings") == [(20,)]
    assert ask(sandbox, "SELECT count(*) FROM blocked.meters_seen") == [(0,)]
    with sandbox.project() as project:
        blobs = project.holdings.judgements.blocked("readings")[DAYS[0]].blobs
        project.store.local_path(blobs.split(" ")[0]).unlink()
    assert ask(sandbox, found) == [(DAYS[1], DAYS[1], "a", 9000)]
    sandbox.land(DAYS[1], HEAD + "a,1,\n")
    sandbox.run("readings")
    assert ask(sandbox, "SELECT count(*) FROM blocked.readings") == [(0,)]


def test_nulls_where_there_must_be_none_can_be_looked_at(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "meter, {scaled", "nullif(meter, 'b') AS meter, {scaled")
    sandbox.run("readings", partitions=DAYS[0])
    assert ask(sandbox, "SELECT count(*), count(meter) FROM blocked.readings") == [(3, 2)]


def test_a_dataset_without_partitions_has_no_key_in_its_views(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    sandbox.edit("meters_seen.py", '"On how many days"', '"On how many days", rules=[ge(2)]')
    sandbox.edit("meters_seen.py", "String, all", "String, ge, all")
    sandbox.land(DAYS[0])
    sandbox.run()
    assert ask(sandbox, "FROM blocked.meters_seen ORDER BY meter") == [(None, meter, 1) for meter in "abc"]
