import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from flow_assets.errors import OutputFileError, SelectionError
from flow_assets.insight.quarantine import Quarantine, export, find_quarantine, overview
from flow_assets_tests.ruled import EXCESSIVE, HEAD, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox


@pytest.fixture
def strange(tmp_path: Path) -> Sandbox:
    """Three days, of which two have the same two rows in quarantine."""
    made = ruled(tmp_path)
    made.edit("readings.py", "DATE '{day}' AS day", "DATE '2024-03-01' AS day")
    made.edit("readings.py", '    partition_column="day",\n', "")
    for day in DAYS[:3]:
        made.land(day, STRANGE if day != DAYS[2] else None)
    made.run("readings")
    return made


def quarantine(sandbox: Sandbox, partition: str | None = None, **options: int) -> Quarantine:
    with sandbox.project() as project:
        return find_quarantine(project, "readings", partition, **options)


def test_rows_are_counted_by_rule_and_partition_though_partitions_share_a_file(strange: Sandbox) -> None:
    found = quarantine(strange)
    assert (found.rows, found.partitions) == (4, {DAYS[0]: 2, DAYS[1]: 2})
    (rule,) = found.rules
    assert (rule.name, rule.text, rule.rows) == ("meter_isin", "meter is one of a, b, c", 4)
    assert rule.partitions == found.partitions
    assert found.sample is not None
    assert sorted((row["_partition"], row["meter"]) for row in found.sample.to_pylist()) == [
        (day, meter) for day in DAYS[:2] for meter in "yz"
    ]
    assert found.sample["_violations"].to_pylist() == [["meter_isin"]] * 4
    assert found.about == ["meter"]


def test_one_partition_and_a_few_rows(strange: Sandbox) -> None:
    found = quarantine(strange, DAYS[1], limit=1)
    assert (found.rows, found.partitions) == (2, {DAYS[1]: 2})
    assert found.sample is not None
    assert len(found.sample) == 1
    assert quarantine(strange, DAYS[2]).rows == 0


def test_a_rule_that_is_relaxed_brings_its_rows_back(strange: Sandbox) -> None:
    strange.edit("readings.py", '"a", "b", "c"]', '"a", "b", "c", "y"]')
    strange.run("readings")
    assert quarantine(strange).partitions == {DAYS[0]: 1, DAYS[1]: 1}
    strange.edit("readings.py", "], quarantine=True)", '], severity="warn")')
    strange.run("readings")
    assert quarantine(strange).rows == 0
    with strange.project() as project:
        assert overview(project) == {}


def test_a_lost_file_is_told(strange: Sandbox) -> None:
    with strange.project() as project:
        reference = project.holdings.judgements.standings("readings")[DAYS[0]].quarantine
        project.store.local_path(reference.split(" ")[0]).unlink()
        found = find_quarantine(project, "readings")
    assert (found.rows, found.lost, found.sample, found.rules) == (4, [DAYS[0], DAYS[1]], None, [])


def test_the_overview_has_what_may_be_and_what_is_there(strange: Sandbox) -> None:
    with strange.project() as project:
        (of,) = overview(project).values()
    assert (of.rows, of.partitions, of.rules) == (4, {DAYS[0]: 2, DAYS[1]: 2}, ["meter_isin"])
    for day in DAYS[:2]:
        strange.land(day, HEAD + f"a,{day[-1]},\n")
    strange.run("readings")
    with strange.project() as project:
        assert overview(project)["readings"].rows == 0


def test_a_damaged_file_is_lost_and_the_rest_is_shown(strange: Sandbox) -> None:
    strange.land(DAYS[2], HEAD + "w,5,\n")
    strange.run("readings")
    with strange.project() as project:
        path = project.store.local_path(
            project.holdings.judgements.standings("readings")[DAYS[2]].quarantine.split(" ")[0]
        )
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        found = find_quarantine(project, "readings")
        assert export(project, "readings", strange.root / "rows.csv") == 4
    assert (found.rows, found.lost, [rule.rows for rule in found.rules]) == (5, [DAYS[2]], [4])


def test_rows_that_left_a_blocked_version_are_counted_beside_those_that_left_what_is_published(
    strange: Sandbox,
) -> None:
    strange.land(DAYS[1], EXCESSIVE + "q,7,\n")
    strange.run("readings")
    found = quarantine(strange)
    assert (found.rows, found.partitions, found.blocked) == (5, {DAYS[0]: 2, DAYS[1]: 3}, {DAYS[1]: 1})
    assert found.sample is not None
    told = [(row["_partition"], row["_is_blocked"], row["meter"]) for row in found.sample.to_pylist()]
    assert told == [
        *((DAYS[0], False, meter) for meter in "yz"),
        *((DAYS[1], False, meter) for meter in "yz"),
        (DAYS[1], True, "q"),
    ]
    with strange.project() as project:
        of = overview(project)["readings"]
        assert (of.rows, of.blocked) == (5, {DAYS[1]: 1})
        assert export(project, "readings", strange.root / "rows.csv", DAYS[1]) == 3


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_where_nothing_is_in_quarantine_a_file_without_rows_is_written(strange: Sandbox, suffix: str) -> None:
    path = strange.root / f"rows{suffix}"
    with strange.project() as project:
        export(project, "readings", path)
        full = duckdb.sql(f"FROM '{path}'").columns
        assert export(project, "readings", path, DAYS[2]) == 0
    assert duckdb.sql(f"FROM '{path}'").columns == full
    assert duckdb.sql(f"FROM '{path}'").fetchall() == []


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv", "it's.csv"])
def test_all_rows_are_exported(strange: Sandbox, name: str) -> None:
    path = strange.root / name
    with strange.project() as project:
        assert export(project, "readings", path) == 4
        assert export(project, "readings", path, DAYS[0]) == 2
    with duckdb.connect() as connection:
        rows = connection.read_csv(str(path)) if path.suffix == ".csv" else connection.read_parquet(str(path))
        violations = "meter_isin" if path.suffix == ".csv" else ["meter_isin"]
        found = rows.project("_partition::VARCHAR, meter, _violations").order("meter").fetchall()
    assert found == [(DAYS[0], "y", violations), (DAYS[0], "z", violations)]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_are_exported_to_where_a_link_leads_and_into_a_pipe(strange: Sandbox, suffix: str) -> None:
    link, pipe = strange.root / f"link{suffix}", strange.root / f"pipe{suffix}"
    link.symlink_to(strange.root / f"rows{suffix}")
    os.mkfifo(pipe)
    with strange.project() as project, ThreadPoolExecutor() as pool:
        export(project, "readings", link)
        read = pool.submit(pipe.read_bytes)
        export(project, "readings", pipe)
    assert link.is_symlink()
    assert pipe.is_fifo()
    assert read.result() == (strange.root / f"rows{suffix}").read_bytes()
    assert len(duckdb.sql(f"FROM '{link}'").fetchall()) == 4


def test_what_cannot_be_exported_is_told(strange: Sandbox) -> None:
    with strange.project() as project:
        with pytest.raises(SelectionError, match=r"rows.txt is neither .parquet nor .csv"):
            export(project, "readings", Path("rows.txt"))
        with pytest.raises(SelectionError, match=r"cannot be written: there is no folder .*nowhere; make it first\."):
            export(project, "readings", strange.root / "nowhere" / "rows.csv")
        (strange.root / "folder.csv").mkdir()
        with pytest.raises(OutputFileError, match="cannot be written: it is a folder"):
            export(project, "readings", strange.root / "folder.csv")
        with pytest.raises(SelectionError, match=r"meters_seen has no partitions; leave the partition out."):
            find_quarantine(project, "meters_seen", DAYS[0])
