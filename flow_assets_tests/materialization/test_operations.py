"""The warehouse's schema `ops`."""

from dataclasses import replace
from pathlib import Path

import pytest

from flow_assets.ledger import Claims, Holdings, Kpi, Publication
from flow_assets.ledger.measurements import Reuse
from flow_assets.ledger.run_log import RunEnd, RunLog, RunStart
from flow_assets.materialization import operations
from flow_assets.materialization.warehouse import build_warehouse, query
from flow_assets_tests.materialization.ruled import declare
from flow_assets_tests.ruled import EXCESSIVE, GAPPY, STRANGE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox

START = RunStart("r", ["a", "b"], 3, "2024-03-01T00:00:00.000+00:00", "2024-03-01T00:01:00.000+00:00", {"queue": 60.0})
REUSED = {"a": Reuse(1, 2.5), "b": Reuse(2, 0.5)}
END = RunEnd("r", "2024-03-01T00:02:30.000+00:00", {"reused": 3}, {"plan": 1.0}, 100, "Failure", REUSED)


def ask(sandbox: Sandbox, sql: str) -> list[tuple[object, ...]]:
    with sandbox.project() as project:
        return query(build_warehouse(project), sql, 100)[1]


def test_every_table_is_there_before_anything_was_measured(sandbox: Sandbox) -> None:
    for name in ("materializations", "runs", "rules", "checked", "daily", "phases", "checks"):
        assert ask(sandbox, f"FROM ops.{name}") == []
    assert ask(sandbox, "SELECT typeof(phases) FROM (SELECT any_value(phases) AS phases FROM ops.runs)") == [
        ("MAP(VARCHAR, DOUBLE)",)
    ]


def test_what_was_made_and_what_failed_is_there(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[1], "nonsense\n")
    sandbox.run()
    counts = "SELECT dataset, change, error, count(*) FROM ops.materializations WHERE change != 'computed' GROUP BY ALL"
    assert ask(sandbox, counts) == [("raw_readings", "failed", "LandedFileError", 1)]
    assert ask(sandbox, "SELECT partition, rows_out FROM ops.materializations WHERE dataset = 'meters_seen'") == [
        (None, 3)
    ]
    daily = "SELECT dataset, computed, failed, rows_out FROM ops.daily WHERE day = timezone('UTC', now())::DATE"
    assert set(ask(sandbox, daily)) == {
        *(("meters_seen", 1, 0, 3), ("raw_readings", 4, 1, 12), ("readings", 4, 0, 12), ("trends", 4, 0, 12)),
    }
    share = (
        "SELECT count(*), bool_and(whole >= parts - 1e-5) FROM (SELECT m.wall_seconds AS whole, sum(seconds) AS parts "
    )
    share += "FROM ops.phases p JOIN ops.materializations m USING (dataset, partition) GROUP BY ALL)"
    assert ask(sandbox, share) == [(13, True)]


def test_a_run_is_there_with_what_reuse_saved(sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        log = RunLog(project.engine, project.settings.environment)
        log.begin(START)
        log.begin(replace(START, run_id="killed"))
        log.end(END)
    columns = "run_id, wall_seconds, error, datasets, outcomes['reused'], reused, saved_seconds, phases['plan']"
    assert ask(sandbox, f"SELECT {columns} FROM ops.runs ORDER BY run_id DESC") == [
        ("r", 90.0, "Failure", ["a", "b"], 3, 3, 3.0, 1.0),
        ("killed", None, "", ["a", "b"], None, 0, 0.0, None),
    ]
    assert ask(sandbox, "SELECT phase, sum(seconds) FROM ops.phases WHERE dataset IS NULL GROUP BY ALL ORDER BY 1") == [
        ("plan", 1.0),
        ("queue", 120.0),
    ]


def test_days_say_what_was_reused_although_nothing_was_made(sandbox: Sandbox) -> None:
    with sandbox.project() as project:
        log = RunLog(project.engine, project.settings.environment)
        log.begin(START)
        log.end(END)
    columns = "day::VARCHAR, dataset, computed, restored, reused, saved_seconds, wall_seconds, rows_out, rules_passed"
    assert ask(sandbox, f"SELECT {columns} FROM ops.daily") == [
        ("2024-03-01", "a", 0, 0, 1, 2.5, 0.0, 0, 0),
        ("2024-03-01", "b", 0, 0, 2, 0.5, 0.0, 0, 0),
    ]
    assert ask(sandbox, "SELECT reused_by_dataset, saved_seconds_by_dataset FROM ops.runs") == [
        ({"a": 1, "b": 2}, {"a": 2.5, "b": 0.5})
    ]


def test_what_rules_found_is_beside_each_attempt(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    for day, lines in zip(DAYS, (None, STRANGE, EXCESSIVE, GAPPY, "nonsense\n"), strict=True):
        sandbox.land(day, lines)
    sandbox.run()
    of_rules = "change, rules_passed, rules_warned, rules_failed, rows_quarantined"
    found = f"SELECT partition, {of_rules} FROM ops.materializations WHERE dataset = 'readings' ORDER BY ended_at, 1"
    rules = ask(sandbox, "SELECT count(*) FROM ops.rules JOIN ops.checked USING (rule_book) WHERE dataset = 'readings'")
    count = int(str(rules[0][0])) // 4
    first = {
        (DAYS[0], "computed", count, 0, 0, 0),
        (DAYS[1], "computed", count - 1, 1, 0, 2),
        (DAYS[2], "blocked", count - 1, 0, 1, 0),
        (DAYS[3], "computed", count - 1, 1, 0, 0),
    }
    assert set(ask(sandbox, found)) == first
    failed = f"SELECT {of_rules} FROM ops.materializations WHERE change = 'failed'"
    assert ask(sandbox, failed) == [("failed", None, None, None, None)]
    daily = (
        "SELECT rules_passed, rules_warned, rules_failed, rows_quarantined FROM ops.daily WHERE dataset = 'readings'"
    )
    assert ask(sandbox, daily) == [(4 * count - 3, 2, 1, 2)]
    sandbox.land(DAYS[2])
    sandbox.run()  # of the same name, as a step that Dagster repeats: each attempt has its own check
    assert ask(sandbox, found)[4:] == [(DAYS[2], "computed", count, 0, 0, 0)]
    assert set(ask(sandbox, found)[:4]) == first


def test_checks_are_of_what_is_there_by_the_rules_as_they_are(sandbox: Sandbox) -> None:
    rule = "fa.row_rule('deciwatts <= 30', name='is_small', severity='warn', tolerance={})"
    declare(
        sandbox, rule.format(1), "fa.no_drift('ks', 0.5, partitions=3, at_least=1, name='is_alike').on('deciwatts')"
    )
    sandbox.run("readings")
    columns = "partition, dimension, severity, failed, total, round(share, 3), is_broken, is_published, run_id"
    small = f"SELECT {columns} FROM ops.checks WHERE rule = 'is_small' ORDER BY ALL"
    made = "SELECT partition, rules_warned FROM ops.materializations WHERE dataset = 'readings' ORDER BY ALL"
    assert ask(sandbox, small) == [
        (day, "consistency", "warn", failed, 3, share, failed > 1, True, "test")
        for day, failed, share in zip(DAYS, (0, 1, 1, 2, 2), (0.0, 0.333, 0.333, 0.667, 0.667), strict=True)
    ]
    alike = ask(sandbox, "SELECT partition, measured != '' FROM ops.checks WHERE rule = 'is_alike' ORDER BY ALL")
    assert alike == [(day, True) for day in DAYS[1:]]  # the first had nothing to compare with
    before = ask(sandbox, made)
    declare(sandbox, rule.format(0.3))
    sandbox.run_id = "again"
    assert sandbox.computed("readings") == set()
    broken = "SELECT partition, run_id FROM ops.checks WHERE dataset = 'readings' AND is_broken ORDER BY ALL"
    assert ask(sandbox, broken) == [(day, "again") for day in DAYS[1:]]
    assert ask(sandbox, made) == before


def test_checks_of_what_is_kept_back_take_the_place_of_those_of_what_is_published(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    sandbox.land(DAYS[0])
    sandbox.run("readings", partitions=DAYS[0])
    broken = "SELECT severity, failed, total, is_published FROM ops.checks WHERE is_broken"
    assert ask(sandbox, broken) == []
    sandbox.land(DAYS[0], EXCESSIVE)
    sandbox.run("readings", partitions=DAYS[0])
    assert ask(sandbox, broken) == [("error", 1, 2, False)]
    sandbox.land(DAYS[0])
    sandbox.run("readings", partitions=DAYS[0])
    assert ask(sandbox, broken) == []


def test_it_is_built_anew_only_when_there_is_something_new(done: Sandbox) -> None:
    with done.project() as project:
        built = build_warehouse(project).stat().st_mtime_ns
        assert build_warehouse(project).stat().st_mtime_ns == built
        log = RunLog(project.engine, project.settings.environment)
        for write in (lambda: log.begin(START), lambda: log.end(END)):
            write()
            last, built = built, build_warehouse(project).stat().st_mtime_ns
            assert built > last
    assert ask(done, "SELECT error FROM ops.runs") == [("Failure",)]


def test_columns_say_what_they_mean(sandbox: Sandbox) -> None:
    said = "SELECT comment FROM duckdb_columns() WHERE schema_name = 'ops' AND table_name = 'runs' "
    assert ask(sandbox, f"{said} AND column_name = 'saved_seconds'") == [
        ("What computing the reused partitions had taken",)
    ]


def test_other_environments_are_not_shown_and_only_the_newest_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST_ROWS", 2)
    sandbox = Sandbox(tmp_path)
    kpi = Kpi("code", 1.0, 0.5, 2**33, 10, 20, 30, 40, 1)
    with sandbox.project() as project:
        for environment, names in (("local", "abc"), ("other", "d")):
            with Claims(project.engine, environment) as claims:
                claims.take("x", list(names))
                made = [Publication("x", name, "computed", "", "k", "c", "s", "h 1 e", 3, 1, kpi) for name in names]
                Holdings(project.engine, environment).publish(made, "run", claims.owner.owner)
    assert ask(sandbox, "SELECT partition FROM ops.materializations") == [("b",), ("c",)]


def test_a_version_that_makes_more_of_it_makes_the_warehouse_anew(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(sandbox, "FROM ops.materializations") == []
    monkeypatch.setattr(
        operations, "_MADE", (*operations._MADE, ("VIEW", "runs_known", "SELECT count(*) FROM ops.runs"))
    )
    assert ask(sandbox, "FROM ops.runs_known") == [(0,)]
