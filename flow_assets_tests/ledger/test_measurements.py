import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flow_assets.ledger import Block, Claims, Failure, Holdings, Judgement, Kpi, Publication, open_database
from flow_assets.ledger.measured_checks import Checked
from flow_assets.ledger.measurements import Measurements, Reuse
from flow_assets.ledger.run_log import RunEnd, RunLog, RunStart

KPI = Kpi("code", 2.0, 0.5, 2**33, 10, 20, 30, 40, 2, "duckdb", {"scan": 0.5, "compute": 1.0000004})
START = RunStart("r", ["a"], 3, "2024-03-01T00:00:00.000+00:00", "2024-03-01T00:01:00.000+00:00", {"queue": 60.0})
END = RunEnd("r", "2024-03-01T00:02:30.000+00:00", {"computed": 2}, {"plan": 1.0}, 100)


def publication(partition: str, kpi: Kpi | None = KPI, change: str = "computed") -> Publication:
    return Publication("d", partition, change, "never computed", "key", "content", "s", "h 1 e", 3, 1, kpi)


def publish(engine: Engine, *publications: Publication) -> None:
    with Claims(engine, "local") as claims:
        claims.take("d", [p.partition for p in publications])
        Holdings(engine, "local").publish(publications, "run", claims.owner.owner)


def test_every_attempt_is_kept_with_how_it_ended(engine: Engine) -> None:
    failure = Failure("d", "b", "key", "ComputeError", "it broke", False, replace(KPI, error="ComputeError"))
    judgement = Judgement("d", "c", "content", "rules", "", 3, "{}", 1, 0)
    block = Block("d", "c", "key", "{}", "h 1 e", None, "it breaks", judgement, replace(KPI, error="is_small"))
    holdings, read = Holdings(engine, "local"), Measurements(engine, "local")
    publish(engine, publication("a"), publication("unmeasured", None))
    with Claims(engine, "local") as claims:
        claims.take("d", ["b", "c"])
        holdings.fail([failure], "run", claims.owner.owner)
        holdings.block([block], "run", claims.owner.owner)
    assert [(m.partition, m.change, m.error) for m in read.attempts()] == [
        ("a", "computed", ""),
        ("b", "failed", "ComputeError"),
        ("c", "blocked", "is_small"),
    ]
    (made,) = read.materializations()
    assert (made.partition, made.engine, made.phases) == ("a", "duckdb", {"scan": 0.5, "compute": 1.0})
    assert read.attempts("2999") == read.attempts(datasets=["e"]) == Measurements(engine, "other").attempts() == []


def test_each_attempt_has_the_check_that_was_made_of_it(engine: Engine) -> None:
    holdings, read = Holdings(engine, "local"), Measurements(engine, "local")
    holdings.judgements.keep_rule_set("d", "rules", [{"name": name} for name in "abcd"])
    found = Judgement("d", "a", "content", "rules", "", 3, "{}", 0, 1, quarantined=2)
    bad = replace(found, content_hash="bad", errors=2, warnings=0, quarantined=0)

    def judge_anew(judgement: Judgement) -> None:
        with Claims(engine, "local") as claims:
            claims.take("d", ["a"])
            holdings.judge([judgement], "run", claims.owner.owner)

    def keep_back(judgement: Judgement) -> None:
        with Claims(engine, "local") as claims:
            claims.take("d", ["a"])
            block = Block("d", "a", "key", "{}", "h 1 e", None, "it breaks", judgement, KPI)
            holdings.block([block], "run", claims.owner.owner)

    publish(engine, replace(publication("a"), judgement=found))
    judge_anew(replace(found, warnings=4))
    keep_back(bad)
    keep_back(replace(bad, errors=1))
    publish(engine, replace(publication("a"), judgement=replace(found, rules="unknown", quarantined=0)))
    publish(engine, publication("a"))
    assert [(m.change, m.checked) for m in read.attempts()] == [
        ("computed", Checked(3, 1, 0, 2)),
        ("blocked", Checked(2, 0, 2, 0)),
        ("blocked", Checked(3, 0, 1, 0)),
        ("computed", Checked(None, 1, 0, 0)),
        ("computed", None),
    ]
    assert {m.checked for m in read.materializations()} == {None}


def test_a_clock_that_steps_back_parts_no_attempt_from_its_check(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    holdings, found = Holdings(engine, "local"), Judgement("d", "a", "content", "rules", "", 3, "{}", 0, 1)
    clock = count(1_760_000_000, -1)
    monkeypatch.setattr("flow_assets.ledger.times.time.time", lambda: next(clock))
    for warnings in (1, 2):
        publish(engine, replace(publication("a"), judgement=replace(found, warnings=warnings)))
    for errors in (3, 4):
        with Claims(engine, "local") as claims:
            claims.take("d", ["a"])
            judgement = replace(found, content_hash="bad", warnings=0, errors=errors)
            block = Block("d", "a", "key", "{}", "h 1 e", None, "it breaks", judgement, KPI)
            holdings.block([block], "run", claims.owner.owner)
    checked = [m.checked for m in Measurements(engine, "local").attempts()]
    assert [of and (of.warned, of.failed) for of in checked] == [(1, 0), (2, 0), (0, 3), (0, 4)]


def test_an_earlier_ledger_tells_the_check_of_an_attempt_by_the_order_of_their_times(
    path: Path, engine: Engine
) -> None:
    found = Judgement("d", "a", "content", "rules", "", 3, "{}", 0, 1)
    for warnings in (1, 2):
        publish(engine, replace(publication("a"), judgement=replace(found, warnings=warnings)))
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, second in (("kpis", 0), ("checks", 1)):
            connection.execute(f"UPDATE {table} SET at = '2024-03-01T00:00:0' || (2 * id + {second}) || '.000+00:00'")
    checked = [m.checked for m in Measurements(engine, "local").attempts()]
    assert [of and of.warned for of in checked] == [1, 2]


def test_what_reuse_saved_is_what_computing_took_last(engine: Engine) -> None:
    names = [f"{number:04}" for number in range(1100)]
    publish(engine, *(publication(name, replace(KPI, wall_seconds=9.0)) for name in names))
    publish(engine, *(publication(name) for name in names))
    publish(engine, *(publication(name, replace(KPI, wall_seconds=0.1), "restored") for name in names))
    read = Measurements(engine, "local")
    assert read.last_seconds("d", names) == 2200.0
    assert read.last_seconds("d", ["never computed"]) == read.last_seconds("d", []) == 0.0


def test_a_run_has_no_end_before_it_ended(engine: Engine) -> None:
    log, read = RunLog(engine, "local"), Measurements(engine, "local")
    log.begin(START)
    (run,) = read.runs()
    assert (run.datasets, run.partitions, run.ended_at, run.seconds, run.outcomes) == (("a",), 3, None, None, {})
    log.end(replace(END, error="Failure", reused={"a": Reuse(1, 2.5)}))
    (run,) = read.runs()
    assert (run.seconds, run.error, run.peak_memory_bytes) == (90.0, "Failure", 100)
    assert (run.outcomes, run.phases) == ({"computed": 2}, {"queue": 60.0, "plan": 1.0})
    assert run.reused == {"a": Reuse(1, 2.5)}
    assert read.runs("2024-03-02") == Measurements(engine, "other").runs() == []


def test_the_steps_of_a_run_are_added_up(engine: Engine) -> None:
    log, read = RunLog(engine, "local"), Measurements(engine, "local")
    log.begin(START)
    log.end(replace(END, reused={"a": Reuse(1, 2.5)}, error="Failure"))
    log.begin(replace(START, datasets=["b"], partitions=1, started_at="2024-03-01T00:03:00.000+00:00"))
    assert [(run.ended_at, run.datasets, run.partitions) for run in read.runs()] == [(None, ("a", "b"), 4)]
    second = {"computed": 1, "reused": 1}
    log.end(replace(END, outcomes=second, peak_memory_bytes=7, reused={"a": Reuse(1, 1), "b": Reuse(2, 1)}))
    (run,) = read.runs()
    assert (run.outcomes, run.peak_memory_bytes, run.error) == ({"computed": 3, "reused": 1}, 100, "Failure")
    assert run.phases == {"queue": 60.0, "plan": 2.0}
    assert run.reused == {"a": (2, 3.5), "b": (2, 1)}


def test_the_end_of_a_run_whose_beginning_is_not_known_is_none(engine: Engine) -> None:
    RunLog(engine, "local").end(END)
    assert Measurements(engine, "local").runs() == []


@pytest.mark.parametrize("missing", [("error",), ("engine", "phases", "error")])
def test_a_ledger_of_an_earlier_version_is_read_and_written(
    path: Path, engine: Engine, missing: tuple[str, ...]
) -> None:
    publish(engine, publication("old"))
    connection = sqlite3.connect(path)
    for column in missing:
        connection.execute(f"ALTER TABLE kpis DROP COLUMN {column}")
    connection.execute("DROP TABLE runs")
    connection.close()
    anew = open_database(path)
    publish(anew, publication("new"))
    old, new = Measurements(anew, "local").attempts()
    assert (old.partition, old.wall_seconds, old.error) == ("old", 2.0, "")
    assert (old.engine, old.phases) == (("duckdb", {"scan": 0.5, "compute": 1.0}) if len(missing) == 1 else ("", {}))
    assert (new.partition, new.engine, new.phases) == ("new", "duckdb", {"scan": 0.5, "compute": 1.0})
    assert Measurements(anew, "local").runs() == []
