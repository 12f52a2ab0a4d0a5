import json
from pathlib import Path

import pytest

from flow_assets_tests.forked import flow
from flow_assets_tests.ruled import EXCESSIVE, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Two days, of which one has two rows in quarantine; look at it, and change nothing."""
    made = ruled(tmp_path_factory.mktemp("strange"))
    made.land(DAYS[0], STRANGE)
    made.land(DAYS[1])
    made.run("readings")
    return made


def test_the_overview_says_where_rows_are_and_how_they_come_back(strange: Sandbox) -> None:
    done = flow(strange, "quarantine")
    assert done.code == 0
    (row,) = (line.split() for line in done.stdout.splitlines() if line.startswith("readings "))
    assert row == ["readings", "2", "1", DAYS[0], "meter_isin"]
    assert "Rows come back when a good file lands, or when their rule is relaxed" in done.stdout
    found = json.loads(flow(strange, "quarantine", "--json").stdout)
    assert found == {
        "rows": 2,
        "datasets": {
            "readings": {
                "rows": 2,
                "partitions": [{"partition": DAYS[0], "rows": 2}],
                "blocked": [],
                "rules": ["meter_isin"],
            }
        },
    }


def test_the_rows_of_a_dataset_by_rule_and_partition(strange: Sandbox) -> None:
    lines = flow(strange, "quarantine", "readings", "--limit", "1").stdout.splitlines()
    assert lines[0].strip() == "readings: 2 rows in quarantine"
    assert lines[2].split() == ["meter_isin", "2", DAYS[0], "(2)", "meter", "is", "one", "of", "a,", "b,", "c"]
    assert lines[5].split() == [DAYS[0], "meter_isin", "y"]
    assert lines[6] == "1 of 2 rows, without 2 columns."
    found = json.loads(flow(strange, "quarantine", "readings", DAYS[0], "--json").stdout)
    assert [(rule["name"], rule["rows"]) for rule in found["rules"]] == [("meter_isin", 2)]
    assert [(row["meter"], row["day"], row["_violations"]) for row in found["sample"]] == [
        (meter, DAYS[0], ["meter_isin"]) for meter in "yz"
    ]


def test_rows_are_exported_beside_what_is_shown(strange: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    done = flow(strange, "quarantine", "readings", "--export", str(path))
    assert done.stdout.endswith(f"Written to {path}: 2 rows.\n")
    assert path.read_text().splitlines()[0] == "_partition,_is_blocked,day,meter,deciwatts,_violations"
    exported = json.loads(flow(strange, "quarantine", "readings", "--export", str(path), "--json").stdout)["exported"]
    assert exported == {"path": str(path), "rows": 2}


def test_nothing_to_export_is_no_problem(strange: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    done = flow(strange, "quarantine", "readings", DAYS[1], "--export", str(path))
    assert (done.code, done.stdout.splitlines()[-1]) == (0, f"Written to {path}: 0 rows.")
    assert path.read_text().splitlines() == ["_partition,_is_blocked,day,meter,deciwatts,_violations"]


def test_what_is_of_a_blocked_version_or_lost_is_told(tmp_path: Path) -> None:
    made = ruled(tmp_path)
    made.land(DAYS[0], STRANGE)
    made.land(DAYS[1], EXCESSIVE + "q,7,\n")
    made.run("readings")
    lines = flow(made, "quarantine", "readings").stdout.splitlines()
    assert lines[0].strip() == "readings: 3 rows in quarantine in 2 partitions"
    assert lines[4] == "1 row of them left a version that is blocked, not what is published."
    assert [line.split()[:2] for line in lines[7:10]] == [[DAYS[0], "False"], [DAYS[0], "False"], [DAYS[1], "True"]]
    with made.project() as project:
        reference = project.holdings.judgements.standings("readings")[DAYS[0]].quarantine
        project.store.local_path(reference.split(" ")[0]).write_bytes(b"garbage")
    done = flow(made, "quarantine", "readings")
    again = f"flow run readings --partitions {DAYS[0]} --force"
    assert (done.code, f"Missing or damaged in the store: {DAYS[0]}; make them again: {again}\n" in done.stdout) == (
        0,
        True,
    )
    assert flow(made, *again.split()[1:]).code == 0
    assert "Missing" not in flow(made, "quarantine", "readings").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["readings", DAYS[1]], "No row of readings is in quarantine"),
        (["trends"], "No row of trends is in quarantine there; no rule of trends quarantines rows."),
    ],
)
def test_nothing_in_quarantine_is_said_and_no_problem(strange: Sandbox, arguments: list[str], said: str) -> None:
    done = flow(strange, "quarantine", *arguments)
    assert (done.code, done.stderr) == (0, "")
    assert said in done.stdout
    assert json.loads(flow(strange, "quarantine", *arguments, "--json").stdout)["rows"] == 0


def test_without_rules_that_quarantine_there_is_nothing_to_see(sandbox: Sandbox) -> None:
    done = flow(sandbox, "quarantine")
    assert (done.code, done.stdout) == (
        0,
        "No dataset has a rule that quarantines rows, and no row is in quarantine.\n",
    )
