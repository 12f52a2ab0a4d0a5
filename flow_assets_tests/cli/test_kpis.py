import csv
import io
import json
from pathlib import Path

import pytest

from flow_assets_tests.forked import flow
from flow_assets_tests.ruled import EXCESSIVE, GAPPY, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox


def test_every_dataset_is_a_line_and_the_whole_is_the_last(computed: Sandbox) -> None:
    lines = flow(computed, "kpis").stdout.splitlines()
    assert lines[0].strip() == "KPIs"
    assert lines[1].split()[:5] == ["dataset", "computed", "restored", "reused", "blocked"]
    assert [line.split()[:3] for line in lines[2:7]] == [
        ["raw_readings", "5", "·"],
        ["readings", "5", "·"],
        ["meters_seen", "1", "·"],
        ["trends", "5", "·"],
        ["all", "16", "·"],
    ]
    assert any(line.startswith("Runs: ") and "queued up to" in line for line in lines)


def test_what_went_wrong_is_counted_by_class(computed: Sandbox) -> None:
    computed.land(DAYS[0], "nonsense\n")
    assert flow(computed, "run").code == 1
    shown = flow(computed, "kpis").stdout
    assert "1 ended by Failure" in shown
    assert "1 of LandedFileError" in shown
    found = json.loads(flow(computed, "kpis", "raw_readings", "--json").stdout)
    assert found["groups"]["raw_readings"]["errors"] == {"LandedFileError": 1}
    assert (found["total"]["computed"], found["total"]["failed"]) == (5, 1)


def test_warnings_and_errors_of_checks_are_beside_what_failed(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    for day, lines in zip(DAYS, (None, STRANGE, EXCESSIVE, GAPPY), strict=False):
        sandbox.land(day, lines)
    assert flow(sandbox, "run", "readings").code == 1
    lines = flow(sandbox, "kpis", "readings").stdout.splitlines()
    assert lines[1].split()[4:8] == ["blocked", "failed", "warnings", "errors"]
    assert lines[2].split()[:8] == ["readings", "3", "·", "·", "1", "·", "2", "1"]
    told = next(line for line in lines if line.startswith("Checks: passed "))
    assert told.endswith("warnings 2, errors 1, rows set apart 2")
    assert flow(sandbox, "kpis", "readings", "--by", "day").stdout.splitlines()[2].split()[6:8] == ["2", "1"]
    version = flow(sandbox, "kpis", "readings", "--by", "code-version").stdout.splitlines()[2].split()
    assert version[7:9] == ["2", "1"]
    counts = {"rules_warned": 2, "rules_failed": 1, "rows_quarantined": 2}
    found = json.loads(flow(sandbox, "kpis", "readings", "--json").stdout)["groups"]["readings"]
    assert found.items() >= counts.items()
    (row,) = csv.DictReader(io.StringIO(flow(sandbox, "kpis", "readings", "--csv").stdout))
    assert {name: int(row[name]) for name in counts} == counts
    daily = "SELECT rules_warned, rules_failed FROM ops.daily WHERE dataset = 'readings'"
    assert json.loads(flow(sandbox, "query", daily, "--json").stdout) == [{"rules_warned": 2, "rules_failed": 1}]


def test_where_the_time_went_is_drawn(computed: Sandbox) -> None:
    lines = flow(computed, "kpis", "--by", "phase").stdout.splitlines()
    table = [line.split() for line in lines[2 : lines.index("")]]
    assert {line[0]: line[1] for line in table} == {
        **dict.fromkeys(("scan", "compute", "sort", "check", "hash", "write"), "partition"),
        **dict.fromkeys(("queue", "startup", "plan", "publish", "events"), "run"),
    }
    assert len(table[0][-1]) == 30
    lengths = [len(line[-1]) for line in table]
    assert lengths == sorted(lengths, reverse=True)


def test_where_the_time_of_a_dataset_went_that_shared_its_runs(computed: Sandbox) -> None:
    shown = flow(computed, "kpis", "trends", "--by", "phase").stdout
    assert "queue" not in shown.partition("\n\n")[0]
    assert "Without the phases of 1 of its 1 runs, which were for other datasets as well: flow kpis --by phase" in shown
    found = json.loads(flow(computed, "kpis", "trends", "--by", "phase", "--json").stdout)
    assert (found["shared_runs"], {of["of"] for of in found["phases"].values()}) == (1, {"partition"})


def test_csv_has_a_line_a_group_with_numbers_as_they_are(computed: Sandbox) -> None:
    rows = list(csv.DictReader(io.StringIO(flow(computed, "kpis", "--csv").stdout)))
    found = json.loads(flow(computed, "kpis", "--json").stdout)
    assert [row["dataset"] for row in rows] == list(found["groups"])
    for row in rows:
        of = found["groups"][row["dataset"]]
        assert float(row["wall_seconds"]) == of["wall_seconds"]
        assert float(row["compute_seconds"]) == of["phases"]["compute"]
    phases = list(csv.DictReader(io.StringIO(flow(computed, "kpis", "--by", "phase", "--csv").stdout)))
    assert {row["phase"] for row in phases} == set(found["phases"])
    (version,) = csv.DictReader(io.StringIO(flow(computed, "kpis", "trends", "--by", "code-version", "--csv").stdout))
    assert version["code-version"].startswith("trends ")
    assert version["reused"] == ""


def test_days_are_drawn_beside_each_other(computed: Sandbox) -> None:
    with computed.project() as project, project.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE kpis SET at = '2024-05-0' || (id % 3 + 1) || substr(at, 11)")
    lines = flow(computed, "kpis", "--by", "day").stdout.splitlines()
    assert [line.split()[0] for line in lines[2:6]] == ["2024-05-01", "2024-05-02", "2024-05-03", "all"]
    assert all("█" in line for line in lines[2:5])
    assert "median by day" in flow(computed, "kpis").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Nothing was measured yet; flow run measures what it makes."),
        (["readings"], "Nothing was measured of readings; flow run measures what it makes."),
        (["--since", "7d"], "Nothing was measured since 7d; flow run measures what it makes."),
    ],
)
def test_nothing_is_told_as_such(sandbox: Sandbox, arguments: list[str], said: str) -> None:
    done = flow(sandbox, "kpis", *arguments)
    assert (done.code, done.stdout.strip()) == (0, said)
    assert json.loads(flow(sandbox, "kpis", *arguments, "--json").stdout)["groups"] == {}


@pytest.mark.parametrize("by", ["dataset", "day", "code-version", "phase"])
def test_csv_has_the_same_header_whether_or_not_anything_was_measured(
    sandbox: Sandbox, original: Sandbox, by: str
) -> None:
    nothing = flow(sandbox, "kpis", "--by", by, "--csv").stdout.splitlines()
    assert nothing == flow(original, "kpis", "--by", by, "--csv").stdout.splitlines()[:1]
    assert nothing[0].split(",")[0] == by
