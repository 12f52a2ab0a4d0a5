import re

import pytest

from flow_assets.cli.app import _is_debugging
from flow_assets.settings import Settings
from flow_assets_tests.forked import flow
from flow_assets_tests.sandbox import Sandbox

COMMANDS = [
    "land",
    "plan",
    "run",
    "why",
    "fingerprint",
    "status",
    "kpis",
    "quality",
    "quarantine",
    "profile-data",
    "query",
    "report",
    "watch",
    "alerts",
]


def test_help_lists_the_commands_and_the_exit_codes(sandbox: Sandbox) -> None:
    done = sandbox.flow("--help")
    assert "Usage: flow " in done.stdout
    assert re.findall(r"^│ (\w[\w-]*) ", done.stdout, re.M) == COMMANDS
    assert "Exit codes: 0 all is well; 1 failed, blocked or held; 2 wrong usage; 130" in done.stdout


def test_help_shows_what_to_begin_with(sandbox: Sandbox) -> None:
    _, _, examples = flow(sandbox, "--help").stdout.partition("Examples:")
    lines = [line.split() for line in examples.partition("Exit codes:")[0].splitlines() if line.strip()]
    assert [line[:2] for line in lines] == [["flow", command] for command in ("land", "plan", "run", "report")]
    for _, command, *rest in lines:
        options = flow(sandbox, command, "--help").stdout
        assert all(word in options for word in rest if word.startswith("--"))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_examples_one_a_line(sandbox: Sandbox, command: str) -> None:
    shown = flow(sandbox, command, "--help").stdout
    assert f"Usage: flow {command} " in shown
    _, _, examples = shown.partition("Examples:")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert len(lines) >= 2
    assert all(line.startswith(f"flow {command}") for line in lines)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "query"])
def test_examples_name_options_that_exist(sandbox: Sandbox, command: str) -> None:
    shown = flow(sandbox, command, "--help").stdout
    options, _, examples = shown.partition("Examples:")
    assert set(re.findall(r" (--[a-z]+)", examples)) <= set(re.findall(r" (--[a-z]+)", options))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "readinks"], "There is no dataset 'readinks'. Did you mean 'readings'?"),
        (["run", "nothing_like_it"], "There are: meters_seen, raw_readings, readings, trends."),
        (["why", "readinks"], "Did you mean 'readings'?"),
        (["why", "readings"], "readings has no partition ''; give one of 2024-03-01 .. 2024-03-05."),
        (["why", "readings", "2024-04-01"], "readings has no partition '2024-04-01'; give one of"),
        (["why", "meters_seen", "2024-03-01"], "give none, because it has no partitions"),
        (["plan", "--partitions", "2024-04-01"], "no dataset has them; there are 2024-03-01..2024-03-05."),
        (["run", "--partitions", "2024-03-03..2024-03-01"], "2024-03-03 comes after 2024-03-01; turn them round."),
        (["quality", "readinks"], "Did you mean 'readings'?"),
        (
            ["quality", "--since", "soon"],
            "since 'soon' cannot be used; write a date, 2013-02-01, or a number and one of s, m, h, d, w",
        ),
        (["quality", "readings", "--partitions", "2024-04-01"], "readings has no partition 2024-04-01; did you mean"),
        (["kpis", "readinks"], "Did you mean 'readings'?"),
        (
            ["kpis", "--since", "soon"],
            "since 'soon' cannot be used; write a date, 2013-02-01, or a number and one of s, m, h, d, w",
        ),
        (["kpis", "--by", "weeks"], "told apart by 'weeks'; choose one of dataset, day, code-version, phase."),
        (["kpis", "--json", "--csv"], "--json and --csv are two ways to print; choose one."),
        (["quarantine", "readinks"], "Did you mean 'readings'?"),
        (["quarantine", "readings", "2024-04-01"], "readings has no partition 2024-04-01; did you mean"),
        (["quarantine", "meters_seen", "2024-03-01"], "meters_seen has no partitions; leave the partition out."),
        (["quarantine", "--export", "rows.csv"], "--export writes the rows of one dataset; name it."),
        (["land"], "is for the demonstration, not for meters: land your own files in "),
        (["land", "--source", "elsewhere"], "There is no source 'elsewhere'. There are: nycflights13."),
        (["land", "--source", "nycflights13", "--until", "tomorrow"], "until 'tomorrow' is no date"),
        (["fingerprint", "meters.trends"], "write MODULE:FUNCTION"),
        (["fingerprint", "meters.trends:nothing"], "cannot be imported: AttributeError"),
        (["fingerprint", "meters.nothing:nothing"], "cannot be imported: ModuleNotFoundError"),
    ],
)
def test_wrong_usage_is_one_sentence_that_says_what_there_is(sandbox: Sandbox, arguments: list[str], said: str) -> None:
    done = flow(sandbox, *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("FLOW_ASSETS_THREADS", "0", "FLOW_ASSETS_THREADS: Input should be greater than or equal to 1"),
        ("FLOW_ASSETS_SETTLE_SECONDS", "soon", "FLOW_ASSETS_SETTLE_SECONDS: "),
        ("FLOW_ASSETS_CONFIG", '{"readinks": {}}', "FLOW_ASSETS_CONFIG: there is no dataset readinks"),
        ("FLOW_ASSETS_CONFIG", '{"readings": {"a": 1}}', "FLOW_ASSETS_CONFIG: dataset readings takes no config"),
        ("FLOW_ASSETS_DTAA", "x", "FLOW_ASSETS_DTAA: there is no such setting; there are FLOW_ASSETS_DATA, "),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(sandbox: Sandbox, variable: str, value: str, said: str) -> None:
    done = flow(sandbox, "plan", **{variable: value})
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_json_that_is_none_is_told(sandbox: Sandbox) -> None:
    done = flow(sandbox, "plan", FLOW_ASSETS_CONFIG="{")
    assert done.code == 2
    assert "FLOW_ASSETS_CONFIG" in done.stderr


def test_a_dataset_that_cannot_be_imported_is_told_with_its_place(sandbox: Sandbox) -> None:
    sandbox.edit("trends.py", "import duckdb\n", "import duckdb\nimport nothing_like_it\n")
    done = flow(sandbox, "plan")
    assert (done.code, done.stdout) == (1, "")
    assert "meters.trends: cannot be imported: ModuleNotFoundError: No module named 'nothing_like_it'" in done.stderr
    assert "trends.py:4" in done.stderr


@pytest.mark.parametrize("command", ["plan", "run", "status"])
def test_a_data_folder_that_is_none_is_told(sandbox: Sandbox, command: str) -> None:
    file = sandbox.root / "file"
    file.write_text("")
    done = flow(sandbox, command, FLOW_ASSETS_DATA=str(file))
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"flow: The ledger {file}/ledger.sqlite cannot be used")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["plan", "run", "status"])
def test_a_corrupt_ledger_is_told(sandbox: Sandbox, command: str) -> None:
    sandbox.settings.ledger.write_text("this is no database, and long enough to look like one" * 100)
    done = flow(sandbox, command)
    assert (done.code, done.stdout) == (1, "")
    assert "ledger.sqlite cannot be used: file is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unexpected_error_is_a_sentence_and_shows_its_place_on_request(sandbox: Sandbox) -> None:
    broken = (
        "import flow_assets.insight.status as s; s.find_status = lambda p: 1 / 0; from flow_assets.cli import main; "
    )
    done = sandbox.flow("status", check=False, python=f"{broken} main()")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("flow: unexpected ZeroDivisionError: ")
    assert "Traceback" not in done.stderr
    assert "Traceback" in sandbox.flow("status", check=False, python=f"{broken} main()", FLOW_ASSETS_DEBUG="1").stderr


@pytest.mark.parametrize("value", ["1", "true", "True", "t", "YES", "y", "on", "0", "false", "f", "no", "N", "off"])
def test_debugging_is_switched_on_as_the_setting_is(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOW_ASSETS_DEBUG", value)
    assert _is_debugging() == Settings().debug
