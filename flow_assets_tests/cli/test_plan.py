import json
import subprocess

import pytest

from flow_assets_tests.forked import flow
from flow_assets_tests.sandbox import MAIN, Sandbox


def test_the_json_counts_the_actions_and_gives_a_reason_for_each_partition(sandbox: Sandbox) -> None:
    plan = sandbox.flow_json("plan", "trends", "--partitions", "2024-03-01..2024-03-02")
    assert plan == {
        "summary": {"reuse": 0, "restore": 0, "compute": 6, "check": 0, "wait": 0, "hold": 0},
        "partitions": [
            {"dataset": name, "partition": day, "action": "compute", "reason": reason}
            for name, days, reason in [
                ("raw_readings", ["2024-03-01", "2024-03-02"], "never computed"),
                ("readings", ["2024-03-01"], "never computed; input raw_readings 2024-03-01 comes first"),
                ("readings", ["2024-03-02"], "never computed; input raw_readings 2024-03-02 comes first"),
                ("trends", ["2024-03-01", "2024-03-02"], "never computed; input readings 2024-03-01 comes first"),
            ]
            for day in days
        ],
    }


def test_a_dataset_without_partitions_has_none_in_the_json(original: Sandbox) -> None:
    plan = json.loads(flow(original, "plan", "meters_seen", "--json").stdout)
    assert plan["summary"]["reuse"] == 11
    unpartitioned = {"dataset": "meters_seen", "partition": None, "action": "reuse", "reason": "unchanged"}
    assert unpartitioned in plan["partitions"]


def test_people_see_counts_and_reasons_and_nothing_is_done(sandbox: Sandbox) -> None:
    shown = flow(sandbox, "plan").stdout
    lines = [line.split() for line in shown.splitlines()[1:3]]
    assert lines == [
        ["dataset", "reuse", "restore", "compute", "check", "wait", "hold"],
        ["raw_readings", "·", "·", "5", "·", "·", "·"],
    ]
    assert "\ncompute raw_readings 2024-03-01 .. 2024-03-05 (5 partitions)\n  never computed\n" in shown
    assert "\ncompute meters_seen\n  never computed; input readings 2024-03-01 comes first\n" in shown
    assert not (sandbox.settings.store / "objects").exists()


def test_with_nothing_to_do_it_says_so(original: Sandbox) -> None:
    assert flow(original, "plan").stdout.endswith("\nNothing to do.\n")


@pytest.mark.parametrize(
    "arguments", [["plan"], ["plan", "--json"], ["status"], ["fingerprint", "meters.trends:trends"]]
)
def test_a_reader_that_leaves_early_is_no_error(sandbox: Sandbox, arguments: list[str]) -> None:
    process = subprocess.Popen(
        sandbox.command(*arguments),
        env=sandbox.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    process.wait(30)


@pytest.mark.parametrize("command", ["plan", "run", "status", "why meters_seen", "query FROM(VALUES(1))"])
def test_in_a_pipe_there_are_no_control_characters(original: Sandbox, command: str) -> None:
    done = flow(original, *command.split(" ", 1))
    assert done.code == 0
    assert all(character.isprintable() or character == "\n" for character in done.stdout + done.stderr)


def test_the_command_starts_without_dagster_and_pandera_where_help_is_asked_for(sandbox: Sandbox) -> None:
    code = f"import sys\ntry: {MAIN}\nfinally: print(sorted({{'dagster', 'pandera', 'duckdb'}} & set(sys.modules)))"
    assert sandbox.flow("--help", python=code).stdout.endswith("[]\n")
