import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from flow_assets.cli.quality import percent
from flow_assets.declaration.rules import Dimension
from flow_assets_tests.forked import flow
from flow_assets_tests.ruled import EXCESSIVE, GAPPY, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sandbox, dict, str]:
    """Days that break rules after the real command, what it said as JSON, and then to people; change only copies."""
    made = ruled(tmp_path_factory.mktemp("judged"))
    made.land_all()
    for day, lines in zip(DAYS[1:4], (STRANGE, EXCESSIVE, GAPPY), strict=True):
        made.land(day, lines)
    done = flow(made, "run", "--json")
    assert done.code == 1
    again = flow(made, "run")
    assert again.code == 1
    return made, json.loads(done.stdout), again.stdout


@pytest.fixture
def copy(judged: tuple[Sandbox, dict, str], tmp_path: Path) -> Sandbox:
    root = tmp_path / "deployment"
    shutil.copytree(judged[0].root, root)
    return Sandbox(root, files=dict(judged[0].files))


def test_run_counts_and_names_what_it_found(judged: tuple[Sandbox, dict, str]) -> None:
    _, summary, again = judged
    assert {name: summary[name] for name in ("blocked", "held", "warned", "broken", "quarantined")} == {
        "blocked": 1,
        "held": 1,
        "warned": 2,
        "broken": 0,
        "quarantined": 2,
    }
    assert [(w["dataset"], w["rule"], w["measured"], w["partitions"]) for w in summary["warnings"]] == [
        ("readings", "meter_isin", "2 of 4 rows break it", [DAYS[1]]),
        ("readings", "deciwatts_not_null", "2 of 3 rows break it", [DAYS[3]]),
    ]
    (blocked,) = (p for p in summary["problems"] if p["status"] == "blocked")
    assert (blocked["dataset"], blocked["partition"]) == ("readings", DAYS[2])
    assert blocked["reason"].startswith("deciwatts_in_range (validity): 0 <= deciwatts <= 1000: 1 of 2 rows")
    assert f"blocked readings {DAYS[2]}\n  breaks its rules, is kept and not published: deciwatts_in_range" in again
    assert 'flow query "FROM blocked.readings"' in again


def test_run_tells_people_what_is_blocked_broken_and_set_apart(copy: Sandbox) -> None:
    copy.edit("readings.py", "in_range(0, 1000)", "in_range(0, 45)")
    done = flow(copy, "run")
    assert done.code == 1
    lines = [line for line in done.stdout.splitlines() if line]
    head = lines.index(f"published, though broken readings {DAYS[4]}")
    assert lines[head + 1] == "  deciwatts_in_range (validity): 0 <= deciwatts <= 45: 2 of 3 rows break it"
    assert f"warning readings {DAYS[1]}" in lines[head + 2 :]
    assert "Set apart in this run, 2 rows: flow quarantine readings" in lines
    assert lines[lines.index(f"blocked readings {DAYS[2]}") + 1].startswith("  deciwatts_in_range (validity): 0 <= ")
    (row,) = (line.split() for line in lines if line.startswith("readings "))
    (titles,) = (line.split() for line in lines if line.startswith("dataset "))
    assert dict(zip(titles, row, strict=True)).items() >= {"checked": "4", "blocked": "1", "broken": "1"}.items()


def test_status_says_what_to_do(judged: tuple[Sandbox, dict, str]) -> None:
    shown = flow(judged[0], "status").stdout
    (row,) = (line.split() for line in shown.splitlines() if line.startswith("readings "))
    assert row[:10] == ["readings", "5", "4", "1", "·", "·", "1", "·", "2", "2"]
    assert "Blocked, so that readers stay on the last good version: readings. Why: flow quality" in shown
    assert "Look at them: flow quarantine readings" in shown
    assert "made since" not in shown
    of = json.loads(flow(judged[0], "status", "--json").stdout)["datasets"]["readings"]
    assert (of["blocked"], of["broken"], of["warned"], of["quarantined"]) == (1, 0, 2, 2)


def test_quality_shows_scores_a_picture_the_worst_rules_and_what_is_blocked(judged: tuple[Sandbox, dict, str]) -> None:
    done = flow(judged[0], "quality")
    assert done.code == 0
    lines = done.stdout.splitlines()
    (row,) = (line.split() for line in lines if line.startswith("readings  "))
    assert row[-5:] == ["5", "1", "·", "2", "2"]
    (picture,) = (line for line in lines if line.startswith("validity "))
    assert picture.split("%")[1].strip().startswith("█▁▁██ ")
    assert picture.endswith(DAYS[1])
    heads = [line.split()[:2] for line in lines if line.startswith("readings ") and "_" in line.split()[1]]
    assert heads[0] == ["readings", "deciwatts_in_range"]
    assert any(line.startswith(f"blocked readings {DAYS[2]}, since 2") and line.endswith(" UTC") for line in lines)
    assert lines[-1].startswith("See what is kept back: FROM blocked.DATASET; then land a good file")


def test_quality_of_a_dataset_lists_every_rule(judged: tuple[Sandbox, dict, str]) -> None:
    lines = flow(judged[0], "quality", "readings").stdout.splitlines()
    (row,) = (line for line in lines if line.startswith("meter_isin "))
    assert row.split()[1:7] == ["validity", "warn,", "quarantines", "2", "15", "13.33"]
    assert "meter is one of a, b, c" in row
    assert {"day_not_null", "meter_not_null", "key_is_unique"} <= {line.split()[0] for line in lines if line}


def test_quality_as_json(judged: tuple[Sandbox, dict, str]) -> None:
    found = json.loads(flow(judged[0], "quality", "readings", "--since", "1d", "--json").stdout)
    assert list(found) == ["score", "dimensions", "unit", "over_time", "datasets", "rules"]
    assert list(found["dimensions"]) == [name for name in Dimension if name in found["dimensions"]]
    readings = found["datasets"]["readings"]
    assert [block["partition"] for block in readings["blocked"]] == [DAYS[2]]
    assert found["over_time"]["validity"][DAYS[1]] == pytest.approx(0.75)
    (rule,) = (rule for rule in found["rules"] if rule["name"] == "deciwatts_not_null")
    assert (rule["failed"], rule["total"], rule["broken"], rule["tolerance"]) == (4, 13, [DAYS[3]], 1)


def test_patterns_and_names_are_shown_as_they_are(copy: Sandbox) -> None:
    copy.edit("readings.py", 'isin(["a", "b", "c"]', 'str_matches("[a-c]$", name="[bold]known"')
    copy.edit("readings.py", "in_range, isin", "in_range, str_matches")
    assert "[bold]known (validity): meter matches [a-c]$" in flow(copy, "run").stdout
    for arguments in (["quality"], ["quality", "readings"], ["quarantine"], ["quarantine", "readings"]):
        assert "[bold]known" in flow(copy, *arguments).stdout
    assert "[a-c]$" in flow(copy, "quality").stdout


def test_of_a_rule_on_the_partition_the_worst_is_what_was_measured(copy: Sandbox) -> None:
    copy.edit("readings.py", "in_range, isin", "in_range, isin, row_count")
    rules = "    @classmethod\n    def rules(cls):\n        return [row_count(3, severity='warn')]\n\n\n@dataset("
    copy.edit("readings.py", "\n\n@dataset(", f"\n{rules}")
    copy.run("readings")
    for arguments in (["quality"], ["quality", "readings"]):
        (row,) = (line for line in flow(copy, *arguments).stdout.splitlines() if " row_count " in f" {line} ")
        assert f"{DAYS[1]} (2 rows)" in row
    (rule,) = (r for r in json.loads(flow(copy, "quality", "--json").stdout)["rules"] if r["name"] == "row_count")
    assert rule["worst_measured"] == "2 rows"


def test_nothing_is_said_of_rules_that_are_not_known_any_longer(copy: Sandbox) -> None:
    with sqlite3.connect(copy.data / "ledger.sqlite") as connection:
        connection.execute("DELETE FROM rule_sets")
    connection.close()
    shown = flow(copy, "quality").stdout
    assert "It is not known which rules are broken." in shown
    assert "No rule is broken by any row." not in shown
    assert f"blocked readings {DAYS[2]}" in shown
    whole = flow(copy, "quality", "meters_seen").stdout
    assert "No rule is broken by any row." not in whole


def test_nothing_was_checked_yet(sandbox: Sandbox) -> None:
    for arguments in ([], ["readings"]):
        done = flow(sandbox, "quality", *arguments)
        assert done.code == 0
        assert "was checked; flow run checks what it makes." in done.stdout


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "·"),
        (1.0, "100 %"),
        (0.99999999, "99.99 %"),
        (0.98765, "98.76 %"),
        (0.5, "50.00 %"),
        (0.0123, "1.23 %"),
        (0.0000001, "0.01 %"),
        (0.0, "0 %"),
    ],
)
def test_only_all_is_a_hundred_percent_and_only_nothing_none(share: float | None, text: str) -> None:
    assert percent(share) == text
