"""Files of the store that are damaged, wherever it is noticed, and results that older inputs would turn back."""

import os

import duckdb
import pytest

from flow_assets.materialization.materializer import Materializer
from flow_assets_tests.sandbox import DAYS, Sandbox

OTHER_QUERY = ("trends.py", "readings.day - 2", "readings.day - 1 - 1")


def test_a_damaged_former_file_is_written_anew_when_its_content_comes_back(sandbox: Sandbox) -> None:
    sandbox.run()
    (former,) = sandbox.blobs("readings", DAYS[2])
    good = former.read_bytes()
    sandbox.edit("helpers.py", "FACTOR = 10", "FACTOR = 20")
    sandbox.run()
    former.write_bytes(bytes(len(good)))
    sandbox.edit("helpers.py", "FACTOR = 20", "FACTOR = 10")
    sandbox.edit("readings.py", "SELECT DATE", "SELECT  DATE")
    sandbox.run()
    assert sandbox.blobs("readings", DAYS[2]) == [former]
    assert former.read_bytes() == good


def test_zeros_that_a_power_cut_left_are_written_over(sandbox: Sandbox) -> None:
    sandbox.run()
    (blob,) = sandbox.blobs("readings", DAYS[0])
    good = blob.read_bytes()
    for file in [*sandbox.data.glob("ledger.sqlite*"), *(sandbox.data / "store" / "records").iterdir()]:
        file.unlink()
    blob.write_bytes(bytes(len(good)))
    assert sandbox.run().is_successful
    assert blob.read_bytes() == good


def test_a_damaged_input_out_of_scope_fails_what_reads_it_and_heals(sandbox: Sandbox) -> None:
    sandbox.run()
    (blob,) = sandbox.blobs("readings", DAYS[0])
    blob.write_bytes(b"garbage" * 100)
    sandbox.edit(*OTHER_QUERY)
    summary = sandbox.run("trends", partitions=f"{DAYS[2]}..{DAYS[4]}")
    assert {p: o.status.value for (_, p), o in sandbox.last_outcomes.items()} == {
        DAYS[2]: "failed",
        DAYS[3]: "computed",
        DAYS[4]: "computed",
    }
    assert f"files of its input are missing or damaged: readings {DAYS[0]}" in summary.problems[0].reason
    assert sandbox.run().is_successful
    assert sandbox.work() == {}


def test_damage_that_shows_only_when_it_is_read_is_not_blamed_on_the_reader(sandbox: Sandbox) -> None:
    sandbox.run()
    (blob,) = sandbox.blobs("readings", DAYS[1])
    status, good = blob.stat(), blob.read_bytes()
    with blob.open("r+b") as file:
        file.write(bytes(byte ^ 0xFF for byte in good[:60]))
    os.utime(blob, ns=(status.st_atime_ns, status.st_mtime_ns))
    sandbox.edit(*OTHER_QUERY)
    summary = sandbox.run()
    assert {"readings " + DAYS[1] in p.reason for p in summary.problems} == {True}
    assert sandbox.run().is_successful
    assert blob.read_bytes() == good


def test_a_run_that_planned_earlier_does_not_turn_a_newer_result_back(sandbox: Sandbox) -> None:
    sandbox.run()
    sandbox.edit(*OTHER_QUERY)
    names = ("raw_readings", "readings", "trends")
    with sandbox.project() as project, project.claims() as claims, duckdb.connect() as connection:
        planner = project.planner([project.graph.get(name) for name in names])
        older = Materializer(project, planner, connection, claims, "older")
        for name in names[:2]:
            list(older.materialize(project.graph.get(name), DAYS))
        sandbox.land(DAYS[2], "meter,watts,note\na,1000,\n")
        sandbox.flow("run")
        newer = project.holdings.current("trends")
        ended = list(older.materialize(project.graph.get("trends"), DAYS))
        assert {outcome.status.value for outcome in ended} == {"reused"}
        assert project.holdings.current("trends") == newer


def test_the_schema_through_which_an_input_is_read_is_in_the_key(sandbox: Sandbox) -> None:
    sandbox.write(
        "widths.py",
        '"""How wide."""\n\nimport pandas as pd\n\n'
        "from flow_assets import DatasetSchema, Int64, all_partitions, column, dataset\n\n\n"
        'class Widths(DatasetSchema):\n    columns_read: Int64 = column("Columns")\n\n\n'
        '@dataset(schema=Widths, sort_by=["columns_read"], ins={"raw_readings": all_partitions()})\n'
        "def widths(raw_readings: pd.DataFrame) -> pd.DataFrame:\n"
        '    return pd.DataFrame({"columns_read": [len(raw_readings.columns)]})\n',
    )
    sandbox.run("widths")
    for file in (sandbox.data / "landing" / "readings").iterdir():
        file.unlink()
    sandbox.edit("raw_readings.py", "    note:", '    extra: String = column("Extra", nullable=True)\n    note:')
    action, reason = sandbox.plan("widths")["widths"]
    assert action == "compute"
    assert "schema of an input" in reason
    sandbox.run("widths")
    assert sandbox.rows("widths") == [{"columns_read": 5}]


@pytest.mark.parametrize("kind", ["Float64", "TimestampUtc"])
def test_a_bucket_column_must_have_a_text_of_its_own(sandbox: Sandbox, kind: str) -> None:
    sandbox.edit("readings.py", "deciwatts: Int64", f"deciwatts: {kind}")
    sandbox.edit("readings.py", "Date, Int64,", f"Date, {kind},")
    sandbox.edit("readings.py", 'hash_buckets("meter", 4)', 'hash_buckets("deciwatts", 4)')
    with pytest.raises(Exception, match="a column of buckets must be a string"), sandbox.project():
        pass
