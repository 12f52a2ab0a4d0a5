"""The warehouse's schema `ops`."""

from dataclasses import replace
from pathlib import Path

import pytest

from flow_assets.ledger import Claims, Holdings, Kpi, Publication
from flow_assets.ledger.measurements import Reuse
from flow_assets.ledger.run_log import RunEnd, RunLog, RunStart
from flow_assets.materialization import operations
from flow_assets.materialization.warehouse import build_warehouse, query
from flow_assets_tests.sandbox import DAYS, Sandbox

START = RunStart("r", ["a", "b"], 3, "2024-03-01T00:00:00.000+00:00", "2024-03-01T00:01:00.000+00:00", {"queue": 60.0})
REUSED = {"a": Reuse(1, 2.5), "b": Reuse(2, 0.5)}
END = RunEnd("r", "2024-03-01T00:02:30.000+00:00", {"reused": 3}, {"plan": 1.0}, 100, "Failure", REUSED)


def ask(sandbox: Sandbox, sql: str) -> list[tuple[object, ...]]:
    with sandbox.project() as project:
        return query(build_warehouse(project), sql, 100)[1]


def test_every_table_is_there_before_anything_was_measured(sandbox: Sandbox) -> None:
    for name in ("materializations", "runs", "daily", "phases"):
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
