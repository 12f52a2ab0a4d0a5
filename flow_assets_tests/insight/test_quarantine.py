from pathlib import Path

import duckdb
import pytest

from flow_assets.errors import SelectionError, StoreError
from flow_assets.insight.quarantine import Quarantine, export, find_quarantine, overview
from flow_assets_tests.ruled import HEAD, STRANGE, ruled
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


def test_what_cannot_be_exported_is_told(strange: Sandbox) -> None:
    with strange.project() as project:
        with pytest.raises(SelectionError, match=r"rows.txt is neither .parquet nor .csv"):
            export(project, "readings", Path("rows.txt"))
        with pytest.raises(SelectionError, match="No row of readings is in quarantine"):
            export(project, "readings", Path("rows.csv"), DAYS[2])
        with pytest.raises(StoreError, match="cannot be written"):
            export(project, "readings", strange.root / "nowhere" / "rows.csv")
        with pytest.raises(SelectionError, match=r"meters_seen has no partitions; leave the partition out."):
            find_quarantine(project, "meters_seen", DAYS[0])
