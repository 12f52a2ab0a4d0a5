import json

from flow_assets.cli.run import _grouped
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets_tests.forked import flow
from flow_assets_tests.sandbox import Sandbox

STATUSES = ["computed", "reused", "restored", "checked", "blocked", "failed", "held", "waiting"]
FOUND = ["warned", "broken", "quarantined"]
BAD = "meter,watts,note\na,many,x\n"


def run(sandbox: Sandbox, *arguments: str, code: int = 0) -> dict:
    done = flow(sandbox, "run", *arguments, "--json")
    assert done.code == code, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


def computed_partitions(sandbox: Sandbox, dataset: str) -> list[str]:
    """The partitions of a dataset that were computed more than once."""
    with sandbox.project() as project:
        keys = project.holdings.current(dataset)
        return sorted(k for k in keys if len(project.holdings.history(dataset, k)) > 1)


def dagster_runs(sandbox: Sandbox) -> list:
    import dagster as dg

    with dg.DagsterInstance.from_config(str(sandbox.settings.dagster_home)) as instance:
        return list(instance.get_runs())


def test_the_json_has_the_counts_in_all_and_for_each_dataset(computed: Sandbox) -> None:
    computed.land("2024-03-03", "meter,watts,note\na,30,\n")
    summary = run(computed)
    assert list(summary) == [*STATUSES, *FOUND, "seconds", "datasets", "warnings", "problems"]
    assert {name: summary[name] for name in STATUSES} == {
        "computed": 6,
        "reused": 10,
        "restored": 0,
        "checked": 0,
        "blocked": 0,
        "failed": 0,
        "held": 0,
        "waiting": 0,
    }
    assert list(summary["datasets"]) == ["raw_readings", "readings", "meters_seen", "trends"]
    trends = summary["datasets"]["trends"]
    assert list(trends) == [*STATUSES, *FOUND, "rows", "seconds"]
    assert (trends["computed"], trends["reused"], trends["rows"]) == (3, 2, 13)


def test_with_nothing_to_do_dagster_is_neither_imported_nor_asked(computed: Sandbox) -> None:
    before = [run.run_id for run in dagster_runs(computed)]
    imported = "bool({'dagster', 'sqlglot'} & set(sys.modules))"
    code = f"import sys; from flow_assets.cli import main\ntry: main()\nfinally: print({imported})"
    done = computed.flow("run", python=code)
    assert "Nothing was computed: everything that can be made is up to date." in done.stdout
    assert done.stdout.endswith("False\n")
    assert [run.run_id for run in dagster_runs(computed)] == before


def test_dagster_is_opened_and_told_of_the_datasets_once(computed: Sandbox) -> None:
    computed.land("2024-03-01", "meter,watts,note\na,20,\n")
    code = (
        "import flow_assets.definitions as d; from flow_assets.materialization import skin; made = []\n"
        "def counted(f): return lambda *a: made.append(f.__name__) or f(*a)\n"
        "d.build_definitions, skin.open_instance = counted(d.build_definitions), counted(skin.open_instance)\n"
        "from flow_assets.cli import main\ntry: main()\nfinally: print(sorted(made))"
    )
    before = len(dagster_runs(computed))
    assert computed.flow("run", python=code).stdout.endswith("['build_definitions', 'open_instance']\n")
    assert len(dagster_runs(computed)) - before > 1


def test_a_bad_day_fails_and_the_others_are_computed(computed: Sandbox) -> None:
    computed.land("2024-03-02", BAD)
    computed.land("2024-03-04", "meter,watts,note\na,40,\n")
    summary = run(computed, code=1)
    assert (summary["failed"], summary["held"]) == (1, 2)
    problems = [(p["dataset"], p["partition"], p["status"]) for p in summary["problems"]]
    assert problems == [
        ("raw_readings", "2024-03-02", "failed"),
        ("readings", "2024-03-02", "held"),
        ("trends", "2024-03-02", "held"),
    ]
    assert "2024-03-02.csv" in summary["problems"][0]["reason"]
    assert "many" in summary["problems"][0]["reason"]
    again = run(computed, code=1)
    assert (again["failed"], again["held"], again["computed"]) == (0, 3, 0)
    shown = flow(computed, "run")
    assert shown.code == 1
    assert "failed, and nothing has changed since: " in shown.stdout
    assert run(computed, "--retry", code=1)["failed"] == 1
    computed.land("2024-03-02", "meter,watts,note\na,20,\n")
    assert run(computed)["failed"] == 0
    assert computed_partitions(computed, "readings") == ["2024-03-02", "2024-03-04"]


def test_what_has_not_landed_waits_and_is_no_failure(computed: Sandbox) -> None:
    computed.edit("calendar.py", '"2024-03-06"', '"2024-03-07"')
    done = flow(computed, "run")
    assert done.code == 0
    assert "waiting raw_readings 2024-03-06\n  " in done.stdout
    assert "2024-03-06.csv has not landed" in done.stdout


def test_people_see_what_failed_first_and_the_rest_a_dataset_at_a_time(sandbox: Sandbox) -> None:
    sandbox.land("2024-03-02", BAD)
    for day in ("2024-03-04", "2024-03-05"):
        (sandbox.data / "landing" / "readings" / f"{day}.csv").unlink()
    done = flow(sandbox, "run", "readings")
    assert done.code == 1
    heads = [line for line in done.stdout.splitlines() if line.startswith(("failed", "held", "waiting"))]
    assert heads == [
        "failed raw_readings 2024-03-02",
        "held readings 2024-03-02",
        "waiting raw_readings 2024-03-04 .. 2024-03-05 (2 partitions)",
        "waiting readings 2024-03-04 .. 2024-03-05 (2 partitions)",
    ]
    assert "flow run --retry" in done.stdout


def test_partitions_bound_what_reads_them_too(computed: Sandbox) -> None:
    computed.land("2024-03-02", "meter,watts,note\na,20,\n")
    run(computed, "--partitions", "2024-03-02..2024-03-03")
    assert computed_partitions(computed, "trends") == ["2024-03-02", "2024-03-03"]
    run(computed)
    assert computed_partitions(computed, "trends") == ["2024-03-02", "2024-03-03", "2024-03-04"]


def test_force_computes_the_named_datasets_and_nothing_that_comes_out_the_same(computed: Sandbox) -> None:
    assert run(computed, "readings", "--force", "--partitions", "2024-03-02")["computed"] == 1
    assert computed_partitions(computed, "readings") == ["2024-03-02"]
    assert computed_partitions(computed, "raw_readings") == []
    assert run(computed)["computed"] == 0


def test_what_a_function_prints_does_not_spoil_the_json(computed: Sandbox) -> None:
    computed.edit("readings.py", "    day = context", "    print('hello')\n    day = context")
    done = flow(computed, "run", "readings", "--partitions", "2024-03-02", "--json")
    assert json.loads(done.stdout)["computed"] == 1
    assert done.stderr == "hello\n"


def test_a_lost_warehouse_is_made_again_though_there_is_nothing_to_do(computed: Sandbox) -> None:
    computed.settings.warehouse.unlink()
    assert flow(computed, "query", "FROM meters.trends").code == 1
    run(computed)
    assert len(json.loads(flow(computed, "query", "FROM meters.trends", "--json").stdout)) == 15


def test_a_warehouse_that_is_current_is_left_alone(computed: Sandbox) -> None:
    run(computed)
    before = computed.settings.warehouse.stat().st_ino
    run(computed)
    assert computed.settings.warehouse.stat().st_ino == before


def test_a_full_disk_is_said_leaves_nothing_half_written_and_the_next_run_completes(sandbox: Sandbox) -> None:
    lines = "".join(f"meter {n * 7919 % 99991},{n},note {n * 104729 % 999983}\n" for n in range(150_000))
    sandbox.land("2024-03-02", "meter,watts,note\n" + lines)
    done = flow(sandbox, "run", "raw_readings", "--json", file_size=1_000_000)
    assert done.code == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["partition"], problem["status"]) == ("2024-03-02", "failed")
    assert "File too large" in problem["reason"]
    assert "check the free space" in problem["reason"]
    store = [path for path in sandbox.settings.store.rglob("*") if path.is_file() and path.stat().st_size >= 1_000_000]
    assert store == []
    assert run(sandbox, "raw_readings")["computed"] == 1  # it is tried again without being asked to


def test_a_disk_too_full_for_the_ledger_is_one_clear_sentence(sandbox: Sandbox) -> None:
    done = flow(sandbox, "run", file_size=20_000)
    assert done.code == 1
    assert done.stderr.startswith("flow: The ledger ")
    assert "Check the disk's free space" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_disk_too_full_for_dagster_is_told_without_a_traceback(computed: Sandbox) -> None:
    computed.land("2024-03-02", "meter,watts,note\na,20,\n")
    done = flow(computed, "run", file_size=200_000)
    assert done.code == 1
    assert "Traceback" not in done.stderr
    assert "flow: Dagster's storage in " in done.stderr  # after what Dagster itself says of it
    assert "Check the disk's free space" in done.stderr
    assert run(computed)["failed"] == 0


def test_a_missing_file_of_the_store_is_computed_again(computed: Sandbox) -> None:
    with computed.project() as project:
        blob = project.holdings.current("readings")["2024-03-02"].blobs.split(" ")[0]
        project.store.local_path(blob).unlink()
    planned = json.loads(flow(computed, "plan", "--json").stdout)["partitions"]
    assert {p["dataset"]: p["reason"] for p in planned if p["action"] != "reuse"} == {
        "readings": "its file in the store is missing or damaged",
        "meters_seen": "input readings 2024-03-02 will be computed (it may come out the same)",
        "trends": "input readings 2024-03-02 will be computed (it may come out the same)",
    }
    assert run(computed)["computed"] == 1


def test_what_is_blocked_is_told_each_for_itself_and_first() -> None:
    ended = [("3", Status.HELD, "b"), ("1", Status.BLOCKED, "breaks x"), ("2", Status.BLOCKED, "breaks y")]
    groups = _grouped([Outcome("readings", partition, status, reason) for partition, status, reason in ended])
    assert [[problem.partition for problem in group] for group in groups] == [["1"], ["2"], ["3"]]
